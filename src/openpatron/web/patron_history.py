"""What happened to a patron, in words: the lines of the ledger as the patron page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import CLI, SCHEDULE
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.ledger.queries import actor_names
from openpatron.patrons.models import Patron
from openpatron.patrons.standing import Deed

from .templatetags.web import field_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from openpatron.access.actor import Actor


_DATES = ("expires_on", "registered", "until", "ends_on")


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the history; ``job`` is the address of the job's page, "" without."""

    at: datetime
    title: str
    who: str
    job: str
    outcome: str
    outcome_label: str
    reason: str
    lines: list[tuple[str, str, str]]

    @property
    def is_plain(self) -> bool:
        """Tell whether it simply was done."""
        return self.outcome == Outcome.APPLIED


def events(actor: Actor, changes: Iterable[Change], sites: Mapping[str, str]) -> list[Event]:
    """Return the changes in words; ``sites`` are the names by short name. One query for names."""
    rows = list(changes)
    names = actor_names(rows)
    return [_event(actor, change, names, sites) for change in rows]


def _event(
    actor: Actor, change: Change, names: Mapping[int, str], sites: Mapping[str, str]
) -> Event:
    job = change.job
    address = ""
    if job is not None and actor.may("ledger.view_jobs"):
        address = reverse("job", args=[actor.organization.slug, job.pk])
    return Event(
        at=change.at,
        title=_by_hand(change) if job is None else kind_of(job).title(job),
        who=_who(change, job, names),
        job=address,
        outcome=change.outcome,
        outcome_label=str(change.outcome_label),
        reason="" if job is None else kind_of(job).reason(job, change),
        lines=_lines(change, sites),
    )


def _by_hand(change: Change) -> str:
    """Return what somebody did to the one patron, by what the change tells of."""
    if "registered" in change.after:
        return _("Registered")
    if "block" in change.after:
        return _("Blocked") if change.after["block"] else _("Block lifted")
    if "staff_role" in change.after:
        return _("Staff role given") if change.after["staff_role"] else _("Staff role ended")
    return _("New password") if "password" in change.after else _("Edited")


def _who(change: Change, job: Job | None, names: Mapping[int, str]) -> str:
    if job is None:
        found = "" if change.actor is None else names.get(change.actor, _("somebody who has left"))
    else:
        account = job.undone_by if change.outcome == Outcome.UNDONE else None
        account = account or job.confirmed_by or job.created_by
        found = "" if account is None else account.full_name
    if not found:
        by_clock = change.way == SCHEDULE
        return _("the nightly schedule") if by_clock else _("operator, by command line")
    return _("%s, by command line") % found if change.way == CLI else found


def _lines(change: Change, sites: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Return (field, from, to) for what differs; "" for from where there was nothing to have."""
    found = []
    for name, after in change.after.items():
        if name.startswith("_"):
            # Whole records, kept for an undo.
            continue
        before = change.before.get(name)
        if before != after:
            was = _words(name, before) if name in change.before else ""
            found.append((_title(name, sites), was, _words(name, after, sites)))
    return found


def _title(name: str, sites: Mapping[str, str]) -> str:
    field, _at, site = name.partition(" at ")
    title = str(field_title(field))
    if not site:
        return title
    return _("%(field)s at %(site)s") % {"field": title, "site": sites.get(site, site)}


def _words(name: str, value: Any, sites: Mapping[str, str] | None = None) -> str:
    if value in (None, ""):
        return _("none")
    if name == "status" and value in Patron.Status.values:
        return str(Patron.Status(value).label)
    if name == "stops":
        return ", ".join(str(Deed(deed).label) for deed in str(value).split(", "))
    if name in _DATES:
        return date_format(date.fromisoformat(value))
    # Short names of sites, "*" for all of them; of a password only that there is a new one.
    known = {"site": sites or {}, "where": {"*": _("in the whole organization")}}
    if name == "password":
        known["password"] = {value: _("generated, to be changed at the next sign-in")}
    return known.get(name, {}).get(value, str(value))
