"""The manager of every tenant's table: it finds the rows of the organization that is open."""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.db import models
from django.db.models.lookups import Exact
from django_scopes import get_scope
from django_scopes.manager import DisabledQuerySet

_Model = TypeVar("_Model", bound=models.Model)


class OrganizationManager(models.Manager[_Model]):
    """Asks within the organization that is open; while none is, every question is a ScopeError."""

    def get_queryset(self) -> models.QuerySet[_Model]:
        """Return what belongs to the organization that is open."""
        scope = get_scope()
        if not scope.get("_enabled", True):
            return super().get_queryset()
        if "organization" not in scope:
            return DisabledQuerySet(self.model, using=self._db, missing_scopes={"organization"})
        found = super().get_queryset()
        # As ``filter`` would; but it is done for every question, and takes a tenth of the time.
        query = found.query
        meta = self.model._meta  # noqa: SLF001  what Django calls public
        field = cast("models.ForeignKey[Any, Any]", meta.get_field("organization"))
        column = field.get_col(query.get_initial_alias())
        query.where.add(Exact(column, scope["organization"].pk), models.Q.AND)
        return found

    def all(self) -> models.QuerySet[_Model]:
        """Return all of it; refused here already, not only when it is read."""
        found = super().all()
        return found.all() if isinstance(found, DisabledQuerySet) else found
