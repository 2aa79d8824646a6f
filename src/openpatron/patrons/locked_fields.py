"""Fields that a source owns, in jobs on many patrons: who is left alone, and who is opened.

In SQL, beside ``patron`` (and ``tie``, the association in question): ``external`` is the source
record. A row that is left alone has the reason "owned:" with the source's number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, statement

from .external import OF_TIE, OPEN, SITE
from .models import Source

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

_HERE = "openpatron.patrons"

SKIP, RETURN, PROTECT = ANSWERS = ("skip", "return", "protect")
"""What becomes of patrons whose field a source owns: they are skipped; or they are changed, and
the source's value comes back with its next feed; or they are changed, and the field protected."""

REASON = "owned:"
JOIN = "LEFT JOIN patrons_sourcerecord external ON external.patron_id = patron.id"
_OF_TIE = (
    "(CASE WHEN COALESCE(external.\"values\" ->> 'site', '') <> '' "
    "THEN external.\"values\" ->> 'site' = "
    "(SELECT s.short_name FROM organizations_site s WHERE s.id = tie.site_id) "
    "ELSE tie.is_primary END)"
)
# Or one that it delivers at a further site, whose fields are called "patron_type@alder".
_FURTHER = (
    "(SELECT external.further -> s.short_name FROM organizations_site s "
    "WHERE s.id = tie.site_id) IS NOT NULL"
)
_AT = "(SELECT '@' || s.short_name FROM organizations_site s WHERE s.id = tie.site_id)"
_PLACE = f" || CASE WHEN {_OF_TIE} THEN '' ELSE {_AT} END"


@dataclass(frozen=True, slots=True)
class Owned:
    """One field that sources own: its name, and for whom, as SQL."""

    field: str
    condition: str


@dataclass(frozen=True, slots=True)
class Opened:
    """The owned fields that a job writes nevertheless, and whether it protects them."""

    fields: tuple[Owned, ...]
    protects: bool
    by: int | None


def owned_fields(names: Iterable[str]) -> list[Owned]:
    """Return those of the fields that sources of the opened organization own; one query."""
    wanted = list(names)
    owners: dict[str, list[int]] = {name: [] for name in wanted}
    for number, owned in Source.objects.order_by("pk").values_list("pk", "owned"):
        for name in set(owned) & set(wanted):
            owners[name].append(number)
    return [Owned(name, _condition(name, ids)) for name, ids in owners.items() if ids]


def _condition(name: str, sources: list[int]) -> str:
    among = f"external.source_id IN ({', '.join(map(str, sources))})"
    return f"({among} AND ({_OF_TIE} OR {_FURTHER}))" if name in (*OF_TIE, SITE) else among


def reason(before: str, locked: Iterable[str]) -> str:
    """Return the reason in SQL: the one of before, or whose the field is, where one holds."""
    conditions = " OR ".join(locked)
    return (
        f"CASE WHEN ({before}) <> '' THEN ({before}) "
        f"WHEN {conditions} THEN '{REASON}' || CAST(external.source_id AS text) ELSE '' END"
    )


def open_batch(opened: Opened, params: Params) -> None:
    """After a batch was written: protect what it wrote, or let the source's values come back."""
    for one in opened.fields:
        tie = (
            "LEFT JOIN patrons_association tie ON tie.patron_id = planned.subject_id "
            "AND tie.site_id = %(source)s"
            if one.field in OF_TIE
            else ""
        )
        values = params | {"field": one.field, "by": opened.by, "nothing": b"", "lasting": False}
        execute(statement(_HERE, "look_again", tie=tie, owned=one.condition), values)
        if opened.protects:
            place = _PLACE if tie else ""
            named = {"tie": tie, "owned": one.condition, "place": place}
            execute(statement(_HERE, "protect_fields", **named), values)


def close_batch(opened: Opened, params: Params) -> None:
    """Before a batch is undone: take away the protections that it made."""
    for one in opened.fields:
        values = params | {"field": one.field}
        execute(statement(_HERE, "unprotect_fields"), values)


def checked_answer(actor: Actor, answer: str) -> str:
    """Return what becomes of owned fields, or raise; to write them takes the right everywhere."""
    if answer not in {"", *ANSWERS}:
        raise InputError(
            "owned",
            _("owned: “%(found)s” is no answer. Allowed: %(known)s.")
            % {"found": answer[:40], "known": ", ".join(ANSWERS)},
        )
    if answer in {RETURN, PROTECT}:
        actor.require(OPEN)
    return answer or SKIP


def names_of_sources() -> dict[str, str]:
    """Return the sources' names by number, as a job keeps them."""
    return {str(number): name for number, name in Source.objects.values_list("pk", "name")}


def said(why: str, owners: Mapping[str, str] | None) -> str:
    """Return the reason as a sentence, "" for another one."""
    if not why.startswith(REASON):
        return ""
    name = (owners or {}).get(why.removeprefix(REASON))
    if not name:
        return _("A source owns this field; left as it is.")
    return _("Owned by the source “%s”; left as it is.") % name
