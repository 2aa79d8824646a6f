"""Whether records hold rights that the actor does not hold: such are not taken, nor given back."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.utils import timezone

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.registry import known_names
from openpatron.organizations.models import Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from openpatron.access.actor import Actor

    from .whole_record import Record


class RightsAbove:
    """Tells of records whether they hold more than the actor; four queries, for any number."""

    def __init__(self, actor: Actor) -> None:
        """Read the levels, groups and sites of the actor's organization."""
        self._actor = actor
        self._levels = dict(AccessLevel.objects.values_list("pk", "permissions"))
        self._groups = dict(ResourceGroup.objects.values_list("pk", "permissions"))
        self._sites = Site.objects.in_bulk()
        self._known = known_names()

    def holds(self, record: Record) -> bool:
        """Tell whether an association or a lasting staff role of the record is above the actor."""
        return any(
            not self._actor.may_grant(self._known.intersection(names), site)
            for names, site in (*self._of_ties(record), *self._of_roles(record))
        )

    def _of_ties(self, record: Record) -> Iterator[tuple[Iterable[str], Site | None]]:
        for tie in record.get("patrons.association", ()):
            group = self._groups.get(tie["resource_group_id"])
            names = self._levels.get(tie["access_level_id"], ()) if group is None else group
            yield names, self._sites.get(tie["site_id"])

    def _of_roles(self, record: Record) -> Iterator[tuple[Iterable[str], Site | None]]:
        places: dict[int, list[Site | None]] = defaultdict(list)
        for place in record.get("patrons.staffrole_sites", ()):
            places[place["staffrole_id"]].append(self._sites.get(place["site_id"]))
        today = timezone.localdate().isoformat()
        for role in record.get("patrons.staffrole", ()):
            if role["ends_on"] is None or role["ends_on"] >= today:
                where = [None] if role["is_organization_wide"] else places[role["id"]]
                for site in where:
                    yield self._levels.get(role["access_level_id"], ()), site
