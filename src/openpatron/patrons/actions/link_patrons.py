"""Link many internal records to a source, by a key that they have here already; a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, statement
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.actions.link_to_source import source_by_code
from openpatron.patrons.association_words import counted
from openpatron.patrons.external import OPEN
from openpatron.patrons.field_jobs import Writing
from openpatron.patrons.locked_fields import JOIN
from openpatron.patrons.models import Source
from openpatron.patrons.whom import Whom, WhomJob, again_of, choose, nobody_of, said_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Head, Told, Wording
    from openpatron.ledger.models import Change, Job
    from openpatron.patrons.lines import JobLine

KIND = "link_patrons"
PERMISSION = "patrons.manage_district"
_HERE = "openpatron.patrons"

KEYS = {"district_id": "patron.district_id", "username": "account.username"}
"""What may be the source's key for a patron, and where it stands."""

ACCOUNT = "LEFT JOIN accounts_account account ON account.id = patron.account_id"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, to which source, and what their key there is."""

    whom: Whom
    source: Source
    key: str


def ask(actor: Actor, *, source: str, key: str = "district_id", **words: Any) -> Asked:
    """Check the words; those that are not named are those of ``whom.choose``.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    actor.require(OPEN)
    whom = choose(actor, **words, needs_site=False)
    owner = source_by_code(source, "source")
    if key not in KEYS:
        raise InputError(
            "key",
            _("key: “%(found)s” cannot be the key. Allowed: %(known)s.")
            % {"found": key[:40], "known": ", ".join(KEYS)},
        )
    return Asked(whom, owner, key)


def plan_links(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview; the same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    params = asked.whom.params | {
        "owner": asked.source.pk,
        "owner_name": asked.source.name,
        "owner_code": asked.source.code,
        "key": asked.key,
    }
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class LinkPatrons(WhomJob):
    """The kind of job: who is linked, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "linked"
    icon: ClassVar[str] = "lock"

    def require(self, job: Job) -> None:
        """Ask for both rights."""
        super().require(job)
        self.actor(job).require(OPEN)

    def writing(self, job: Job) -> Writing:
        """Return what becomes of the records."""
        key = KEYS[job.params["key"]]
        taken = (
            "EXISTS (SELECT 1 FROM patrons_sourcerecord held "  # noqa: S608  our own
            f"WHERE held.source_id = %(owner)s AND held.key = {key})"
        )
        return Writing(
            reason="CASE WHEN external.source_id = %(owner)s THEN 'unchanged' "
            "WHEN external.id IS NOT NULL THEN 'external' "
            f"WHEN {key} = '' THEN 'no_key' WHEN {taken} THEN 'key_taken' ELSE '' END",
            was="JSON_OBJECT('source', NULL, 'source_key', NULL)",
            becomes="JSON_OBJECT('source', CAST(%(owner_name)s AS text), "
            f"'source_key', CAST({key} AS text))",
            table="patrons_sourcerecord",
            whom="",
            values="",
            restored="",
            still="external.source_id = %(owner)s",
            touches="(later.before ->> 'source') IS DISTINCT FROM (later.after ->> 'source')",
            tie=f"{JOIN} {ACCOUNT}",
        )

    def write(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  its own statement
        """Make the source records; the next feed brings the values."""
        return execute(statement(_HERE, "link_patrons"), params | {"nothing": b""})

    def restore(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  the same
        """Take the source records away again."""
        return execute(statement(_HERE, "unlink_patrons"), params)

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Link patrons to %s") % str(job.params["owner_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        words = {
            "who": said_of(job),
            "source": job.params["owner_name"],
            "key": key_words(job.params["key"]),
        }
        return _("Link %(who)s to “%(source)s”, where their key is the %(key)s.") % words

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        words = {"patrons": counted(job.planned_rows), "source": job.params["owner_name"]}
        facts = [
            _("%(patrons)s become external: “%(source)s” owns their fields from then on.") % words,
            _("Their values stay until its next feed."),
        ]
        return field_words.wording(job, nobody=nobody_of(job), facts=facts)

    def heads(self, job: Job) -> tuple[Head, ...]:  # noqa: ARG002  always the same
        """Return source and key."""
        return heads()

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return (*field_words.COLUMNS, "source_key")

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return field_words.line(row, told, {"source": "source", "source_key": "source_key"})

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        return reason(job, change)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        return again_of(job) | {"source": job.params["owner_code"], "key": job.params["key"]}


def heads() -> tuple[Head, ...]:
    """Return the columns of jobs about sources."""
    return (field_words.head(_("source")), field_words.head(_("key in the source")))


def key_words(key: str) -> str:
    """Return what the key is in words."""
    return _("district ID") if key == "district_id" else _("username")


def reason(job: Job, change: Change) -> str:
    """Return the reason of a change as a sentence."""
    found = _REASONS.get(change.reason)
    return found() if found else field_words.reason(change, job.params["source_name"] or "")


# Functions, because the language is only known when somebody reads.
_REASONS = {
    "external": lambda: _("Is linked to another source. Unlink the record first."),
    "internal": lambda: _("Has no source, so there is nothing to unlink."),
    "no_key": lambda: _("Has no such key. Give the patron a district id, or link by hand."),
    "key_taken": lambda: _("The key is another patron's in this source."),
    "no_way_in": lambda: _(
        "Could not sign in any more: no password, and no e-mail address for a link to set one. "
        "Unlink the record by hand, with a generated password."
    ),
}
