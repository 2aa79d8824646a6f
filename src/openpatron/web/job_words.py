"""How pages speak of a job: its counts as a bar, its progress, who and when.

What differs from kind to kind comes from the kind (``JobKind.wording``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _, ngettext

from openpatron.access.actor import CLI, SCHEDULE
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import State
from openpatron.patrons.association_words import counted
from openpatron.patrons.summary import outcome_counts, summary_counts

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.accounts.models import Account
    from openpatron.ledger.models import Job

# The bar is drawn in so many units; nothing that is there gets thinner than can be seen.
_UNITS = 1000
_THINNEST = 8

CHANGED = "barcode_changed"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the counts' bar: what it stands for, how many, where it is drawn.

    ``show`` is the filter that shows these lines, ``css`` names the colour.
    """

    show: str
    css: str
    label: str
    count: int
    x: int = 0
    width: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work at hand is: rows, percent, and in words what it is and how long it takes."""

    doing: str
    done: int
    total: int
    percent: int
    left: str
    waits: bool

    @property
    def said(self) -> str:
        """What a screen reader says; it changes at every quarter, not at every second."""
        if not self.total:
            return _("%(doing)s.") % {"doing": self.doing}
        return _("%(doing)s: %(percent)d percent.") % {
            "doing": self.doing,
            "percent": self.percent // 25 * 25,
        }


def parts(job: Job) -> list[Part]:
    """Return the parts of the bar that are not empty."""
    kind, found = kind_of(job), outcome_counts(job)
    changed = summary_counts(job).get(CHANGED, 0)
    planned = job.state in {State.PLANNED, State.PLANNING}
    said = kind.wording(job)
    if not planned and (found["undone"] or found["left"]):
        kept = [
            Part(kind.applied, "kept", said.done, found[kind.applied]),
            Part("undone", "undone", _("undone"), found["undone"]),
            Part("left", "left", _("left as they are"), found["left"]),
        ]
    else:
        show, what = ("planned", said.to_do) if planned else (kind.applied, said.done)
        kept_label = _("%(what)s, barcode kept") % {"what": what} if kind.numbered else what
        kept = [
            Part(show, "kept", kept_label, found[show] - changed),
            Part(
                CHANGED, "changed-part", _("%(what)s with a new barcode") % {"what": what}, changed
            ),
        ]
    others = [
        Part("planned", "open", _("not done"), 0 if planned else found["planned"]),
        Part("skipped", "skipped", _("skipped"), found["skipped"]),
        Part("failed", "failed", _("cannot be done") if planned else _("failed"), found["failed"]),
    ]
    return _drawn([p for p in kept + others if p.count])


def _drawn(counted: list[Part]) -> list[Part]:
    total = sum(p.count for p in counted)
    drawn, x = [], 0
    widths = [max(_THINNEST, round(_UNITS * p.count / total)) for p in counted]
    for part, width in zip(counted, widths, strict=True):
        # What the thin ones got too much is cut off at the right edge of the widest.
        fitted = width - (sum(widths) - _UNITS if width == max(widths) else 0)
        drawn.append(Part(part.show, part.css, part.label, part.count, x, fitted))
        x += fitted
    return drawn


def filters(job: Job) -> list[tuple[str, str, int]]:
    """Return what the lines can be narrowed to: (filter, label, how many)."""
    counts, found = summary_counts(job), outcome_counts(job)
    kind, said = kind_of(job), kind_of(job).wording(job)
    planned = job.state in {State.PLANNED, State.PLANNING}
    known = [
        ("planned", capfirst(said.to_do) if planned else _("Not done"), found["planned"]),
        (kind.applied, capfirst(said.done), found[kind.applied]),
        (CHANGED, _("Barcode changed"), counts.get(CHANGED, 0)),
        ("skipped", _("Skipped"), found["skipped"]),
        ("failed", _("Cannot be done") if planned else _("Failed"), found["failed"]),
        ("undone", _("Undone"), found["undone"]),
        ("left", _("Left as they are"), found["left"]),
    ]
    return [("", _("All"), counts["selected"]), *(k for k in known if k[2])]


def outcome_labels(job: Job) -> dict[str, str]:
    """Return the words for the outcomes of lines."""
    planned = job.state in {State.PLANNED, State.PLANNING}
    said = kind_of(job).wording(job)
    return {
        "planned": said.to_do if planned else _("not done"),
        kind_of(job).applied: said.done,
        "skipped": _("skipped"),
        "failed": _("cannot be done") if planned else _("failed"),
        "undone": _("undone"),
        "left": _("left as it is"),
    }


def progress(job: Job) -> Progress:
    """Return how far the work at hand is."""
    doing, since = {
        State.PLANNING: (_("Planning"), job.started_at),
        State.APPLYING: (kind_of(job).wording(job).doing, job.confirmed_at),
        State.UNDOING: (_("Undoing"), job.undone_at),
    }[State(job.state)]
    # 0: only reading tells how much there is to do.
    done = min(job.done, job.total) if job.total else job.done
    return Progress(
        doing=doing,
        done=done,
        total=job.total,
        percent=100 * done // job.total if job.total else 0,
        left=_time_left(since, done, job.total),
        waits=not job.lease_token,
    )


def _time_left(since: datetime | None, done: int, total: int) -> str:
    if since is None or not done or not total:
        return ""
    seconds = (timezone.now() - since).total_seconds() * (total - done) / done
    if seconds < 5:  # noqa: PLR2004  shorter than it takes to read
        return _("a few seconds left")
    if seconds < 90:  # noqa: PLR2004  people count so in seconds
        tens = max(10, round(seconds / 10) * 10)
        return ngettext("about %d second left", "about %d seconds left", tens) % tens
    minutes = round(seconds / 60)
    return ngettext("about %d minute left", "about %d minutes left", minutes) % minutes


def people(job: Job) -> list[tuple[str, str, Any]]:
    """Return who did what with the job and when: (what, who, when), in the order of time."""
    known = [
        (_("Planned"), job.created_by, job.created_at, job.way),
        (_("Confirmed"), job.confirmed_by, job.confirmed_at, _clock(job)),
        (_("Cancelled"), job.cancelled_by, _cancelled_at(job), ""),
        (_("Undone"), job.undone_by, job.undone_at, ""),
    ]
    return [(what, who(account, way), when) for what, account, when, way in known if when]


def _cancelled_at(job: Job) -> datetime | None:
    return job.finished_at if job.state == State.CANCELLED else None


def _clock(job: Job) -> str:
    return SCHEDULE if job.way == SCHEDULE else ""


def who(account: Account | None, way: str = CLI) -> str:
    """Return a person's name; without an account it was the operator, or somebody gone since."""
    if account is not None:
        return account.full_name
    if way == SCHEDULE:
        return _("the nightly schedule")
    return _("operator") if way in {CLI, ""} else _("somebody whose account is gone")


def state_sentence(job: Job) -> str:
    """Say in one sentence where a job that rests stands, with numbers."""
    counts, said = summary_counts(job), kind_of(job).wording(job)
    words = {"undone": counted(counts.get("undone", 0)), "left": intcomma(counts.get("left", 0))}
    sentences = {
        "planned": said.ready,
        "discarded": _("The plan was discarded. Nothing was changed."),
        "done": said.finished,
        "cancelled": said.cancelled,
        "undone": _("Undone: %(undone)s; left as they are: %(left)s.") % words,
        "planning stopped": _("An error stopped the plan. Nothing is changed."),
        "applying stopped": said.stopped,
        "undoing stopped": _("An error stopped the undo. Undone until then: %(undone)s.") % words,
    }
    where = job.state
    if job.state == State.CANCELLED and not job.confirmed_at:
        where = "discarded"
    elif job.state == State.FAILED:
        where = f"{job.failed_state} stopped"
    return sentences[where]
