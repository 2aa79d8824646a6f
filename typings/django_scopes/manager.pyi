from typing import Any, Self, TypeVar

from django.db import models

_Model_co = TypeVar("_Model_co", bound=models.Model, covariant=True)

# At run time a class made by ScopedManager; django-stubs looks for it under this name.
class Manager(models.Manager[_Model_co]):
    def with_scope(self, **scope: Any) -> Self: ...
    def with_scopes_disabled(self) -> Self: ...

class DisabledQuerySet(models.QuerySet[Any]):
    def error(self, *args: Any, **kwargs: Any) -> Any: ...

def ScopedManager(
    _manager_class: type[models.Manager[Any]] = ..., **scopes: str
) -> Manager[Any]: ...
