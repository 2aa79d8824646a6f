"""Whom an update is about: patrons of a site, on a list, found by the list's filters, or named.

``choose`` checks the words, ``Whom.params`` is what the job keeps of them, ``WhomJob`` selects.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError
from openpatron.ledger.kinds import Step
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name

from .field_jobs import FieldJob
from .fields import TIE_FIELDS, TieField
from .list_words import ListWords, as_text
from .listed import Entry, read_list, who_is_meant, write_down
from .people import at_site, found, named
from .queries import PatronFilter, number_of_patrons, patrons
from .saved_lists import saved_list_by_name
from .selection import FIELDS, Field, Value, typed_value, value_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Cursor
    from openpatron.ledger.models import Job

    from .people import People

PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Whom:
    """Who is meant, checked: ``value`` at ``at``, or the entries ``listed``, or the ``filters``.

    With a list or filters, ``at`` is the site of the associations, where the update needs one.
    ``filters`` are words as in the list's address, ``saved`` is the name of the list they are of.
    """

    at: Site | None
    whose: Field | None
    value: Value | None
    listed: list[Entry]
    filters: dict[str, str] | None
    said: list[tuple[str, str]]
    narrowed: PatronFilter | None
    saved: str
    count: int
    # Not empty: ``listed`` are numbers of patrons whom another part of the program found; who they
    # are, in words that go on.
    called: str = ""

    @property
    def params(self) -> dict[str, Any]:
        """What a job keeps: ids, and the names they had."""
        at, whose, value = self.at, self.whose, self.value
        called = {"called": self.called} if self.called else {}
        return called | {
            "source": at.pk if at else None,
            "source_name": at.name if at else None,
            "whose": whose.name if whose else None,
            "value": value.stored if value else None,
            "value_name": value.label if value else None,
            "listed": self.listed,
            "filters": self.filters,
            "filters_said": self.said,
            "narrowed": None if self.narrowed is None else asdict(self.narrowed),
            "saved": self.saved,
        }


def choose(
    actor: Actor,
    *,
    at: str = "",
    whose: str = "",
    value: str = "",
    listed: str | None = None,
    filters: Mapping[str, str] | None = None,
    saved: str = "",
    needs_site: bool = True,
) -> Whom:
    """Check the words, all as typed: ``at``, ``whose`` and ``value``, or one of the others.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    by_words = filters is not None or bool(saved)
    by_value = listed is None and not by_words
    site = site_by_short_name(at, "at") if at or by_value or needs_site else None
    chosen = words_of(actor, filters or {}, saved) if by_words else None
    selected = _selected(site, whose, value) if by_value and site is not None else None
    entries = [] if listed is None else read_list(listed, "listed")
    count = len(entries) if selected is None else selected[1].count
    if chosen is not None:
        count = number_of_patrons(actor, chosen.filter)
    return Whom(
        at=site,
        whose=selected[0] if selected else None,
        value=selected[1] if selected else None,
        listed=entries,
        filters=chosen.kept if chosen else None,
        said=chosen.said if chosen else [],
        narrowed=chosen.filter if chosen else None,
        saved=saved,
        count=count,
    )


def by_number(actor: Actor, site: Site, people: list[int], called: str) -> Whom:
    """Return these patrons of a site; ``called`` is who they are, in words that go on."""
    actor.require(PERMISSION)
    return Whom(
        at=site, whose=None, value=None, listed=[(n, str(one)) for n, one in enumerate(people, 1)],
        filters=None, said=[], narrowed=None, saved="", count=len(people), called=called,
    )  # fmt: skip


def words_of(actor: Actor, filters: Mapping[str, str], saved: str) -> ListWords:
    """Return the filters, or those of a saved list; ``InputError`` where one means nothing."""
    if saved:
        filters = saved_list_by_name(actor, saved, "saved").filters
    words = ListWords(actor, filters)
    words.require_known("saved" if saved else "filters")
    return words


def _selected(site: Site, whose: str, value: str) -> tuple[Field, Value]:
    if whose not in FIELDS:
        raise InputError(
            "whose",
            _("Patrons cannot be selected by “%(found)s”. Allowed: %(known)s.")
            % {"found": whose[:100], "known": ", ".join(FIELDS)},
        )
    return FIELDS[whose], value_at(site, FIELDS[whose], value)


def people_of(job: Job, actor: Actor) -> People:
    """Return as SQL who is selected for a job with the params of ``Whom``."""
    asked = job.params
    if asked.get("narrowed") is not None:
        return found(patrons(actor, PatronFilter(**asked["narrowed"])))
    if asked.get("called"):
        return _still_as_planned(TIE_FIELDS[asked["field"]])
    if asked["listed"]:
        return named()
    return at_site(f"{FIELDS[asked['whose']].column} = %(value)s")


def _still_as_planned(whose: TieField) -> People:
    """Return who was found, and of the planned only those whose field nobody has set since."""
    column = whose.column.replace("tie.", "was.")
    same = (
        "EXISTS (SELECT 1 FROM patrons_association was WHERE was.patron_id = patron.id "  # noqa: S608  our own
        "AND was.site_id = %(source)s "
        f"AND {column} IS NOT DISTINCT FROM CAST(planned.before ->> 'id' AS bigint))"
    )
    people = named()
    return replace(people, applying=f"{people.applying} AND {same}")


def said_of(job: Job) -> str:
    """Return who is meant, in words that go on: “every patron at Maple whose …”."""
    asked = job.params
    if asked.get("saved"):
        return _("the patrons of the saved list “%s”") % str(asked["saved"])
    if asked.get("called"):
        return str(asked["called"])
    if asked.get("narrowed") is not None:
        filters = ", ".join(f"{label}: {value}" for label, value in asked["filters_said"])
        return _("the patrons found by %s") % filters if filters else _("all patrons")
    if asked["listed"]:
        n = len(asked["listed"])
        return ngettext("the patron on a list of %d", "the patrons on a list of %d", n) % n
    return _("every patron at %(source)s whose %(whose)s is %(value)s") % {
        "source": asked["source_name"],
        "whose": FIELDS[asked["whose"]].label,
        "value": asked["value_name"],
    }


def nobody_of(job: Job) -> str:
    """Say that nobody is selected."""
    asked = job.params
    if asked["whose"] is None:
        return _("Nobody is selected, so there is nothing to do.")
    return _("No patron at %(site)s has %(field)s %(value)s, so there is nothing to do.") % {
        "site": asked["source_name"],
        "field": FIELDS[asked["whose"]].label,
        "value": asked["value_name"],
    }


def again_of(job: Job) -> dict[str, str]:
    """Return the words of a page; the site by its present name, a list by its job."""
    asked = job.params
    site = Site.objects.filter(pk=asked["source"]).first()
    words = {"at": site.short_name if site else ""}
    if asked.get("saved"):
        return words | {"who": "saved", "saved": asked["saved"]}
    if asked.get("narrowed") is not None:
        return words | {"who": "found", "found": as_text(asked["filters"])}
    if asked.get("called"):
        # Who they were was found then, and is not on the page.
        return words
    if asked["listed"]:
        return words | {"list_of": str(job.pk)}
    return words | {"whose": asked["whose"], "value": typed_value(asked)}


class WhomJob(FieldJob):
    """A kind of job whose patrons are chosen by ``choose``."""

    permission: ClassVar[str] = PERMISSION

    def people(self, job: Job) -> People:
        """Return who is selected."""
        return people_of(job, self.actor(job))

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of the selection or of the list."""
        if job.params.get("called"):
            return plan_by_number(job, cursor, self.plan_batch)
        if not job.params["listed"]:
            return super().plan(job, cursor)
        return plan_listed(job, cursor, self.plan_batch)


def plan_by_number(job: Job, cursor: Cursor, plan_batch: Callable[[Job, Params], int]) -> Step:
    """Plan the next of the patrons whose numbers the job keeps."""
    start = cursor.get("place", 0)
    end = start + settings.OPENPATRON_JOB_BATCH_ROWS
    everybody = job.params["listed"]
    people = [int(number) for _place, number in everybody[start:end]]
    if people:
        listed = json.dumps([[patron, place, ""] for place, patron in enumerate(people)])
        plan_batch(job, {"listed": listed, "after": 0, "rows": len(people)})
    return Step(len(people), {"place": end} if end < len(everybody) else None)


def plan_listed(
    job: Job,
    cursor: Cursor,
    plan_batch: Callable[[Job, Params], int],
    beside: Mapping[str, str] | None = None,
) -> Step:
    """Plan the next entries of a job's list, and write down those that lead to no patron.

    ``beside`` is what stands beside an entry, by its line.
    """
    start = cursor.get("place", 0)
    end = start + settings.OPENPATRON_JOB_BATCH_ROWS
    entries = [(line, key) for line, key in job.params["listed"][start:end]]
    meant = who_is_meant(job, entries, job.params["source"])
    write_down(job, meant.others)
    if meant.patrons:
        said = ["" if beside is None else beside[str(line)] for line in meant.lines]
        rows = zip(meant.patrons, said, strict=True)
        listed = json.dumps([[p, place, text] for place, (p, text) in enumerate(rows)])
        plan_batch(job, {"listed": listed, "after": 0, "rows": len(meant.patrons)})
    more = end < len(job.params["listed"])
    return Step(len(entries), {"place": end} if more else None)
