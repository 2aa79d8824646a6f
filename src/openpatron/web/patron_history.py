"""What happened to a patron, in words: the lines of the ledger as the patron page shows them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import TextChoices
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy as _lazy

from openpatron.access.actor import AWAY, CLI, EVERY_LEVEL, SCHEDULE
from openpatron.access.registry import permissions
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job, Outcome
from openpatron.ledger.queries import actor_names
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.personal_data import CONTACT, PERSONAL, told
from openpatron.patrons.standing import Deed

from .personal_words import language_name, way_of_writing, yes_or_no
from .templatetags.web import field_title

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from openpatron.access.actor import Actor


_DATES = (
    *("expires_on", "registered", "until", "ends_on", "birth_date"),
    *("renewed", "renewal_undone", "second_from", "second_until"),
)
_PERSONAL = {*map(told, PERSONAL), *CONTACT, "channel"}


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
        title=_what_happened(change) if job is None else kind_of(job).title(job),
        who=_who(change, job, names),
        job=address,
        outcome=change.outcome,
        outcome_label=str(change.outcome_label),
        reason="" if job is None else kind_of(job).reason(job, change),
        lines=lines(change.before, change.after, sites),
    )


# What it is called when something is set by hand, and when it is taken away.
_HAPPENED = {
    "registered": (_lazy("Registered"), _lazy("Registered")),
    "block": (_lazy("Blocked"), _lazy("Block lifted")),
    "staff_role": (_lazy("Staff role given"), _lazy("Staff role ended")),
    "second_factor": (_lazy("Second factor taken away"), _lazy("Second factor taken away")),
    "note": (_lazy("Note"), _lazy("Note deleted")),
    "replaced_card": (_lazy("Card replaced"), _lazy("Card replaced")),
    "source": (_lazy("Linked to a source"), _lazy("Unlinked from its source")),
    "protected": (_lazy("Fields protected from feeds"), _lazy("Protection released")),
    "renewed": (_lazy("Renewed"), _lazy("Renewed")),
    "renewal_undone": (_lazy("Renewal undone"), _lazy("Renewal undone")),
}


def _what_happened(change: Change) -> str:
    return by_hand(change.after) if change.subject_kind == SUBJECT else _of_administration(change)


def by_hand(after: Mapping[str, Any]) -> str:
    """Return what somebody did to the one patron, by what the change tells of."""
    for name, (given, taken) in _HAPPENED.items():
        if name in after:
            return str(given if after[name] else taken)
    if after and _PERSONAL.issuperset(after):
        return _("Personal data edited")
    if after.get("password") == "link":
        return _("Link to set a password sent")
    return _("New password") if "password" in after else _("Edited")


def _of_administration(change: Change) -> str:
    if not change.before:
        return _("Added")
    is_gone = "name" in change.before and change.after.get("name") is None
    return _("Deleted") if is_gone else _("Edited")


def _who(change: Change, job: Job | None, names: Mapping[int, str]) -> str:
    if change.way == AWAY:
        return _("staff of another organization")
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


def lines(
    before: Mapping[str, Any], after: Mapping[str, Any], sites: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Return (field, from, to) for what differs; "" for from where there was nothing to have."""
    found = []
    for name, now in after.items():
        # What begins with "_" are whole records, kept for an undo.
        if before.get(name) != now and not name.startswith("_"):
            was = words(name, before[name], sites) if name in before else ""
            found.append((_title(name, sites), was, words(name, now, sites)))
    return found


def _title(name: str, sites: Mapping[str, str]) -> str:
    field, _at, site = name.partition(" at ")
    title = str(field_title(field))
    if not site:
        return title
    return _("%(field)s at %(site)s") % {"field": title, "site": sites.get(site, site)}


def words(name: str, value: Any, sites: Mapping[str, str] | None = None) -> str:
    """Return a stored value as people say it."""
    if value in (None, ""):
        return _("none")
    if name in {"further_sites", "ended_sites"}:
        # Short names, as a feed names them.
        return ", ".join((sites or {}).get(one, one) for one in str(value).split(", "))
    if name in _SPOKEN:
        return _SPOKEN[name](value)
    if isinstance(value, bool):
        return yes_or_no(value)
    # Short names of sites, "*" for all of them; of a password only that there is a new one.
    known: dict[str, Mapping[str, Any]] = {
        "site": sites or {},
        "primary_site": sites or {},
        "where": {"*": _("in the whole organization")},
        "second_factor": {"reset": _("none")},
        "note": {"*": _("not shown here")},
        "note_for": {"person": _("staff and the person"), "staff": _("only staff")},
        "grants": {EVERY_LEVEL: _("every level")},
        "secret": {"*": _("there is one, not shown here")},
        "match": {"external_id": _("external id"), "district_id": _("district id")},
        "password": {
            "generated": _("generated, to be changed at the next sign-in"),
            "link": _("a link, with which the person sets one"),
        },
        "sign_in": {
            "link": _("a link to set a password"),
            "password": _("a generated password"),
            "as_it_is": _("the password as it was"),
        },
    }
    return str(known.get(name, {}).get(value, value))


def _label_of(choices: type[TextChoices]) -> Callable[[str], str]:
    """Return what says a value in words; one that is no choice any more stays as it is."""
    return lambda value: str(choices(value).label) if value in choices.values else value


def _rights(value: str) -> str:
    """Return the words for the names of permissions; what is not known any more as it is."""
    labels = {one.name: str(one.label) for one in permissions()}
    return "; ".join(labels.get(name, name) for name in value.split(", "))


def _fields(names: str) -> str:
    """Return the words for the names of protections."""
    return ", ".join(_title(name.replace("@", " at "), {}) for name in names.split(", "))


_SPOKEN: dict[str, Callable[[Any], str]] = {
    "status": _label_of(Patron.Status),
    "channel": _label_of(Patron.Channel),
    "stops": lambda value: ", ".join(map(_label_of(Deed), str(value).split(", "))),
    "permissions": lambda value: _rights(str(value)),
    **dict.fromkeys(("protected", "released_protections"), lambda value: _fields(str(value))),
    "wants_mail": way_of_writing,
    "keep_history": yes_or_no,
    "language": language_name,
    "written_in": language_name,
    "is_sent": yes_or_no,
    "to_second_address": yes_or_no,
    "shares_resources": yes_or_no,
    "letters_to": _label_of(Patron.LettersTo),
    "page_language": language_name,
    **dict.fromkeys(_DATES, lambda value: date_format(date.fromisoformat(value))),
}
