"""Unlink many external records from their sources; a job.

What a source record held is kept in the change, so that an undo brings it back. Who could not
sign in any more stays external.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, statement
from openpatron.ledger.models import Change, Job
from openpatron.ledger.planning import make_job
from openpatron.patrons import field_words
from openpatron.patrons.actions.unlink_from_source import AS_IT_IS, LINK
from openpatron.patrons.association_words import counted
from openpatron.patrons.field_jobs import Writing
from openpatron.patrons.locked_fields import JOIN
from openpatron.patrons.messages import password_links
from openpatron.patrons.models import Protection, SourceRecord
from openpatron.patrons.source_jobs import ACCOUNT, TOUCHES, SourceJob, choose_records
from openpatron.patrons.whom import PERMISSION, Whom, again_of, nobody_of, said_of

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Wording

KIND = "unlink_patrons"
_HERE = "openpatron.patrons"

KEEP, DROP = PROTECTIONS = ("keep", "drop")
"""What becomes of protections."""

_NO_PASSWORD = "substr(account.password, 1, 1) IN ('', '!')"  # noqa: S105  a condition


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: who, what becomes of protections, and how they sign in."""

    whom: Whom
    protections: str
    sign_in: str


def ask(actor: Actor, *, protections: str = KEEP, sign_in: str = LINK, **words: Any) -> Asked:
    """Check the words; those that are not named are those of ``whom.choose``.

    Raises ``NotAllowedError``, or ``InputError`` with the parameter's name.
    """
    actor.require(PERMISSION)
    whom = choose_records(actor, **words)
    allowed = {"protections": PROTECTIONS, "sign_in": (LINK, AS_IT_IS)}
    for name, value in (("protections", protections), ("sign_in", sign_in)):
        if value not in allowed[name]:
            raise InputError(
                name,
                _("%(name)s: “%(found)s” is no answer. Allowed: %(known)s.")
                % {"name": name, "found": value[:40], "known": ", ".join(allowed[name])},
            )
    return Asked(whom, protections, sign_in)


def plan_unlinking(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview; the same ``request_key`` gives the same job."""
    actor.require(PERMISSION)
    params = asked.whom.params | {"protections": asked.protections, "sign_in": asked.sign_in}
    return make_job(actor, KIND, params, asked.whom.count, request_key)


class UnlinkPatrons(SourceJob):
    """The kind of job: who is unlinked, and how to speak of it."""

    name: ClassVar[str] = KIND
    applied: ClassVar[str] = "unlinked"
    icon: ClassVar[str] = "lock-open"

    def writing(self, job: Job) -> Writing:
        """Return what becomes of the records."""
        links = job.params["sign_in"] == LINK
        stuck = f"{_NO_PASSWORD} AND account.email = ''" if links else _NO_PASSWORD
        way = "CASE WHEN account.email <> '' THEN 'link' ELSE 'as_it_is' END"
        gone = (
            "(NOT EXISTS (SELECT 1 FROM patrons_source s WHERE s.id = "
            "CAST(ledger_change.before ->> '_source' AS bigint)) OR EXISTS (SELECT 1 "
            "FROM patrons_sourcerecord held WHERE held.key = ledger_change.before ->> 'source_key' "
            "AND held.source_id = CAST(ledger_change.before ->> '_source' AS bigint)))"
        )
        return Writing(
            reason="CASE WHEN external.id IS NULL THEN 'internal' "
            f"WHEN {stuck} THEN 'no_way_in' ELSE '' END",
            was="JSON_OBJECT('source', owner.name, 'source_key', external.key, "
            "'_source', external.source_id)",
            becomes="JSON_OBJECT('source', NULL, 'source_key', NULL, "
            f"'sign_in', {way if links else "'as_it_is'"})",
            table="patrons_sourcerecord",
            whom="",
            values="",
            restored="",
            still="external.id IS NULL",
            touches=TOUCHES,
            lost=gone,
            tie=f"{JOIN} LEFT JOIN patrons_source owner ON owner.id = external.source_id {ACCOUNT}",
        )

    def write(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  row by row in memory
        """Keep the source records in the changes, take them away, and send the links."""
        rows = _rows(params)
        patrons = list(rows)
        protections: dict[int, list[Protection]] = defaultdict(list)
        if params["protections"] == DROP:
            for one in Protection.objects.filter(patron__in=patrons):
                protections[one.patron_id].append(one)
        records = SourceRecord.objects.filter(patron__in=patrons)
        for record in records:
            row = rows[record.patron_id]
            row.before["_record"] = _kept(record)
            row.before["_protections"] = [_protected(p) for p in protections[record.patron_id]]
        values = [{"id": r.pk, "before": r.before, "after": r.after} for r in rows.values()]
        execute(statement(_HERE, "write_values"), {"rows": json.dumps(values)})
        if params["protections"] == DROP:
            Protection.objects.filter(patron__in=patrons).delete()
        password_links(pk for pk, row in rows.items() if row.after["sign_in"] == LINK)
        return records.delete()[0]

    def restore(self, writing: Writing, params: Params) -> int:  # noqa: ARG002  the same
        """Bring source records and protections back."""
        rows = _rows(params)
        organization = params["organization"]
        made = SourceRecord.objects.bulk_create(
            SourceRecord(
                organization_id=organization,
                patron_id=patron,
                source_id=row.before["_source"],
                key=row.before["source_key"],
                values=row.before["_record"]["values"],
                digest=base64.b64decode(row.before["_record"]["digest"]),
                received_at=datetime.fromisoformat(row.before["_record"]["received_at"]),
                missing_since=_day(row.before["_record"]["missing_since"]),
                further=row.before["_record"].get("further"),
            )
            for patron, row in rows.items()
        )
        Protection.objects.bulk_create(
            (
                Protection(
                    organization_id=organization,
                    patron_id=patron,
                    field=kept["field"],
                    protected_by=kept["protected_by"],
                    protected_at=datetime.fromisoformat(kept["protected_at"]),
                    until=_day(kept["until"]),
                    ends_when_equal=kept["ends_when_equal"],
                )
                for patron, row in rows.items()
                for kept in row.before["_protections"]
            ),
            ignore_conflicts=True,
        )
        return len(made)

    def title(self, job: Job) -> str:  # noqa: ARG002  the same for all
        """Return the job's name for lists."""
        return _("Unlink patrons from their source")

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return _("Unlink %s from their source.") % said_of(job)

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        asked = job.params
        facts = [
            _("%s become internal: no feed touches them any more.") % counted(job.planned_rows),
            _("Who has an e-mail address gets a link to set a password; the others keep theirs.")
            if asked["sign_in"] == LINK
            else _("They sign in here with the password that they have."),
            _("Their protections are kept, and hold again when they are linked again.")
            if asked["protections"] == KEEP
            else _("Their protections are dropped."),
        ]
        return field_words.wording(job, nobody=nobody_of(job), facts=facts)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page."""
        names = ("protections", "sign_in")
        return again_of(job) | {name: job.params[name] for name in names}


def _rows(params: Params) -> dict[int, Change]:
    """Return the rows of the batch, by patron."""
    found = Change.objects.filter(
        job=params["job"],
        pk__gt=params["after"],
        pk__lte=params["last"],
        outcome=params["outcome"],
    )
    return {row.subject_id: row for row in found.order_by("pk")}


def _kept(record: SourceRecord) -> dict[str, Any]:
    return {
        "values": record.values,
        "digest": base64.b64encode(bytes(record.digest)).decode(),
        "received_at": record.received_at.isoformat(),
        "missing_since": record.missing_since and record.missing_since.isoformat(),
        "further": record.further,
    }


def _protected(one: Protection) -> dict[str, Any]:
    return {
        "field": one.field,
        "protected_by": one.protected_by,
        "protected_at": one.protected_at.isoformat(),
        "until": one.until and one.until.isoformat(),
        "ends_when_equal": one.ends_when_equal,
    }


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
