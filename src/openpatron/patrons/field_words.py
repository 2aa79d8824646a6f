"""How pages and commands speak of the jobs that set fields, and the lines of their summaries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _, ngettext

from openpatron.accounts.rules import LANGUAGES
from openpatron.ledger.kinds import Head, Wording

from . import locked_fields
from .association_words import counted, not_touched
from .lines import Cell
from .models import LISTED, Patron
from .summary import number_of_applied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openpatron.ledger.kinds import Told
    from openpatron.ledger.models import Change, Job

COLUMNS = (
    "patron_id", "name", "line", "listed", "field", "before", "after", "outcome", "reason",
    "edit_url",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldLine:
    """What a job did, or would do, to one patron's fields, or why a listed entry is nobody's.

    ``before`` and ``after`` are the first field's values as they are stored; ``more`` are further
    columns. ``line`` and ``listed`` are the place and the text of an entry that leads nowhere.
    """

    patron_id: int
    name: str
    line: int | None
    listed: str
    field: str
    before: Any
    after: Any
    outcome: str
    reason: str
    edit_url: str
    cells: tuple[Cell, ...]
    more: Mapping[str, Any]

    @property
    def entry(self) -> str:
        """What stood in the list, where it leads nowhere."""
        if self.line is None:
            return ""
        return _("Line %(line)d: “%(listed)s”") % {"line": self.line, "listed": self.listed}

    @property
    def written(self) -> Mapping[str, Any]:
        """The columns as they are."""
        return {name: getattr(self, name) for name in COLUMNS} | dict(self.more)


def line(row: Change, told: Told, keys: Mapping[str, str]) -> FieldLine:
    """Return one patron's line; ``keys`` are the fields' names by their keys in the change."""
    is_listed = row.subject_kind == LISTED
    listed = str(row.before.get("listed", "")) if is_listed else ""
    first, *others = keys
    return FieldLine(
        patron_id=0 if is_listed else row.subject_id,
        name=told.name,
        line=row.subject_id if is_listed else None,
        listed=listed,
        field=keys[first],
        before=row.before.get(first),
        after=row.after.get(first),
        outcome=told.outcome,
        reason=told.reason,
        edit_url=told.edit_url,
        cells=tuple(_cell(name, row, key) for key, name in keys.items()),
        more={keys[key]: row.after.get(key) for key in others},
    )


def _cell(name: str, row: Change, key: str) -> Cell:
    before, after = row.before.get(key), row.after.get(key)
    if row.outcome in {"conflict", "failed"} or before == after:
        return Cell(value_words(name, before))
    return Cell(value_words(name, after) or _("none"), value_words(name, before) or _("none"))


def value_words(name: str, value: Any) -> str:
    """Return a value of a change in words, "" for none."""
    if value in (None, ""):
        return ""
    if name == "status" and value in Patron.Status.values:
        return str(Patron.Status(value).label)
    if name == "expires_on":
        return date_format(date.fromisoformat(value), "SHORT_DATE_FORMAT")
    if name == "language" and value in LANGUAGES:
        return str(_(LANGUAGES[value]))
    return str(value)


def head(label: Any) -> Head:
    """Return the column of a field."""
    text = capfirst(str(label))
    return Head(text, text, text, empty="–", is_wide=True)


def wording(job: Job, *, nobody: str, facts: list[str], doing: str = "") -> Wording:
    """Return how to speak of a job that changes fields; ``facts`` say what a yes does."""
    n, gone = job.planned_rows, job.applied_rows
    words = {"changed": counted(number_of_applied(job))}
    change = ngettext("Change %s patron", "Change %s patrons", n) % intcomma(n)
    return Wording(
        to_do=_("to be changed"),
        done=_("changed"),
        doing=doing or _("Changing patrons"),
        ready=_("The plan is ready: %(changed)s to be changed. Nothing is changed yet.") % words,
        finished=_("Done: %(changed)s changed.") % words,
        cancelled=_("Cancelled on the way: %(changed)s changed. What is done stays done.") % words,
        stopped=_("An error stopped this job. Changed until then: %(changed)s.") % words,
        nobody=nobody,
        title=_("%(change)s?") % {"change": change},
        question=_("%(change)s?") % {"change": change},
        confirm=change,
        confirm_yes=ngettext("Yes, change %s patron", "Yes, change %s patrons", n) % intcomma(n),
        facts=[*facts, *not_touched(job), _("You can undo this afterwards.")],
        undo_yes=ngettext("Yes, restore %s patron", "Yes, restore %s patrons", gone)
        % intcomma(gone),
        undo_facts=[
            _("%(patrons)s get back what they had before this job.") % {"patrons": counted(gone)},
            _("Patrons whose value somebody has changed since are left as they are, and listed."),
        ],
    )


def reason(change: Change, site: str, owners: Mapping[str, str] | None = None) -> str:
    """Return the reason of a change as a sentence, without an entry as that of many.

    ``owners``: the sources' names by number, as the job keeps them.
    """
    owned = locked_fields.said(change.reason, owners)
    if owned:
        return owned
    words = {
        "site": site,
        "line": change.subject_id,
        "listed": change.before.get("listed"),
    }
    sentences = _REASONS if "listed" in change.before else _REASONS | _OF_MANY
    return sentences.get(change.reason, lambda: "")() % words


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "unchanged": lambda: _("There is nothing to change: it is so already."),
    "not_here": lambda: _("Has no association with %(site)s."),
    "above": lambda: _(
        "Has an access level at %(site)s with rights that you do not hold, so it stays."
    ),
    "staff": lambda: _("Holds rights that you do not hold. Ask who holds them."),
    "gone": lambda: _("The patron record no longer exists."),
    "no_longer_selected": lambda: _(
        "Was changed after the preview and no longer fits the selection."
    ),
    "changed_since": lambda: _("Was changed after the job; left as it is."),
    "value_gone": lambda: _("The earlier value no longer exists; left as it is."),
    "unknown": lambda: _(
        "No patron here has the barcode or district id “%(listed)s” (line %(line)s)."
    ),
    "several": lambda: _(
        "Several patrons hold barcode “%(listed)s” (line %(line)s). Name the site, or use the "
        "district id."
    ),
    "twice": lambda: _("“%(listed)s” (line %(line)s) is a patron who stands in the list before."),
}
_OF_MANY = {
    "unknown": lambda: _("Entries that are no patron’s barcode or district id here."),
    "several": lambda: _("Barcodes that several patrons hold. Name the site, or use district ids."),
    "twice": lambda: _("Entries for a patron who stands in the list before."),
}
