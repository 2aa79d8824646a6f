from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from django.db import models

_Model_co = TypeVar("_Model_co", bound=models.Model, covariant=True)

class DisabledQuerySet(models.QuerySet[_Model_co]):
    def __init__(
        self, model: type[_Model_co], *, using: str | None = ..., missing_scopes: AbstractSet[str]
    ) -> None: ...
    def error(self, *args: Any, **kwargs: Any) -> Any: ...
