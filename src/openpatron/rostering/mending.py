"""What mends many who fail the same condition at once: by a job, with its preview and its way back.

The conditions that are not here take a person who knows: an e-mail address, who leads a homeroom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from openpatron.access.models import AccessLevel
from openpatron.organizations.models import PatronType

from .roster import SiteRoster
from .rules import HOMEROOM, RULES
from .setups import setup_of

if TYPE_CHECKING:
    from openpatron.organizations.models import Site

    from .rules import Rule

FIELD, BARCODES, LINKS, JOIN = "field", "barcodes", "links", "join"
"""Setting a field of the association, giving barcodes, sending links, joining one's homerooms."""


@dataclass(frozen=True, slots=True)
class Mend:
    """How one condition is mended: the way, what a button says, and who is meant, in words.

    ``field``: which field is set; its values are those that fulfil the condition.
    """

    way: str
    label: Any
    who: Any
    field: str = ""


_STUDENTS = {
    "patron_type": _("the students without a patron type that counts as student"),
    "access_level": _("the students without an access level that counts as student"),
    "homeroom": _("the students without a homeroom"),
    "barcode": _("the students without a barcode"),
    "sign_in": _("the students who cannot sign in"),
}
_TEACHERS = {
    "patron_type": _("the teachers without a patron type that counts as teacher"),
    "access_level": _("the teachers without an access level that counts as teacher"),
    "homeroom": _("the teachers without a homeroom"),
    "barcode": _("the teachers without a barcode"),
    "sign_in": _("the teachers who cannot sign in"),
}
_WAYS = {
    "patron_type": (FIELD, _("Mend all: set the patron type")),
    "access_level": (FIELD, _("Mend all: set the access level")),
    "homeroom": (FIELD, _("Mend all: move them to a homeroom")),
    "barcode": (BARCODES, _("Mend all: give them the next barcodes")),
    "sign_in": (LINKS, _("Mend all: send them a link to set a password")),
}
MENDS: dict[str, Mend] = {
    f"{role}_{name}": Mend(way, label, who[name], name if way == FIELD else "")
    for role, who in (("teacher", _TEACHERS), ("student", _STUDENTS))
    for name, (way, label) in _WAYS.items()
} | {
    "homeroom_supervisor_in_it": Mend(
        JOIN,
        _("Mend all: put each supervisor into the homeroom"),
        _("the supervisors who are not in their homeroom"),
    )
}
"""By the codes of the conditions."""


def failing(site: Site, code: str) -> list[int]:
    """Return the numbers of the patrons whom mending the condition is about; few queries."""
    roster = SiteRoster(setup_of(site))
    rule = rule_of(code)
    if rule.about == HOMEROOM:
        led = {room.supervisor_id for room in roster.rooms if not rule.holds(room)}
        return sorted(number for number in led if number is not None)
    return [
        one.facts.patron_id
        for one in roster.people()
        if one.facts.role == rule.about and not rule.holds(one.facts)
    ]


def rule_of(code: str) -> Rule:
    """Return the condition of that code; ``KeyError`` without one."""
    return {rule.code: rule for rule in RULES}[code]


def values(site: Site, code: str) -> list[str]:
    """Return the names that fulfil a condition about a patron type or an access level, sorted."""
    setup, rule = setup_of(site), rule_of(code)
    if MENDS[code].field == "patron_type":
        ids = getattr(setup, f"{rule.about}_types")
        return list(
            PatronType.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)
        )
    ids = getattr(setup, f"{rule.about}_levels")
    return list(
        AccessLevel.objects.filter(pk__in=ids).order_by("name").values_list("name", flat=True)
    )
