"""Organizations as a Django app."""

from django.apps import AppConfig
from django_scopes.manager import DisabledQuerySet

# What django-scopes leaves open outside of an organization: ``exists`` would answer for all of
# them, and the others make a query that another one, of a shared table, could take in.
_LEFT_OPEN = (
    "exists", "exclude", "distinct", "select_related", "prefetch_related", "defer", "alias",
    "extra", "contains", "in_bulk", "difference", "intersection", "bulk_update", "explain",
)  # fmt: skip


class OrganizationsConfig(AppConfig):
    """Registers the app and its permission names."""

    name = "openpatron.organizations"
    label = "organizations"

    def ready(self) -> None:
        """Declare the permissions, and close what is left open."""
        from . import permissions  # noqa: F401, PLC0415  names are declared on import

        for name in _LEFT_OPEN:
            setattr(DisabledQuerySet, name, DisabledQuerySet.error)
