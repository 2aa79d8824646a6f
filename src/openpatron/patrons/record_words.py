"""How pages and commands speak of jobs on whole records, and the lines of their summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _, ngettext

from openpatron.ledger.kinds import Head, Wording

from . import field_words
from .association_words import counted, not_touched
from .lines import Cell
from .models import LISTED
from .summary import number_of_applied

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Told
    from openpatron.ledger.models import Change, Job

COLUMNS = (
    "patron_id", "name", "line", "listed", "detail", "outcome", "reason", "edit_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecordLine:
    """What a job did, or would do, to one record; ``detail`` says which, beside the name."""

    patron_id: int
    name: str
    line: int | None
    listed: str
    detail: str
    outcome: str
    reason: str
    edit_url: str
    cells: tuple[Cell, ...]
    # What it is about, where it is no person.
    said: str = ""

    @property
    def entry(self) -> str:
        """What stood in the list, where it leads nowhere; or that nobody is named any more."""
        if self.said:
            return self.said
        if self.line is not None:
            return _("Line %(line)d: “%(listed)s”") % {"line": self.line, "listed": self.listed}
        return "" if self.name else _("forgotten")

    @property
    def written(self) -> Mapping[str, Any]:
        """The columns as they are."""
        return {name: getattr(self, name) for name in COLUMNS}


def line(row: Change, told: Told, details: tuple[str, ...], said: str = "") -> RecordLine:
    """Return one record's line; a name that is gone stands in the change until it is forgotten."""
    is_listed = row.subject_kind == LISTED
    return RecordLine(
        patron_id=0 if is_listed else row.subject_id,
        name="" if is_listed else told.name or str(row.before.get("name", "")),
        line=row.subject_id if is_listed else None,
        listed=str(row.before.get("listed", "")) if is_listed else "",
        detail=details[0],
        outcome=told.outcome,
        reason=told.reason,
        edit_url=told.edit_url,
        cells=tuple(Cell(text) for text in details),
        said=said,
    )


def head(label: str) -> Head:
    """Return a column."""
    return Head(label, label, label, empty="–", is_wide=True)


def removal(job: Job, facts: list[str]) -> Wording:
    """Return how to speak of a job that removes records."""
    n, gone = job.planned_rows, job.applied_rows
    words = {"patrons": counted(number_of_applied(job))}
    remove = ngettext("Remove %s patron", "Remove %s patrons", n) % intcomma(n)
    return Wording(
        to_do=_("to be removed"),
        done=_("removed"),
        doing=_("Removing patrons"),
        ready=_("The plan is ready: %(patrons)s to be removed. Nothing is removed yet.") % words,
        finished=_("Done: %(patrons)s removed.") % words,
        cancelled=_("Cancelled on the way: %(patrons)s removed. What is done stays done.") % words,
        stopped=_("An error stopped this job. Removed until then: %(patrons)s.") % words,
        nobody=_("Nobody is selected, so there is nothing to do."),
        title=_("%(remove)s?") % {"remove": remove},
        question=_("%(remove)s?") % {"remove": remove},
        confirm=remove,
        confirm_yes=ngettext("Yes, remove %s patron", "Yes, remove %s patrons", n) % intcomma(n),
        facts=[*facts, *not_touched(job)],
        undo_yes=ngettext("Yes, bring back %s patron", "Yes, bring back %s patrons", gone)
        % intcomma(gone),
        undo_facts=[
            _("%(patrons)s come back as they were, with their card numbers.")
            % {"patrons": counted(gone)},
            _("Who was erased or registered again since is left as it is, and listed."),
        ],
    )


def merging(job: Job) -> Wording:
    """Return how to speak of a job that merges records."""
    n, gone = job.planned_rows, job.applied_rows
    done = number_of_applied(job)
    pairs = {"pairs": ngettext("%s pair", "%s pairs", done) % intcomma(done)}
    merge = ngettext("Merge %s pair", "Merge %s pairs", n) % intcomma(n)
    return Wording(
        to_do=_("to be merged"),
        done=_("merged"),
        doing=_("Merging patrons"),
        ready=_("The plan is ready: %(pairs)s to be merged. Nothing is changed yet.") % pairs,
        finished=_("Done: %(pairs)s merged.") % pairs,
        cancelled=_("Cancelled on the way: %(pairs)s merged. What is done stays done.") % pairs,
        stopped=_("An error stopped this job. Merged until then: %(pairs)s.") % pairs,
        nobody=_("There is no pair to merge."),
        title=_("%(merge)s?") % {"merge": merge},
        question=_("%(merge)s?") % {"merge": merge},
        confirm=merge,
        confirm_yes=ngettext("Yes, merge %s pair", "Yes, merge %s pairs", n) % intcomma(n),
        facts=[
            _("All that belongs to the other record goes to the one that stays."),
            _("The other account loses its registration here. The person signs in with the one."),
            *not_touched(job),
            _("You can undo this as long as nothing of them is changed."),
        ],
        undo_yes=ngettext("Yes, undo %s pair", "Yes, undo %s pairs", gone) % intcomma(gone),
        undo_facts=[
            _("Each pair becomes two records again, as they were."),
            _("Pairs of which something was changed since are left as they are, and listed."),
        ],
    )


def erasure(job: Job, *, what: str, facts: list[str]) -> Wording:
    """Return how to speak of a job that erases or forgets, for good; ``what`` has its number."""
    done = {"n": intcomma(number_of_applied(job))}
    return Wording(
        to_do=_("to be erased"),
        done=_("erased"),
        doing=_("Erasing"),
        ready=_("The plan is ready: %s. Nothing is erased yet.") % what,
        finished=_("Done. Erased: %(n)s.") % done,
        cancelled=_("Cancelled on the way. Erased until then: %(n)s.") % done,
        stopped=_("An error stopped this job. Erased until then: %(n)s.") % done,
        nobody=_("There is nothing to erase."),
        title=_("Erase %s?") % what,
        question=_("Erase %s? This cannot be undone.") % what,
        confirm=_("Erase %s") % what,
        confirm_yes=_("Yes, erase %s for good") % what,
        facts=[*facts, *not_touched(job)],
        undo_yes="",
        undo_facts=[],
    )


def reason(change: Change) -> str:
    """Return the reason of a change as a sentence."""
    found = _REASONS.get(change.reason)
    return found() if found else field_words.reason(change, "") or _REASONS["open"]()


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "own": lambda: _("This is your own record. Somebody else has to do this."),
    "above": lambda: _("Holds rights that you do not hold, so the record stays as it is."),
    "homeroom": lambda: _("Leads a homeroom. Give it another supervisor first."),
    "open": lambda: _("Something of this patron is still open."),
    "shared": lambda: _("The personal data of the account that stays cannot be chosen here."),
    "kept": lambda: _("The account is registered again, or somebody else erased it."),
    "erased": lambda: _("The person was erased or forgotten since. Nothing is left to restore."),
    "registered_again": lambda: _("The person was registered again since; left as it is."),
    "id_taken": lambda: _("Another patron has the district id now; left as it is."),
    "owned": lambda: _(
        "A source owns what was chosen from the other record. Choose what the record that stays "
        "has."
    ),
    "key_taken": lambda: _("Another patron has the key in the source now; left as it is."),
    "asked_twice": lambda: _(
        "Both records wait for the same item. Cancel one of the requests first."
    ),
    "value_gone": lambda: _("Something that the record needs no longer exists; left as it is."),
}
