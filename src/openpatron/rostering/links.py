"""Where on the pages a condition that does not hold is mended."""

from __future__ import annotations

from django.urls import reverse

from openpatron.organizations.models import Organization

from .models import PlatformSetup
from .rules import HOMEROOM, SITE, PersonFacts, RoomFacts, Rule


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
        return self._of_person(rule.place, about.patron_id)

    def _of_room(self, rule: Rule, room: RoomFacts) -> str:
        assert rule.about == HOMEROOM  # noqa: S101  what a room may fail
        if rule.place == "supervisor_email" and room.supervisor_id is not None:
            return self._of_person("email", room.supervisor_id)
        if rule.place == "supervisor_fits" and room.supervisor_id is not None:
            return self._address("patron", room.supervisor_id)
        anchors = {"students": "#students", "supervisor_homeroom": "#supervisor"}
        anchor = anchors.get(rule.place, "#id_supervisor")
        return self._address("homeroom", self._site, room.homeroom_id) + anchor

    def _of_person(self, place: str, patron: int) -> str:
        if place in {"username", "email"}:
            return self._address("edit_personal_data", patron) + f"#id_{place}"
        if place == "sign_in":
            return self._address("set_password", patron)
        if place == "barcode":
            return self._address("patron", patron) + "#ties-title"
        return self._address("edit_patron", patron) + "#associations"

    def _address(self, name: str, *words: str | int) -> str:
        return reverse(name, args=[self._slug, *words])
