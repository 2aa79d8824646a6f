# What of django-scopes (which ships no types) the project uses.

from contextlib import AbstractContextManager
from typing import Any

from .exceptions import ScopeError as ScopeError

def scope(**scopes: Any) -> AbstractContextManager[None]: ...
def scopes_disabled() -> AbstractContextManager[None]: ...
def get_scope() -> dict[str, Any]: ...
