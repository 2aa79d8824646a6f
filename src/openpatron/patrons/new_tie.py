"""An association to be: the site, type, level and group that many patrons get."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from django.utils.translation import gettext as _

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.queries import access_level_by_name, the_group
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import PatronType, Site
from openpatron.organizations.queries import patron_type_by_name, site_by_short_name

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params


class NewTie(TypedDict):
    """The rows of an association to be."""

    to: Site
    patron_type: PatronType
    access_level: AccessLevel
    resource_group: ResourceGroup | None


def where_to(
    actor: Actor,
    source: Site,
    *,
    to: str,
    patron_type: str,
    access_level: str,
    resource_group: str,
) -> NewTie:
    """Return the rows of an association that is not with ``source``, or raise ``InputError``."""
    target = site_of_patrons(to, "to")
    if target == source:
        raise InputError("to", _("Choose another site than %s.") % source.name)
    level = access_level_by_name(access_level, "access_level")
    group = the_group(target, level, "resource_group", resource_group)
    actor.require_give(level, target, group)
    return {
        "to": target,
        "patron_type": patron_type_by_name(patron_type, "patron_type"),
        "access_level": level,
        "resource_group": group,
    }


def params_of_tie(new: NewTie) -> Params:
    """Return what a job keeps of it: ids, and the names they had."""
    group = new["resource_group"]
    return {
        "target": new["to"].pk,
        "target_name": new["to"].name,
        "patron_type": new["patron_type"].pk,
        "patron_type_name": new["patron_type"].name,
        "access_level": new["access_level"].pk,
        "access_level_name": new["access_level"].name,
        "resource_group": None if group is None else group.pk,
        "resource_group_name": None if group is None else group.name,
    }


def site_of_patrons(short_name: str, field: str) -> Site:
    """Return a site that patrons can be associated with, or raise ``InputError``."""
    site = site_by_short_name(short_name, field)
    if site.kind == Site.Kind.MEDIA:
        raise InputError(
            field, _("%s is a media site. Patrons are not associated with media sites.") % site.name
        )
    return site
