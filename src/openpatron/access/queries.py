"""Reads of access levels and resource groups. All need an opened organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.lookup import the_one

from .models import AccessLevel, ResourceGroup

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.organizations.models import Site


def access_levels() -> QuerySet[AccessLevel]:
    """Return the access levels by name."""
    return AccessLevel.objects.order_by("name", "id")


def access_level_by_name(name: str, field: str) -> AccessLevel:
    """Return the access level of that name, or raise ``InputError`` naming those there are."""
    return the_one(AccessLevel.objects.all(), "name", name, field, _("access level"))


def resource_groups(site: Site, access_level: AccessLevel | None = None) -> QuerySet[ResourceGroup]:
    """Return the groups of a resource site, by name, or those tied to one access level."""
    groups = ResourceGroup.objects.filter(site=site).order_by("name", "id")
    return groups if access_level is None else groups.filter(access_level=access_level)
