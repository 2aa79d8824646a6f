"""Link many internal records to a source: by a key that they have here, or by one on a list; a job.

A list has a patron and the source's key for it on each line: “4711, K-815”.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, statement
from openpatron.kernel.text import clean
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.actions.link_to_source import source_by_code
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import Writing
from openpatron.patrons.locked_fields import JOIN
from openpatron.patrons.models import Source
from openpatron.patrons.people import People
from openpatron.patrons.source_jobs import ACCOUNT, TOUCHES, SourceJob, choose_records
from openpatron.patrons.whom import PERMISSION, Whom, again_of, nobody_of, plan_listed, said_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Step, Wording
    from openpatron.ledger.models import Job

KIND = "link_patrons"
_HERE = "openpatron.patrons"

LISTED = "listed"
KEYS = {
    "district_id": "patron.district_id",
    "username": "account.username",
    LISTED: "source.source_key",
}
"""What may be the source's key for a patron, and where it stands; the last beside it on a list."""

_ON_THE_LIST = People(
    planning="(SELECT CAST(value ->> 0 AS bigint) AS patron_id, "
    "CAST(value ->> 1 AS bigint) AS place, value ->> 2 AS source_key "
    "FROM JSON_EACH(%(listed)s)) source "
    "JOIN patrons_patron patron ON patron.id = source.patron_id "
    "AND patron.organization_id = %(organization)s",
    rows="TRUE",
    place="source.place",
    applying="ledger_change planned LEFT JOIN patrons_patron patron "
    "ON patron.id = planned.subject_id LEFT JOIN (SELECT id, after ->> 'source_key' AS source_key "
    "FROM ledger_change WHERE job_id = %(job)s) source ON source.id = planned.id",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, to which source, and what their key there is."""

    whom: Whom
    source: Source
    key: str
    # By line of the list, where the keys stand there.
    keys: dict[int, str]


def ask(actor: Actor, *, source: str, key: str = "district_id", **words: Any) -> Asked:
    """Check the words; those that are not named are those of ``whom.choose``.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    if key not in KEYS:
        raise InputError(
            "key",
            _("key: “%(found)s” cannot be the key. Allowed: %(known)s.")
            % {"found": key[:40], "known": ", ".join(KEYS)},
        )
    listed = words.get("listed")
    keys: dict[int, str] = {}
    if key == LISTED:
        if listed is None:
            raise InputError(
                "key", _("key: the keys can only stand on a list. Give a list of PATRON, KEY.")
            )
        words["listed"], keys = _taken_apart(listed)
    whom = choose_records(actor, **words)
    return Asked(whom, source_by_code(source, "source"), key, keys)


def _taken_apart(text: str) -> tuple[str, dict[int, str]]:
    """Return the patrons, each still on its line, and the keys by line; or raise ``InputError``."""
    patrons, keys = [], {}
    first: dict[str, int] = {}
    for line, whole in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        parts = [part.strip().strip('"').strip() for part in re.split(r"[,;\t]", whole)]
        while parts and not parts[-1]:
            parts.pop()
        patrons.append(parts[0] if parts else "")
        if not parts:
            continue
        if len(parts) != 2 or not all(parts):  # noqa: PLR2004  a patron and a key
            raise InputError(
                "listed",
                _("Line %(line)d is “%(found)s”. Write a patron and the key, like 4711, K-815.")
                % {"line": line, "found": whole.strip()[:60]},
            )
        keys[line] = clean(parts[1], "listed", limit=254, empty=False)
        if keys[line] in first:
            raise InputError(
                "listed",
                _("Line %(line)d gives the key “%(key)s” of line %(first)d again. One has to go.")
                % {"line": line, "key": keys[line][:60], "first": first[keys[line]]},
            )
        first[keys[line]] = line
    return "\n".join(patrons), keys


def plan_links(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview; the same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    params = asked.whom.params | {
        "owner": asked.source.pk,
        "owner_name": asked.source.name,
        "owner_code": asked.source.code,
        "key": asked.key,
        "keys": {str(line): key for line, key in asked.keys.items()},
    }
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class LinkPatrons(SourceJob):
    """The kind of job: who is linked, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "linked"
    icon: ClassVar[str] = "lock"

    def people(self, job: Job) -> People:
        """Return who is selected."""
        return _ON_THE_LIST if job.params["key"] == LISTED else super().people(job)

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons, of a list with the keys beside them."""
        if job.params["key"] != LISTED:
            return super().plan(job, cursor)
        return plan_listed(job, cursor, self.plan_batch, job.params["keys"])

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
            touches=TOUCHES,
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

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        return again_of(job) | {"source": job.params["owner_code"], "key": job.params["key"]}


def key_words(key: str) -> str:
    """Return what the key is in words."""
    return {
        "district_id": _("district ID"),
        "username": _("username"),
        LISTED: _("key beside them on the list"),
    }[key]
