"""Our own patrons in the formats of others: as records, and as the file that a format makes.

Beside ``patrons.export``, which writes for people and their spreadsheets. What is written here is
read back by our own importer as the same patrons.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import fold
from openpatron.organizations.queries import sites
from openpatron.patrons.export import CHUNK, PERMISSION
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.patrons.queries import cards_in_sight, visible, with_ties

from .formats import formats
from .formats.base import About
from .records import Problem, Record

AS = {
    "oneroster-1.2": ("oneroster", "zip", "application/zip"),
    "koha": ("koha", "csv", "text/csv; charset=utf-8"),
    "folio": ("folio", "json", "application/json"),
    "alma": ("alma", "xml", "application/xml"),
    "destiny": ("destiny", "csv", "text/csv; charset=utf-8"),
    "csv": ("delimited", "csv", "text/csv; charset=utf-8"),
}
"""What may be asked for → the format, how the file's name ends, and its content type."""

_ACCOUNT = (
    "username", "email", "first_name", "middle_name", "last_name", "preferred_name", "suffix",
    "gender", "home_phone", "business_phone", "mobile_phone", "other_phone", "street",
    "postal_code", "city", "country", "language",
)  # fmt: skip
_RECORD = (
    "district_id", "status", "grade_level", "additional_email", "second_street",
    "second_postal_code", "second_city", "second_country",
)  # fmt: skip
# In whose name a patron type or an access level says that somebody teaches.
_TEACHING = ("teacher", "faculty")
# The month in which a school year begins.
_AUGUST = 8


def write_patrons(actor: Actor, found: QuerySet[Patron], form: str, to: Path) -> list[Problem]:
    """Write patrons (as ``queries.patrons`` gave them) into a file; ``form`` is one of ``AS``.

    Returns what the format has no room for, each named by the patron's number.
    """
    actor.require_anywhere(PERMISSION)
    if form not in AS:
        raise InputError(
            "as",
            _("“%(found)s” is no format to write. Allowed: %(known)s.")
            % {"found": form[:40], "known": ", ".join(AS)},
        )
    return formats()[AS[form][0]].write(records(actor, found), to, _about(actor))


def records(actor: Actor, found: QuerySet[Patron]) -> Iterator[Record]:
    """Yield a record for each association of each patron, the primary one first, row by row.

    ``line`` is the patron's number. A patron without an association has one record.
    """
    actor.require_anywhere(PERMISSION)
    supervisors = _supervisors(actor)
    teaching = set(supervisors.values())
    read = with_ties(found).select_related("account", "source_record")
    for patron in read.iterator(chunk_size=CHUNK):
        shared = _shared(patron)
        cards = {
            card.site_id: card.value
            for card in cards_in_sight(actor, patron)
            if card.state == card.State.CURRENT
        }
        ties: list[Association | None] = list(patron.associations.all())
        for tie in ties or [None]:
            values = dict(shared)
            if tie is not None:
                values |= _tie(tie, supervisors)
                values["barcode"] = cards.get(tie.site_id) or cards.get(None, "")
            values["role"] = "teacher" if _teaches(patron, values, teaching) else "student"
            yield Record(patron.pk, values)


def _shared(patron: Patron) -> dict[str, str]:
    source = getattr(patron, "source_record", None)
    year = patron.graduation_year
    return {
        "external_id": "" if source is None else source.key,
        **{name: getattr(patron.account, name) for name in _ACCOUNT},
        **{name: getattr(patron, name) for name in _RECORD},
        "birth_date": _day(patron.account.birth_date),
        "graduation_year": "" if year is None else str(year),
        "expires_on": _day(patron.expires_on),
    }


def _tie(tie: Association, supervisors: dict[int, str]) -> dict[str, str]:
    room = tie.homeroom
    return {
        "site": tie.site.short_name,
        "patron_type": tie.patron_type.name,
        "access_level": tie.access_level.name,
        "resource_group": tie.resource_group.name if tie.resource_group else "",
        "homeroom": room.name if room else "",
        "homeroom_supervisor": supervisors.get(room.pk, "") if room else "",
    }


def _supervisors(actor: Actor) -> dict[int, str]:
    """Return who supervises a homeroom, by the key that they are written under, if in sight."""
    rooms = Homeroom.objects.filter(supervisor__in=visible(actor).values("pk"))
    keys = rooms.values_list("pk", "supervisor", "supervisor__source_record__key")
    return {room: key or f"patron-{patron}" for room, patron, key in keys}


def _teaches(patron: Patron, values: dict[str, str], teaching: set[str]) -> bool:
    if (values["external_id"] or f"patron-{patron.pk}") in teaching:
        return True
    if values["grade_level"] or values["graduation_year"]:
        return False
    named = fold(f"{values.get('patron_type', '')} {values.get('access_level', '')}")
    return any(word in named for word in _TEACHING)


def _about(actor: Actor) -> About:
    today = timezone.localdate()
    year = today.year if today.month >= _AUGUST else today.year - 1
    return About(
        organization=actor.organization.name,
        code=actor.organization.slug,
        sites={site.short_name: site.name for site in sites()},
        year_begins=date(year, _AUGUST, 1).isoformat(),
        year_ends=date(year + 1, _AUGUST - 1, 31).isoformat(),
    )


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
