"""How pages and commands speak of the job *add associations*."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _, ngettext

from openpatron.ledger.kinds import Head, Wording

from .lines import Line
from .selection import FIELDS
from .summary import number_of_applied, summary_counts

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Told
    from openpatron.ledger.models import Change, Job

NUMBERED = ("taken", "taken_since", "no_barcode")
"""The reasons why a patron gets the next number of the site instead of keeping the present one."""


def counted(n: int) -> str:
    """Return the number with its word: “412 patrons”."""
    return ngettext("%s patron", "%s patrons", n) % intcomma(n)


def not_touched(job: Job) -> list[str]:
    """Say how many of the selected patrons the job leaves alone."""
    counts = summary_counts(job)
    others = counts["skipped"] + counts["failed"]
    if not others:
        return []
    text = ngettext(
        "%s other selected patron is not touched.",
        "%s other selected patrons are not touched.",
        others,
    )
    return [text % intcomma(others)]


def wording(job: Job) -> Wording:
    """Return how to speak of the job."""
    n, gone = job.planned_rows, job.applied_rows
    words = {"added": counted(number_of_applied(job))}
    return Wording(
        to_do=_("to be added"),
        done=_("added"),
        doing=_("Adding associations"),
        ready=_("The plan is ready: %(added)s to be added. Nothing is changed yet.") % words,
        finished=_("Done: %(added)s added.") % words,
        cancelled=_("Cancelled on the way: %(added)s added. What is done stays done.") % words,
        stopped=_("An error stopped this job. Added until then: %(added)s.") % words,
        nobody=_("No patron at %(site)s has %(field)s %(value)s, so there is nothing to do.")
        % {
            "site": job.params["source_name"],
            "field": FIELDS[job.params["whose"]].label,
            "value": job.params["value_name"],
        },
        title=_("Add %d associations?") % n,
        question=ngettext(
            "Add %(n)d association with %(site)s?", "Add %(n)d associations with %(site)s?", n
        )
        % {"n": n, "site": job.params["target_name"]},
        confirm=ngettext("Add %s association", "Add %s associations", n) % intcomma(n),
        confirm_yes=ngettext("Yes, add %s association", "Yes, add %s associations", n)
        % intcomma(n),
        facts=_what_confirming_does(job),
        undo_yes=ngettext("Yes, remove %s association", "Yes, remove %s associations", gone)
        % intcomma(gone),
        undo_facts=_what_undoing_does(job),
    )


def _what_confirming_does(job: Job) -> list[str]:
    """Say what happens to how many patrons, where, with which type and level."""
    counts, asked = summary_counts(job), job.params
    words = {
        "patrons": counted(counts["added"]),
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
    return [*facts, *not_touched(job), _("You can undo this afterwards.")]


def _what_undoing_does(job: Job) -> list[str]:
    """Say what an undo takes away, and what it leaves."""
    words = {"patrons": counted(job.applied_rows), "to": job.params["target_name"]}
    return [
        _("%(patrons)s lose the association with %(to)s that this job gave them.") % words,
        _("The barcodes that they got at %(to)s are given to nobody else.") % words,
        _("Patrons whom somebody has changed or used since are left as they are, and listed."),
    ]


def notes(job: Job) -> list[tuple[str, int]]:
    """Return why patrons get a new barcode: (sentence, how many)."""
    words = {"to": job.params.get("target_name"), "at": job.params.get("source_name")}
    sentences = {
        "taken": _("Their number is taken at %(to)s by another patron.") % words,
        "taken_since": _("Their number was taken at %(to)s after the preview.") % words,
        "no_barcode": _("They have no barcode at %(at)s.") % words,
    }
    found = [
        (sentences[reason], sum(reasons.get(reason, 0) for reasons in job.counts.values()))
        for reason in NUMBERED
    ]
    return [(sentence, n) for sentence, n in found if n]


def heads(job: Job) -> tuple[Head, ...]:
    """Return the columns: barcode, type and level."""
    return (
        Head(
            _("Barcode at %(site)s") % {"site": job.params["target_name"]},
            _("Barcode"),
            _("Barcode"),
            empty="–",
            is_wide=True,
        ),
        Head(_("Patron type"), _("Patron type"), _("Type")),
        Head(_("Access level"), _("Access level"), _("Level")),
    )


def line(row: Change, told: Told) -> Line:
    """Return one patron's line."""
    before, after = row.before.get("barcode"), row.after.get("barcode")
    assigns = row.outcome not in {"skipped", "conflict", "failed"}
    # An undo that leaves a row gives it the reason for that.
    changed = row.reason in NUMBERED or (row.outcome == "left" and before != after)
    return Line(
        patron_id=row.subject_id,
        name=told.name,
        barcode=after,
        previous_barcode=before if assigns and changed else None,
        patron_type=row.after.get("patron_type", "") if assigns else "",
        access_level=row.after.get("access_level", "") if assigns else "",
        outcome=told.outcome,
        reason=told.reason,
        edit_url=told.edit_url,
        barcode_changed=row.reason in NUMBERED and assigns,
    )


# Functions, because the language is only known when somebody reads.
REASONS = {
    "associated": lambda: _("Is associated with %(site)s already."),
    "taken": lambda: _("Barcode %(old)s is taken at %(site)s by another patron."),
    "taken_since": lambda: _(
        "The number was taken at %(site)s after the preview; the next one was given."
    ),
    "no_barcode": lambda: _("Has no barcode at %(source)s."),
    "exhausted": lambda: _(
        "All numbers of the range of %(site)s are given. Widen the range and run again."
    ),
    "no_pattern": lambda: _(
        "%(site)s has no barcode pattern, so no number can be given. Set one and run again."
    ),
    "held": lambda: _("Has a barcode at %(site)s already, which stays."),
    "gone": lambda: _("The patron record no longer exists."),
    "no_longer_selected": lambda: _(
        "Was changed after the preview and no longer fits the selection."
    ),
    "changed_since": lambda: _("Was changed or used after the job; left as it is."),
}
