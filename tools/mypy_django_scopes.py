"""A plugin that lets mypy know the managers of django-scopes.

django-stubs looks a model's manager up by the name of its class at run time. django-scopes makes
that class inside a function, where no stub can have it; typings/ has it one level up.
"""

from mypy.plugin import Plugin
from mypy_django_plugin.lib import helpers

_original = helpers.get_class_fullname


def _without_function(klass: type) -> str:
    return _original(klass).replace("ScopedManager.<locals>.", "")


def plugin(_version: str) -> type[Plugin]:
    helpers.get_class_fullname = _without_function
    return Plugin
