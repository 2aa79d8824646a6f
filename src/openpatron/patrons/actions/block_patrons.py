"""Block many patrons at once, with one reason; an undo lifts exactly these blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.text import clean
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Kind
from openpatron.patrons import field_words, fields
from openpatron.patrons.actions.block_patron import PERMISSION as BLOCK, require_block
from openpatron.patrons.association_words import counted
from openpatron.patrons.blocks_of_many import BlockJob, tell_of_blocks
from openpatron.patrons.field_jobs import Writing
from openpatron.patrons.standing import Deed
from openpatron.patrons.whom import Whom, again_of, choose, nobody_of, said_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from openpatron.access.actor import Actor
    from openpatron.kernel.sql import Params
    from openpatron.ledger.kinds import Wording
    from openpatron.ledger.models import Job

KIND = "block_patrons"
PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, from what, why, and until which day."""

    whom: Whom
    stops: list[Deed]
    reason: str
    until: date | None


def ask(
    actor: Actor, *, stops: Collection[str], reason: str, until: str = "", **words: Any
) -> Asked:
    """Check the words, all as typed; those that are not named are those of ``whom.choose``.

    ``stops`` are values of ``Deed``. Raises ``NotAllowedError``, or ``InputError`` with the
    parameter's name.
    """
    actor.require(PERMISSION)
    actor.require(BLOCK)
    why = clean(reason, "reason", empty=False)
    last = fields.day(until, "until") if until else None
    deeds = require_block(stops, last)
    return Asked(choose(actor, **words, needs_site=False), deeds, why, last)


def plan_blocks(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    params = asked.whom.params | {
        **{deed.value: deed in asked.stops for deed in Deed},
        "stops": ", ".join(sorted(asked.stops)),
        "reason": asked.reason,
        "until": asked.until.isoformat() if asked.until else None,
    }
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class BlockPatrons(BlockJob):
    """The kind of job: what the block is, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "blocked"
    icon: ClassVar[str] = "lock"

    def params(self, job: Job) -> Params:
        """Return who sets the blocks as well."""
        return super().params(job) | {"set_by": self.actor(job).account_id}

    def writing(self, job: Job) -> Writing:  # noqa: ARG002  the same for all
        """Return that there is one block more, unless the same holds already."""
        same = (
            "SELECT 1 FROM patrons_block block WHERE block.patron_id = patron.id "
            "AND block.lifted_at IS NULL AND block.reason = %(reason)s "
            "AND block.until IS NOT DISTINCT FROM date(CAST(%(until)s AS text)) "
            "AND block.stops_checkout = %(checkout)s AND block.stops_renewal = %(renew)s "
            "AND block.stops_request = %(request)s"
        )
        set_then = (
            "SELECT 1 FROM patrons_block block WHERE block.patron_id = patron.id "
            "AND block.set_at = ledger_change.at AND block.reason = %(reason)s "
            "AND block.lifted_at IS NULL"
        )
        return Writing(
            reason=f"CASE WHEN EXISTS ({same}) THEN 'unchanged' ELSE '' END",
            was="JSON_OBJECT('block', NULL)",
            becomes="JSON_OBJECT('block', CAST(%(reason)s AS text), "
            "'stops', CAST(%(stops)s AS text), 'until', CAST(%(until)s AS text))",
            table="patrons_block",
            whom="",
            values="",
            restored="",
            still=f"EXISTS ({set_then})",
            touches="FALSE",
            write="block_patrons",
            restore="lift_set_blocks",
        )

    def write(self, writing: Writing, params: Params) -> int:
        """Set the blocks, and tell."""
        written = super().write(writing, params)
        tell_of_blocks(Kind.BLOCKED, params, "after")
        return written

    def restore(self, writing: Writing, params: Params) -> int:
        """Lift the blocks of the job, and tell."""
        restored = super().restore(writing, params)
        tell_of_blocks(Kind.UNBLOCKED, params, "after")
        return restored

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Block patrons: %s") % str(job.params["reason"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"who": said_of(job), "deeds": _deeds(job), "reason": job.params["reason"]}
        if job.params["until"] is None:
            return _("For %(who)s, stop %(deeds)s, because of “%(reason)s”.") % words
        words["day"] = date_format(date.fromisoformat(job.params["until"]))
        return _("For %(who)s, stop %(deeds)s until %(day)s, because of “%(reason)s”.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n, gone = job.planned_rows, job.applied_rows
        words = {"patrons": counted(n), "gone": counted(gone), "deeds": _deeds(job)}
        facts = [
            _("%(patrons)s are stopped from %(deeds)s.") % words,
            _("They and the staff read the reason “%s”.") % job.params["reason"],
        ]
        said = field_words.wording(job, nobody=nobody_of(job), facts=facts)
        blocking = ngettext("Block %s patron", "Block %s patrons", n) % intcomma(n)
        yes = ngettext("Yes, block %s patron", "Yes, block %s patrons", n) % intcomma(n)
        return replace(
            said,
            to_do=_("to be blocked"),
            done=_("blocked"),
            doing=_("Blocking patrons"),
            title=_("%s?") % blocking,
            question=_("%s?") % blocking,
            confirm=blocking,
            confirm_yes=yes,
            undo_facts=[
                _("The blocks that this job set are lifted, for %(gone)s.") % words,
                _("Other blocks stay, and so do those that somebody has lifted since."),
            ],
        )

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        asked = job.params
        words = again_of(job) | {"reason": asked["reason"], "until": asked["until"] or ""}
        return words | {deed.value: "on" for deed in Deed if asked[deed.value]}


def _deeds(job: Job) -> str:
    return ", ".join(str(deed.label) for deed in Deed if job.params[deed.value])
