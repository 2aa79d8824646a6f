"""How pages and commands speak of a run, and the lines of its summary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Q
from django.utils.translation import gettext as _, ngettext

from openpatron.ledger.kinds import Head, Wording
from openpatron.ledger.models import Change, Outcome
from openpatron.patrons.lines import Cell
from openpatron.patrons.models import SUBJECT
from openpatron.patrons.summary import number_of_applied

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Told
    from openpatron.ledger.models import Job

COLUMNS = ("patron_id", "homeroom_id", "name", "before", "after", "outcome", "reason", "edit_url")


@dataclass(frozen=True, slots=True)
class SyncLine:
    """What a run did, or would do, to one account or homeroom."""

    patron_id: int
    homeroom_id: int | None
    name: str
    before: str
    after: str
    outcome: str
    reason: str
    edit_url: str

    @property
    def entry(self) -> str:
        """The homeroom, where the line is about one."""
        if self.homeroom_id is None:
            return ""
        return _("Homeroom %s") % (self.after or self.before)

    @property
    def cells(self) -> tuple[Cell, ...]:
        """What the platform had, and what it gets."""
        nothing = _("not delivered")
        return (Cell(self.after or nothing, self.before or nothing),)

    @property
    def written(self) -> Mapping[str, Any]:
        """The columns as they are."""
        return {name: getattr(self, name) for name in COLUMNS}


def line(row: Change, told: Told) -> SyncLine:
    """Return the line of a change."""
    is_patron = row.subject_kind == SUBJECT
    return SyncLine(
        patron_id=row.subject_id if is_patron else 0,
        homeroom_id=None if is_patron else row.subject_id,
        name=told.name,
        before=str(row.before.get("delivered") or ""),
        after=str(row.after.get("delivered") or ""),
        outcome=told.outcome,
        reason=told.reason,
        edit_url=told.edit_url,
    )


def head() -> Head:
    """Return the one column."""
    label = _("At the platform")
    return Head(label, label, label, empty="–", is_wide=True)


def entries(n: int) -> str:
    """Return the number with its word."""
    return ngettext("%s entry", "%s entries", n) % intcomma(n)


def wording(job: Job) -> Wording:
    """Return how to speak of a run."""
    n = job.planned_rows
    words = {"entries": entries(number_of_applied(job)), "site": job.params["source_name"]}
    deliver = ngettext("Deliver %s entry", "Deliver %s entries", n) % intcomma(n)
    return Wording(
        to_do=_("to be delivered"),
        done=_("delivered"),
        doing=_("Delivering"),
        ready=_("The plan is ready: %(entries)s to be delivered. Nothing is delivered yet.")
        % words,
        finished=_("Done: %(entries)s delivered.") % words,
        cancelled=_("Cancelled on the way: %(entries)s delivered. The next run does the rest.")
        % words,
        stopped=_("An error stopped this run. Delivered until then: %(entries)s.") % words,
        nobody=_("The platform has everything of %(site)s already.") % words,
        title=_("%s?") % deliver,
        question=_("%s?") % deliver,
        confirm=deliver,
        confirm_yes=_("Yes, deliver"),
        facts=[
            _("Accounts and homerooms of %(site)s as they stand now go to the platforms.") % words,
            _("A run cannot be undone: change what is wrong, and synchronize again."),
        ],
        undo_yes="",
        undo_facts=[],
    )


NOTHING = {"new": 0, "changed": 0, "gone": 0}


def what_was_new(jobs: Iterable[int]) -> dict[int, dict[str, int]]:
    """Return of each run how many entries were, or would be, new, changed and gone; one query."""
    done = Change.objects.filter(job__in=list(jobs), outcome__in=(Outcome.PLANNED, Outcome.APPLIED))
    new, gone = Q(before__delivered=""), Q(after__delivered="")
    rows = (
        done.order_by()
        .values("job")
        .annotate(
            new=Count("pk", filter=new),
            changed=Count("pk", filter=~new & ~gone),
            gone=Count("pk", filter=gone & ~new),
        )
    )
    return {
        row["job"]: {"new": row["new"], "changed": row["changed"], "gone": row["gone"]}
        for row in rows
    }


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "unchanged": lambda: _("The platform has it so already."),
    "no_supervisor": lambda: _(
        "The site has no supervisor any more. Choose one in its settings, then synchronize again."
    ),
}


def reason(change: Change) -> str:
    """Return the reason of a change as a sentence."""
    return _REASONS.get(change.reason, lambda: "")()
