"""How pages and commands speak of the run of a feed, and the lines of its summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _, ngettext

from openpatron.ledger.kinds import Head, Told, Wording
from openpatron.ledger.models import Change, Job
from openpatron.patrons.association_words import counted, not_touched
from openpatron.patrons.lines import Cell
from openpatron.patrons.models import SUBJECT
from openpatron.patrons.summary import number_of_applied

from .run_context import BOOK

COLUMNS = ("patron_id", "name", "line", "action", "changes", "outcome", "reason", "edit_url")
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class FeedLine:
    """What a run did, or would do, with one row; ``changes`` is [field, from, to] for each."""

    patron_id: int
    name: str
    line: int
    action: str
    changes: list[list[str]]
    outcome: str
    reason: str
    edit_url: str
    cells: tuple[Cell, ...]

    @property
    def entry(self) -> str:
        """Say where it stands in the file, where there is no name to show."""
        return _("Row %d") % self.line if self.line else _("forgotten")

    @property
    def written(self) -> Mapping[str, Any]:
        """The columns as they are."""
        return {name: getattr(self, name) for name in COLUMNS}


def line(row: Change, told: Told) -> FeedLine:
    """Return one row's line."""
    book = row.after.get(BOOK, {})
    names = (row.after.get("first_name"), row.after.get("last_name"))
    named = " ".join(str(name) for name in names if name) or book.get("name", "")
    is_patron = row.subject_kind == SUBJECT
    changes = [
        [name, str(row.before.get(name, "")), str(value)]
        for name, value in row.after.items()
        if not name.startswith("_")
    ]
    action = _ACTIONS.get(row.reason, "")
    if row.reason in {"", "numbered"} and BOOK not in row.before:
        action = "created"
    return FeedLine(
        patron_id=row.subject_id if is_patron else 0,
        name=told.name or named,
        line=book.get("line", 0),
        action=action,
        changes=changes,
        outcome=told.outcome,
        reason=told.reason,
        edit_url=told.edit_url,
        cells=(
            Cell(str(book.get("line") or "")),
            Cell(_spoken(changes, is_new=action == "created")),
        ),
    )


_ACTIONS = {
    "updated": "updated", "updated_protected": "updated", "withdrawn": "withdrawn",
    "reactivated": "reactivated", "protected": "protected", "received": "unchanged",
    "exists": "unchanged", "missing": "missing", "twice": "merged", "another_site": "merged",
}  # fmt: skip


def _spoken(changes: list[list[str]], *, is_new: bool) -> str:
    if is_new:
        known = {name: now for name, _was, now in changes}
        told = (known.get(n) for n in ("site", "patron_type", "grade_level", "barcode"))
        return " · ".join(text for text in told if text)
    said = [f"{name}: {was or '–'} → {now or '–'}" for name, was, now in changes[:_SHOWN]]
    return "; ".join([*said, "…"] if len(changes) > _SHOWN else said)


def heads() -> tuple[Head, ...]:
    """Return the row's number and what changes."""
    return (
        Head(_("Row"), _("Row"), _("Row")),
        Head(_("What changes"), _("What changes"), _("What changes"), empty="–", is_wide=True),
    )


def wording(job: Job, why_it_waits: list[str]) -> Wording:
    """Return how to speak of the job."""
    n, gone = job.planned_rows, job.applied_rows
    rows = {"rows": _rows(number_of_applied(job))}
    apply_it = ngettext("Apply %s row", "Apply %s rows", n) % intcomma(n)
    ready = _("The plan is ready: %(rows)s to be applied. Nothing is changed yet.") % rows
    return Wording(
        to_do=_("to be applied"),
        done=_("applied"),
        doing=_("Applying the feed"),
        ready=" ".join([ready, *why_it_waits]),
        finished=_("Done: %(rows)s applied.") % rows,
        cancelled=_("Cancelled on the way: %(rows)s applied. What is done stays done.") % rows,
        stopped=_("An error stopped this job. Applied until then: %(rows)s.") % rows,
        nobody=_("Everybody is as the source says. There is nothing to do."),
        title=_("%(apply)s?") % {"apply": apply_it},
        question=_("%(apply)s?") % {"apply": apply_it},
        confirm=apply_it,
        confirm_yes=ngettext("Yes, apply %s row", "Yes, apply %s rows", n) % intcomma(n),
        facts=[
            *why_it_waits,
            _("What the source does not own, and what is protected, stays as it is."),
            *not_touched(job),
            _("You can undo this as long as nothing of it is changed."),
        ],
        undo_yes=ngettext("Yes, undo %s row", "Yes, undo %s rows", gone) % intcomma(gone),
        undo_facts=[
            _("%(patrons)s are put back as they were; who was created is removed.")
            % {"patrons": counted(gone)},
            _("Whom somebody has changed since is left as they are, and listed."),
        ],
    )


def _rows(number: int) -> str:
    return ngettext("%s row", "%s rows", number) % intcomma(number)


def reason(change: Change) -> str:
    """Return the reason of a change as a sentence."""
    found = _REASONS.get(change.reason)
    book = change.after.get(BOOK, {}) if change.after else {}
    detail = str(book.get("detail", ""))
    if change.reason == "invalid":
        return detail or _("A value cannot be taken.")
    return found() % {"found": detail or "…"} if found else ""


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "numbered": lambda: _("Gets the next card number."),
    "updated": lambda: _("Updated."),
    "updated_protected": lambda: _("Updated, but for what is protected."),
    "protected": lambda: _("Protected: left as it is."),
    "reactivated": lambda: _("Delivered again, so active again."),
    "withdrawn": lambda: _("Not in the feed any more, so withdrawn."),
    "missing": lambda: _("Not in the feed. Withdrawn if it stays away."),
    "received": lambda: _("Nothing of ours changes."),
    "exists": lambda: _("Is there already; this source only creates."),
    "twice": lambda: _(
        "The person of row %(found)s again. The two are one; what stands further down counts."
    ),
    "another_site": lambda: _(
        "The person of row %(found)s again, at another site. The two are one, with an association "
        "with each site."
    ),
    "no_key": lambda: _(
        "Nothing says who this is: all columns that tell people apart are empty. Fill one."
    ),
    "no_name": lambda: _("The last name is missing. Fill it in."),
    "no_site": lambda: _("No site is named. Name one, or give the source a default site."),
    "no_type": lambda: _("No patron type is named. Name one, or give the source a default."),
    "no_level": lambda: _("No access level is named. Name one, or give the source a default."),
    "unknown_site": lambda: _("There is no site “%(found)s”. Map it, or correct it."),
    "unknown_type": lambda: _("There is no patron type “%(found)s”. Map it, or correct it."),
    "unknown_level": lambda: _("There is no access level “%(found)s”. Map it, or correct it."),
    "unknown_group": lambda: _("There is no resource group “%(found)s” there."),
    "above": lambda: _("You may not give the access level “%(found)s” there."),
    "person_above": lambda: _(
        "Holds rights that you do not hold, so the record stays as it is. Ask who holds them."
    ),
    "taken": lambda: _("“%(found)s” is taken. Give another, or leave it empty."),
    "id_taken": lambda: _("District ID “%(found)s” is another patron's. Correct one of the two."),
    "key_taken": lambda: _("The source's ID belongs to another patron here who keeps it."),
    "barcode_taken": lambda: _("Barcode %(found)s is taken. Give another, or leave it empty."),
    "exhausted": lambda: _("All card numbers of %(found)s are given. Widen its range."),
    "same_patron": lambda: _("Another row of this file already stands for this patron."),
    "other_source": lambda: _("This patron belongs to another source. Unlink it there first."),
    "link": lambda: _(
        "An internal patron has the same ID. Link the two on the page of the feed, or correct the "
        "ID of one of them."
    ),
    "alike": lambda: _(
        "An internal patron is nearly called so and was born on the same day. Say on the page of "
        "the feed whether they are one person, and feed the file again."
    ),
    "gone": lambda: _("The record is no longer there."),
    "changed_since": lambda: _("Somebody has changed it since; left as it is."),
    "value_taken": lambda: _("Somebody else has the earlier value now; left as it is."),
    "own": lambda: _("This is your own record. Somebody else has to do this."),
    "homeroom": lambda: _("Leads a homeroom. Give it another supervisor first."),
    "open": lambda: _("Something of this patron is still open."),
}
