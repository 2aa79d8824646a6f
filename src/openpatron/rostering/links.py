"""Where on the pages a condition that does not hold is mended."""

from __future__ import annotations

from django.urls import reverse

from openpatron.organizations.models import Organization

from .models import PlatformSetup
from .rules import HOMEROOM, SITE, PersonFacts, RoomFacts, Rule

# What the fields of an association are called on the page of a record.
_FIELDS = {"homeroom": "homeroom", "patron_type": "type", "access_level": "level"}


class Links:
    """Makes the addresses of one site's readiness; no query."""

    def __init__(self, organization: Organization, setup: PlatformSetup) -> None:
        self._slug = organization.slug
        self._site = setup.site.short_name

    def of(self, rule: Rule, about: RoomFacts | PersonFacts | None) -> str:
        """Return the address of the very field."""
        if rule.about == SITE or about is None:
            return self._address("edit_platform_setup", self._site) + f"#id_{rule.place}"
        if isinstance(about, RoomFacts):
            return self._of_room(rule, about)
        return self._of_person(rule.place, about.patron_id, about.tie_id)

    def _of_room(self, rule: Rule, room: RoomFacts) -> str:
        assert rule.about == HOMEROOM  # noqa: S101  what a room may fail
        page = self._address("homeroom", self._site, room.homeroom_id)
        if rule.place == "students":
            return page + "#students"
        leader, tie = room.supervisor_id, room.supervisor_tie
        if leader is None or rule.place == "supervisor":
            return page + "#id_supervisor"
        if rule.place == "supervisor_email":
            return self._of_person("email", leader, tie)
        if rule.place == "supervisor_homeroom":
            return self._of_person("homeroom", leader, tie)
        return self._of_person(room.supervisor_lacks or "patron_type", leader, tie)

    def _of_person(self, place: str, patron: int, tie: int | None) -> str:
        if place in {"username", "email"}:
            return self._address("edit_personal_data", patron) + f"#id_{place}"
        if place == "sign_in":
            return self._address("set_password", patron) + "#generate-title"
        if tie is None:
            # Who leads without counting as anybody: the record, with every association.
            return self._address("edit_patron", patron)
        if place == "barcode":
            return self._address("patron", patron) + f"#tie-{tie}"
        return self._address("edit_patron", patron) + f"#id_{_FIELDS[place]}_{tie}"

    def _address(self, name: str, *words: str | int) -> str:
        return reverse(name, args=[self._slug, *words])
