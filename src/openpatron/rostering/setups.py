"""What a site has set about the reading platform, with the defaults for who has set nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpatron.access.models import AccessLevel
from openpatron.organizations.models import PatronType

from .models import PlatformSetup
from .rules import DEFAULT_LEVELS, DEFAULT_TYPES, STUDENT, TEACHER

if TYPE_CHECKING:
    from openpatron.organizations.models import Site


def setup_of(site: Site) -> PlatformSetup:
    """Return what the site has set; where it has set nothing, a row that is not written yet."""
    found = PlatformSetup.objects.filter(site=site).select_related("site", "supervisor__account")
    return found.first() or new_setup(site)


def new_setup(site: Site) -> PlatformSetup:
    """Return a setup with the starting values, not written yet."""
    types = dict(PatronType.objects.values_list("name", "pk"))
    levels = dict(AccessLevel.objects.values_list("name", "pk"))

    def named(known: dict[str, int], names: dict[str, str], role: str) -> list[int]:
        return [known[names[role]]] if names[role] in known else []

    return PlatformSetup(
        organization_id=site.organization_id,
        site=site,
        teacher_types=named(types, DEFAULT_TYPES, TEACHER),
        student_types=named(types, DEFAULT_TYPES, STUDENT),
        teacher_levels=named(levels, DEFAULT_LEVELS, TEACHER),
        student_levels=named(levels, DEFAULT_LEVELS, STUDENT),
    )
