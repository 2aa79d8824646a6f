"""What has to hold before something is delivered: the one list, for page, run and docs.

Pure functions. docs/rostering.md shows the list (``table``); a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

STUDENT, TEACHER, SUPERVISOR = "student", "teacher", "siteAdministrator"
"""What a person is to a platform, in the standard's words."""

SITE, HOMEROOM = "site", "homeroom"

DEFAULT_TYPES = {TEACHER: "Faculty", STUDENT: "Student"}
DEFAULT_LEVELS = {TEACHER: "Teacher", STUDENT: "Patron"}
"""The names of the patron type and access level that count as one, until a site says otherwise."""


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What is known of a site."""

    is_used: bool
    has_supervisor: bool


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known of a person at a site. ``roles``: what the person is there, see ``role_of``."""

    patron_id: int
    name: str
    role: str
    has_username: bool
    can_sign_in: bool
    has_email: bool
    has_barcode: bool
    in_homeroom: bool
    type_fits: bool
    level_fits: bool
    # The association with the site.
    tie_id: int


@dataclass(frozen=True, slots=True)
class RoomFacts:
    """What is known of a homeroom. ``supervisor``: None without one."""

    homeroom_id: int
    name: str
    supervisor_id: int | None
    supervisor_has_email: bool
    supervisor_in_it: bool
    supervisor_fits: bool
    students: int
    # The supervisor's association with the site, and the first that is missing for a teacher.
    supervisor_tie: int | None = None
    supervisor_lacks: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One condition: what it is about, whether it holds, and where what is missing is mended.

    ``place`` names the field on the pages; ``links`` make addresses of it.
    """

    code: str
    about: str
    text: str | _StrPromise
    place: str
    holds: Callable[[Any], bool]


def _person_rules() -> Iterable[Rule]:
    texts = {
        TEACHER: {
            "username": _("Every teacher has a username"),
            "sign_in": _("Every teacher has a way to sign in: a password, or a provider"),
            "email": _("Every teacher has an e-mail address"),
            "barcode": _("Every teacher has a current barcode"),
            "homeroom": _("Every teacher is in a homeroom"),
            "patron_type": _("Every teacher has a patron type that counts as teacher"),
            "access_level": _("Every teacher has an access level that counts as teacher"),
        },
        STUDENT: {
            "username": _("Every student has a username"),
            "sign_in": _("Every student has a way to sign in: a password, or a provider"),
            "barcode": _("Every student has a current barcode"),
            "homeroom": _("Every student is in a homeroom"),
            "patron_type": _("Every student has a patron type that counts as student"),
            "access_level": _("Every student has an access level that counts as student"),
        },
    }
    checks: dict[str, Callable[[PersonFacts], bool]] = {
        "username": lambda one: one.has_username,
        "sign_in": lambda one: one.can_sign_in,
        "email": lambda one: one.has_email,
        "barcode": lambda one: one.has_barcode,
        "homeroom": lambda one: one.in_homeroom,
        "patron_type": lambda one: one.type_fits,
        "access_level": lambda one: one.level_fits,
    }
    for role, said in texts.items():
        for name, text in said.items():
            yield Rule(f"{role}_{name}", role, text, name, checks[name])


RULES: tuple[Rule, ...] = (
    Rule(
        "use_is_on", SITE, _("The site uses the reading platform"), "is_used",
        lambda site: site.is_used,
    ),
    Rule(
        "supervisor_is_set", SITE, _("The site has a supervisor"), "supervisor",
        lambda site: site.has_supervisor,
    ),
    Rule(
        "homeroom_supervisor", HOMEROOM, _("Every homeroom has a supervisor"), "supervisor",
        lambda room: room.supervisor_id is not None,
    ),
    Rule(
        "homeroom_supervisor_email", HOMEROOM,
        _("Every homeroom’s supervisor has an e-mail address"), "supervisor_email",
        lambda room: room.supervisor_has_email,
    ),
    Rule(
        "homeroom_supervisor_in_it", HOMEROOM,
        _("Every homeroom’s supervisor is in that homeroom"), "supervisor_homeroom",
        lambda room: room.supervisor_in_it,
    ),
    Rule(
        "homeroom_supervisor_fits", HOMEROOM,
        _("Every homeroom’s supervisor meets the conditions of a teacher"), "supervisor_fits",
        lambda room: room.supervisor_fits,
    ),
    Rule(
        "homeroom_students", HOMEROOM, _("Every homeroom has at least one student"), "students",
        lambda room: room.students > 0,
    ),
    *_person_rules(),
)  # fmt: skip


def missing(about: str, facts: SiteFacts | RoomFacts | PersonFacts) -> list[Rule]:
    """Return the rules about such a thing that do not hold for it."""
    return [rule for rule in RULES if rule.about == about and not rule.holds(facts)]


def role_of(*, type_is: str, level_is: str) -> str:
    """Return what a person counts as, by what the patron type and the access level count as.

    One of the two makes somebody a candidate ("" for neither); that the other is missing is then
    said by the rules. Whoever is half a teacher is one: teachers need more.
    """
    for role in (TEACHER, STUDENT):
        if role in {type_is, level_is}:
            return role
    return ""


def table() -> str:
    """Return the list as docs/rostering.md shows it."""
    lines = ["| code | about | condition |", "|---|---|---|"]
    lines += [f"| `{rule.code}` | {rule.about} | {rule.text} |" for rule in RULES]
    return "\n".join(lines) + "\n"
