"""Reads of access levels and resource groups. All need an opened organization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
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


def the_group(site: Site, level: AccessLevel, field: str, name: str = "") -> ResourceGroup | None:
    """Return the group that the level leads to at a resource site, or None where there is none.

    Of several, one must be named: otherwise ``InputError`` for ``field`` names them.
    """
    groups = resource_groups(site, level)
    if name:
        return the_one(groups, "name", name, field, _("resource group"))
    found = list(groups[:2])
    if len(found) > 1:
        known = ", ".join(groups.values_list("name", flat=True))
        raise InputError(
            field,
            _("At %(site)s, %(level)s has several resource groups. Choose one: %(known)s.")
            % {"site": site.name, "level": level.name, "known": known},
        )
    return found[0] if found else None
