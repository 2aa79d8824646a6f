"""Lift the blocks of many patrons, all or those with one reason; an undo sets them again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.kernel.text import clean
from openpatron.ledger.planning import make_job
from openpatron.notifications.models import Kind
from openpatron.patrons import field_words
from openpatron.patrons.actions.block_patron import PERMISSION as BLOCK
from openpatron.patrons.association_words import counted
from openpatron.patrons.blocks_of_many import BlockJob, tell_of_blocks
from openpatron.patrons.field_jobs import Writing
from openpatron.patrons.models import Block
from openpatron.patrons.whom import Whom, again_of, choose, nobody_of, said_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Wording
    from openpatron.ledger.models import Job

KIND = "unblock_patrons"
PERMISSION = "patrons.manage_district"
_HERE = "openpatron.patrons"

# So many reasons can be chosen from: the most frequent.
_REASONS = 200

_OPEN = (
    "block.lifted_at IS NULL AND (block.until IS NULL OR block.until >= date(%(today)s)) "
    "AND (%(reason)s = '' OR block.reason = %(reason)s)"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, and the blocks with which reason ("" is every block)."""

    whom: Whom
    reason: str


def reasons(actor: Actor) -> list[tuple[str, int]]:
    """Return the reasons of the blocks that hold, the most frequent first, with counts."""
    actor.require(PERMISSION)
    lasting = Q(until=None) | Q(until__gte=timezone.localdate())
    rows = Block.objects.filter(lasting, lifted_at=None).values_list("reason")
    return list(rows.annotate(n=Count("pk")).order_by("-n", "reason")[:_REASONS])


def ask(actor: Actor, *, reason: str = "", **words: Any) -> Asked:
    """Check the words, all as typed; those that are not named are those of ``whom.choose``.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    actor.require(BLOCK)
    why = clean(reason, "reason")
    if why and not Block.objects.filter(reason=why, lifted_at=None).exists():
        raise InputError("reason", _("No block has the reason “%s”.") % why)
    return Asked(choose(actor, **words, needs_site=False), why)


def plan_lifting(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    params = asked.whom.params | {"reason": asked.reason}
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class UnblockPatrons(BlockJob):
    """The kind of job: which blocks are lifted, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "unblocked"
    icon: ClassVar[str] = "lock-open"

    def writing(self, job: Job) -> Writing:  # noqa: ARG002  the same for all
        """Return that the blocks are lifted."""
        blocks = f"patrons_block block WHERE block.patron_id = patron.id AND {_OPEN}"
        lifted_then = (
            "SELECT 1 FROM patrons_block block WHERE block.patron_id = patron.id "
            "AND block.lifted_at = ledger_change.at"
        )
        blocked = f"EXISTS (SELECT 1 FROM {blocks})"  # noqa: S608  our own
        each = f"SELECT block.reason FROM {blocks} ORDER BY block.id"  # noqa: S608  our own
        why = f"SELECT STRING_AGG(one.reason, '; ') FROM ({each}) one"  # noqa: S608  our own
        return Writing(
            reason=f"CASE WHEN NOT {blocked} THEN 'unchanged' ELSE '' END",
            was=f"JSON_OBJECT('block', ({why}))",
            becomes="JSON_OBJECT('block', NULL)",
            table="patrons_block",
            whom="",
            values="",
            restored="",
            still=f"EXISTS ({lifted_then})",
            touches="FALSE",
        )

    def write(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  its own statements
        """Lift the blocks, of which a patron may have several, and tell."""
        execute(statement(_HERE, "unblock_patrons", open=_OPEN), params)
        tell_of_blocks(Kind.UNBLOCKED, params, "before")
        lifted = statement(_HERE, "patrons_with_lifted_blocks", moment="%(now)s")
        return int(fetch(lifted, params)[0][0])

    def restore(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  the same
        """Set the same blocks again, and tell."""
        lifted = statement(_HERE, "patrons_with_lifted_blocks", moment="planned.at")
        patrons = int(fetch(lifted, params)[0][0])
        execute(statement(_HERE, "set_blocks_again"), params)
        tell_of_blocks(Kind.BLOCKED, params, "before")
        return patrons

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        why = job.params["reason"]
        return _("Lift blocks: %s") % str(why) if why else _("Lift all blocks")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {"who": said_of(job), "reason": job.params["reason"]}
        if job.params["reason"]:
            return _("For %(who)s, lift the blocks because of “%(reason)s”.") % words
        return _("For %(who)s, lift all blocks.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        n, gone = job.planned_rows, job.applied_rows
        words = {"patrons": counted(n), "gone": counted(gone)}
        facts = [_("The blocks of %(patrons)s are lifted.") % words]
        said = field_words.wording(job, nobody=nobody_of(job), facts=facts)
        lifting = ngettext("Lift the blocks of %s patron", "Lift the blocks of %s patrons", n)
        yes = ngettext("Yes, unblock %s patron", "Yes, unblock %s patrons", n) % intcomma(n)
        lifting %= intcomma(n)
        return replace(
            said,
            to_do=_("to be unblocked"),
            done=_("unblocked"),
            doing=_("Lifting blocks"),
            title=_("%s?") % lifting,
            question=_("%s?") % lifting,
            confirm=lifting,
            confirm_yes=yes,
            undo_facts=[_("The blocks that this job lifted hold again, for %(gone)s.") % words],
        )

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        why = {"reason": job.params["reason"]} if job.params["reason"] else {}
        return again_of(job) | why
