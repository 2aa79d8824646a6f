"""How pages speak of a job: its counts as a bar, its progress, who and when, what a yes does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.access.actor import CLI
from openpatron.ledger.models import State
from openpatron.organizations.models import Site
from openpatron.patrons.summary import NUMBERED, outcome_counts, summary_counts

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
        return _("%(doing)s: %(percent)d percent.") % {
            "doing": self.doing,
            "percent": self.percent // 25 * 25,
        }


def parts(job: Job) -> list[Part]:
    """Return the parts of the bar that are not empty."""
    counts, found = summary_counts(job), outcome_counts(job)
    changed = counts["barcode_changed"]
    planned = job.state in {State.PLANNED, State.PLANNING}
    if planned:
        kept = [
            Part("planned", "kept", _("to be added, barcode kept"), found["planned"] - changed),
            Part(CHANGED, "changed-part", _("to be added with a new barcode"), changed),
        ]
    elif found["undone"] or found["left"]:
        kept = [
            Part("added", "kept", _("added"), found["added"]),
            Part("undone", "undone", _("undone"), found["undone"]),
            Part("left", "left", _("left as they are"), found["left"]),
        ]
    else:
        kept = [
            Part("added", "kept", _("added, barcode kept"), found["added"] - changed),
            Part(CHANGED, "changed-part", _("added with a new barcode"), changed),
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
    planned = job.state in {State.PLANNED, State.PLANNING}
    known = [
        ("planned", _("To be added") if planned else _("Not done"), found["planned"]),
        ("added", _("Added"), found["added"]),
        (CHANGED, _("Barcode changed"), counts["barcode_changed"]),
        ("skipped", _("Skipped"), found["skipped"]),
        ("failed", _("Cannot be done") if planned else _("Failed"), found["failed"]),
        ("undone", _("Undone"), found["undone"]),
        ("left", _("Left as they are"), found["left"]),
    ]
    return [("", _("All"), counts["selected"]), *(k for k in known if k[2])]


def outcome_labels(job: Job) -> dict[str, str]:
    """Return the words for the outcomes of lines."""
    planned = job.state in {State.PLANNED, State.PLANNING}
    return {
        "planned": _("to be added") if planned else _("not done"),
        "added": _("added"),
        "skipped": _("skipped"),
        "failed": _("cannot be done") if planned else _("failed"),
        "undone": _("undone"),
        "left": _("left as it is"),
    }


def progress(job: Job) -> Progress:
    """Return how far the work at hand is."""
    doing, since = {
        State.PLANNING: (_("Planning"), job.started_at),
        State.APPLYING: (_("Adding associations"), job.confirmed_at),
        State.UNDOING: (_("Undoing"), job.undone_at),
    }[State(job.state)]
    done = min(job.done, job.total)
    return Progress(
        doing=doing,
        done=done,
        total=job.total,
        percent=100 * done // job.total if job.total else 0,
        left=_time_left(since, done, job.total),
        waits=not job.lease_token,
    )


def _time_left(since: datetime | None, done: int, total: int) -> str:
    if since is None or not done:
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
        (_("Confirmed"), job.confirmed_by, job.confirmed_at, ""),
        (_("Cancelled"), job.cancelled_by, _cancelled_at(job), ""),
        (_("Undone"), job.undone_by, job.undone_at, ""),
    ]
    return [(what, who(account, way), when) for what, account, when, way in known if when]


def _cancelled_at(job: Job) -> datetime | None:
    return job.finished_at if job.state == State.CANCELLED else None


def who(account: Account | None, way: str = CLI) -> str:
    """Return a person's name; without an account it was the operator, or somebody gone since."""
    if account is not None:
        return account.full_name
    return _("operator") if way in {CLI, ""} else _("somebody whose account is gone")


def state_sentence(job: Job) -> str:
    """Say in one sentence where a job that rests stands, with numbers."""
    counts = summary_counts(job)
    sentences = {
        "planned": _("The plan is ready: %(added)s to be added. Nothing is changed yet."),
        "discarded": _("The plan was discarded. Nothing was changed."),
        "done": _("Done: %(added)s added."),
        "cancelled": _("Cancelled on the way: %(added)s added. What is done stays done."),
        "undone": _("Undone: %(undone)s; left as they are: %(left)s."),
        "planning stopped": _("An error stopped the plan. Nothing is changed."),
        "applying stopped": _("An error stopped this job. Added until then: %(added)s."),
        "undoing stopped": _("An error stopped the undo. Undone until then: %(undone)s."),
    }
    where = job.state
    if job.state == State.CANCELLED and not job.confirmed_at:
        where = "discarded"
    elif job.state == State.FAILED:
        where = f"{job.failed_state} stopped"
    return sentences[where] % {
        "added": patrons(counts["added"]),
        "undone": patrons(counts.get("undone", 0)),
        "left": intcomma(counts.get("left", 0)),
    }


def patrons(n: int) -> str:
    """Return the number with its word: “412 patrons”."""
    return ngettext("%s patron", "%s patrons", n) % intcomma(n)


def new_barcode_reasons(job: Job) -> list[tuple[str, int]]:
    """Return why patrons get a new barcode: (sentence, how many)."""
    words = {"to": job.params.get("target_name"), "at": job.params.get("source_name")}
    sentences = {
        "taken": _("Their number is taken at %(to)s by another patron.") % words,
        "taken_since": _("Their number was taken at %(to)s after the preview.") % words,
        "no_barcode": _("They have no barcode at %(at)s.") % words,
    }
    counted = [
        (sentences[reason], sum(reasons.get(reason, 0) for reasons in job.counts.values()))
        for reason in NUMBERED
    ]
    return [(sentence, n) for sentence, n in counted if n]


def confirm_label(job: Job, *, yes: bool = False) -> str:
    """Return what the button says that sets the plan to work."""
    n = job.planned_rows
    if yes:
        text = ngettext("Yes, add %s association", "Yes, add %s associations", n)
    else:
        text = ngettext("Add %s association", "Add %s associations", n)
    return text % intcomma(n)


def undo_label(job: Job, *, yes: bool = False) -> str:
    """Return what the button says that takes the job back."""
    n = job.applied_rows
    if yes:
        text = ngettext("Yes, remove %s association", "Yes, remove %s associations", n)
        return text % intcomma(n)
    return _("Undo")


def what_confirming_does(job: Job) -> list[str]:
    """Say what happens to how many patrons, where, with which type and level."""
    counts, asked = summary_counts(job), job.params
    words = {
        "patrons": patrons(counts["added"]),
        "at": asked["source_name"],
        "to": asked["target_name"],
        "type": asked["patron_type_name"],
        "level": asked["access_level_name"],
        "group": asked.get("resource_group_name"),
    }
    facts = [
        _(
            "%(patrons)s of %(at)s get an association with %(to)s, with the patron type %(type)s "
            "and the access level %(level)s."
        )
        % words
    ]
    if words["group"]:
        facts.append(_("At %(to)s they are in the resource group %(group)s.") % words)
    changed = counts["barcode_changed"]
    if changed:
        facts.append(
            ngettext(
                "%(n)s of them gets a new barcode at %(to)s; the one at %(at)s stays.",
                "%(n)s of them get a new barcode at %(to)s; those at %(at)s stay.",
                changed,
            )
            % (words | {"n": intcomma(changed)})
        )
    others = counts["skipped"] + counts["failed"]
    if others:
        facts.append(
            ngettext(
                "%s other selected patron is not touched.",
                "%s other selected patrons are not touched.",
                others,
            )
            % intcomma(others)
        )
    facts.append(_("You can undo this afterwards."))
    return facts


def what_undoing_does(job: Job) -> list[str]:
    """Say what an undo takes away, and what it leaves."""
    words = {"patrons": patrons(job.applied_rows), "to": job.params["target_name"]}
    return [
        _("%(patrons)s lose the association with %(to)s that this job gave them.") % words,
        _("The barcodes that they got at %(to)s are given to nobody else.") % words,
        _("Patrons whom somebody has changed or used since are left as they are, and listed."),
    ]


def sentence_of(job: Job) -> dict[str, str]:
    """Return the words of the sentence that the job came from; sites by their present names."""
    asked = job.params
    names = dict(
        Site.objects.filter(pk__in=[asked["source"], asked["target"]]).values_list(
            "pk", "short_name"
        )
    )
    by_name = asked["whose"] in {"patron_type", "access_level"}
    words = {
        "at": names.get(asked["source"]),
        "whose": asked["whose"],
        "value": asked["value_name"] if by_name else asked["value"],
        "to": names.get(asked["target"]),
        "patron_type": asked["patron_type_name"],
        "access_level": asked["access_level_name"],
        "resource_group": asked.get("resource_group_name"),
    }
    return {name: str(word) for name, word in words.items() if word not in (None, "")}
