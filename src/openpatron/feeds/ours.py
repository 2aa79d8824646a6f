"""What an organization has that the values of a feed may name, and what becomes of a value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.kernel.text import fold
from openpatron.organizations.models import Organization, PatronType, Site


class Bad(NamedTuple):
    """A value that is not taken, and why."""

    code: str
    text: str
    rejects: bool


type Judged = str | Bad
"""A value as it is ours, or why it is not taken."""


class Ours:
    """What the organization has that a value may name, by folded name."""

    def __init__(self, organization: Organization) -> None:
        self.organization = organization
        sites = list(Site.objects.exclude(kind=Site.Kind.MEDIA).order_by("short_name"))
        self.sites = {fold(site.name): site.short_name for site in reversed(sites)}
        self.sites |= {fold(site.short_name): site.short_name for site in sites}
        self.site_names = [site.short_name for site in sites]
        self.patron_types = _by_name(PatronType.objects.values_list("name", flat=True))
        self.access_levels = _by_name(AccessLevel.objects.values_list("name", flat=True))
        self.groups: dict[str, dict[str, str]] = {}
        for group in ResourceGroup.objects.select_related("site").order_by("name"):
            self.groups.setdefault(group.site.short_name, {})[fold(group.name)] = group.name


def _by_name(names: Iterable[str]) -> dict[str, str]:
    return {fold(name): name for name in sorted(names)}
