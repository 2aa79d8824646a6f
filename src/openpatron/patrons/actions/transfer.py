"""Transfer many patrons: an association with another site takes the place of the one they have.

The association itself moves, so that the primary one stays the primary one. Type and level are
given anew, the homeroom is cleared, and the barcode follows the rule of ``add_associations``,
whose statements plan this job too; the card at the old site is retired. An undo brings all back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.sql import Params, execute, statement
from openpatron.ledger.kinds import Step
from openpatron.ledger.models import Outcome
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Site
from openpatron.patrons import field_words
from openpatron.patrons.actions.add_associations import AddAssociations
from openpatron.patrons.association_batches import Batch, Statements
from openpatron.patrons.association_words import counted
from openpatron.patrons.external import SITE
from openpatron.patrons.field_jobs import Writing, field_statement, lock_patrons
from openpatron.patrons.kept_association import KEPT, LOST, kept_id
from openpatron.patrons.levels_above import levels_above
from openpatron.patrons.locked_fields import JOIN, REASON, names_of_sources, owned_fields
from openpatron.patrons.new_tie import NewTie, params_of_tie, site_of_patrons, where_to
from openpatron.patrons.people import TIE
from openpatron.patrons.whom import (
    Whom,
    again_of,
    choose,
    nobody_of,
    people_of,
    plan_listed,
    said_of,
)

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.ledger.models import Change, Job
    from openpatron.patrons.lines import JobLine

KIND = "transfer"
PERMISSION = "patrons.manage_district"
_HERE = "openpatron.patrons"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, from which site (``whom.at``), and what then."""

    whom: Whom
    new: NewTie


def ask(
    actor: Actor,
    *,
    to: str,
    patron_type: str,
    access_level: str,
    resource_group: str = "",
    **words: Any,
) -> Asked:
    """Check the words, all as typed; those that are not named are those of ``whom.choose``.

    ``at`` is the site that they leave, however they are selected. Raises ``NotAllowedError``, or
    ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    whom = choose(actor, **words)
    source = site_of_patrons(words.get("at", ""), "at")
    new = where_to(
        actor,
        source,
        to=to,
        patron_type=patron_type,
        access_level=access_level,
        resource_group=resource_group,
    )
    return Asked(whom, new)


def plan_transfer(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    at = asked.whom.at
    params = asked.whom.params | params_of_tie(asked.new)
    params["source_short"] = at.short_name if at else None
    params["owners"] = names_of_sources()
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class Transfer(AddAssociations):
    """The kind of job: the main job, but that the old association goes."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    applied: ClassVar[str] = "transferred"
    icon: ClassVar[str] = "arrows-right-left"

    def statements(self, job: Job) -> Statements:
        """Return the statements about those who are selected, at the site or not."""
        above = levels_above(self.actor(job), _source(job))
        before = (
            "JSON_OBJECT('barcode', selected.old_barcode, 'site', CAST(%(source_short)s AS text))"
        )
        owned = owned_fields([SITE])
        of_sources = [
            (f"{one.condition} AND external.source_id = {int(number)}", f"{REASON}{number}")
            for one in owned
            for number in job.params.get("owners", {})
        ]
        return Statements(
            job,
            people_of(job, self.actor(job)),
            f"{TIE} {JOIN}" if owned else TIE,
            (
                ("tie.id IS NULL", "not_here"),
                (above("tie.resource_group_id", "tie.access_level_id"), "above"),
                *of_sources,
            ),
            before,
        )

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of the selection or of the list; then give numbers."""
        if not job.params["listed"] or cursor.get("stage") == "numbers":
            return super().plan(job, cursor)
        step = plan_listed(job, cursor, self._plan_listed)
        return step if step.cursor else Step(step.rows, {"stage": "numbers", "after": 0})

    def _plan_listed(self, job: Job, listed: Params) -> int:
        params = self.params(job) | listed | {"now": timezone.now()}
        return execute(self.statements(job).plan(), params)

    def first_look(self, job: Job, batch: Batch) -> str:  # noqa: ARG002  all of them
        """Lock the patrons, so that what is found about them holds; look at all."""
        lock_patrons(batch.params)
        return "TRUE"

    def associate(self, job: Job, params: Params) -> int:  # noqa: ARG002  the rows say it
        """Move the associations; what they were stands in the changes from now on."""
        execute(statement(_HERE, "keep_transferred", kept=KEPT), params)
        return execute(statement(_HERE, "move_associations"), params)

    def retire(self, params: Params) -> None:
        """Retire the cards at the old site."""
        old = {"site": "%(source)s", "which": "TRUE"}
        execute(statement(_HERE, "retire_barcodes", **old), params)

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Move the next associations back, with their cards."""
        batch = Batch.after(cursor, Outcome.APPLIED, self.params(job))
        if batch is None:
            return Step(0, None)
        lock_patrons(batch.params)
        execute(field_statement("leave_changed_fields", self._way_back(job)), batch.params)
        moved = execute(statement(_HERE, "move_associations_back"), batch.params)
        given = {"site": "%(target)s", "which": "planned.reason <> 'held'"}
        execute(statement(_HERE, "retire_barcodes", **given), batch.params)
        execute(statement(_HERE, "revive_barcodes"), batch.params)
        if execute(statement(_HERE, "finish_undo"), batch.params) != moved:
            raise IntegrityError
        return Step(batch.rows, batch.following)

    def _way_back(self, job: Job) -> Writing:
        """Return what stands in the way of an undo."""
        above = levels_above(self.actor(job), _source(job))
        moved = (
            "moved.patron_id = patron.id AND moved.site_id = %(target)s "
            "AND moved.patron_type_id = %(patron_type)s "
            "AND moved.access_level_id = %(access_level)s AND moved.homeroom_id IS NULL"
        )
        there = f"EXISTS (SELECT 1 FROM patrons_association moved WHERE {moved})"  # noqa: S608
        return Writing(
            reason="",
            was="",
            becomes="",
            table="",
            whom="",
            values="",
            restored="",
            # Nobody is there again, and has no other card there.
            still=f"tie.id IS NULL AND card.id IS NULL AND {there}",
            touches="TRUE",
            lost=LOST,
            blocked=above(kept_id("resource_group"), kept_id("access_level")),
            tie=f"{TIE} LEFT JOIN patrons_barcode card ON card.patron_id = patron.id "
            "AND card.site_id = %(source)s AND card.state = 'current'",
        )

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        words = {"source": job.params["source_name"], "target": job.params["target_name"]}
        return _("Transfer from %(source)s to %(target)s") % words

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return _(
            "For %(who)s, replace the association with %(source)s by one with %(target)s and "
            "assign %(type)s and %(level)s."
        ) % {
            "who": said_of(job),
            "source": job.params["source_name"],
            "target": job.params["target_name"],
            "type": job.params["patron_type_name"],
            "level": job.params["access_level_name"],
        }

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n, gone, asked = job.planned_rows, job.applied_rows, job.params
        words = {
            "patrons": counted(n),
            "gone": counted(gone),
            "at": asked["source_name"],
            "to": asked["target_name"],
            "type": asked["patron_type_name"],
            "level": asked["access_level_name"],
        }
        facts = [
            _(
                "%(patrons)s go from %(at)s to %(to)s, with the patron type %(type)s and the "
                "access level %(level)s there."
            )
            % words,
            _("Their homerooms at %(at)s are cleared. A primary association stays primary.")
            % words,
            _("Barcodes are kept where they are free at %(to)s; at %(at)s they stop working.")
            % words,
        ]
        said = field_words.wording(job, nobody=nobody_of(job), facts=facts)
        transfer = ngettext("Transfer %s patron", "Transfer %s patrons", n) % intcomma(n)
        yes = ngettext("Yes, transfer %s patron", "Yes, transfer %s patrons", n) % intcomma(n)
        return replace(
            said,
            to_do=_("to be transferred"),
            done=_("transferred"),
            doing=_("Transferring patrons"),
            title=_("%s?") % transfer,
            question=_("%s?") % transfer,
            confirm=transfer,
            confirm_yes=yes,
            undo_facts=[
                _("%(gone)s go back to %(at)s, with type, level, homeroom and barcode.") % words,
                _("The barcodes that they got at %(to)s are given to nobody else.") % words,
                _("Patrons whom somebody has changed since are left as they are, and listed."),
            ],
        )

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return site and barcode."""
        return (field_words.head(_("site")), field_words.head(_("barcode")))

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return (*field_words.COLUMNS, "previous_barcode", "barcode", "patron_type", "access_level")

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        more = {name: row.after.get(name) for name in ("barcode", "patron_type", "access_level")}
        more["previous_barcode"] = row.before.get("barcode")
        line = field_words.line(row, told, {"site": "site", "barcode": "barcode"})
        return replace(line, more=more)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page; sites by their present names."""
        asked = job.params
        target = Site.objects.filter(pk=asked["target"]).first()
        words = again_of(job) | {
            "to": target.short_name if target else "",
            "patron_type": asked["patron_type_name"],
            "access_level": asked["access_level_name"],
            "resource_group": asked["resource_group_name"] or "",
        }
        return {name: word for name, word in words.items() if word}

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        if change.reason == "associated":
            return _(
                "Is associated with %(target)s already. Remove the association with %(source)s."
            ) % {"target": job.params["target_name"], "source": job.params["source_name"]}
        words = field_words.reason(change, job.params["source_name"], job.params.get("owners"))
        return words or super().reason(job, change)


def _source(job: Job) -> Site:
    return Site.objects.get(pk=job.params["source"])
