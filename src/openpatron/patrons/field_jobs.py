"""Jobs that set fields of many patrons: how their batches are planned, applied and undone.

A kind says who is selected (``people``) and what becomes of them (``writing``), in SQL; the
statements around that are the same for all, and set-based. Each batch locks its patrons first, so
what the recheck finds holds until the batch is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import timezone

from openpatron.kernel.sql import Params, dialect, execute, fetch, statement
from openpatron.ledger.kinds import LOOK_AGAIN, NotAsPlannedError, Step
from openpatron.ledger.models import Job, Outcome

from .association_batches import Batch
from .batched_job import BatchedJob
from .fields import RECORD_FIELDS
from .levels_above import people_above
from .locked_fields import JOIN, Opened, close_batch, open_batch, reason as owned_reason
from .people import TIE

if TYPE_CHECKING:
    from openpatron.ledger.kinds import Cursor

    from .fields import TieField
    from .people import People

_HERE = "openpatron.patrons"
_FASTER = "a concurrent writer was faster"

# The rows of a batch lie beside each other: SQLite finds them quickest by their ids alone.
_PLANNED = (
    "UNINDEXED(planned.job_id) = %(job)s AND planned.id > %(after)s AND planned.id <= %(last)s "
    "AND planned.outcome = 'planned'"
)

# So many times the rows of other jobs come in one batch: setting a field is quick, and each batch
# costs SQLite's commit and the engine's own queries beside it.
_AT_ONCE = {"postgresql": 1, "sqlite": 3}

# PostgreSQL would not go through the planned rows in their order without a limit; it takes none
# away. SQLite does, and a limit costs it a tenth.
_IN_ORDER = {"postgresql": "ORDER BY planned.id LIMIT %(rows)s", "sqlite": ""}


@dataclass(frozen=True, slots=True)
class Writing:
    """What becomes of the selected, as SQL.

    ``reason`` is '' where there is something to do. ``was`` and ``becomes`` make the change's
    values. ``table`` and ``whom`` say which row is written with ``values``, and with ``restored``
    by an undo; ``still`` holds where it is as the job left it, ``touches`` for a later change of
    the same, ``lost`` where the earlier value is gone, ``blocked`` where the actor may not put it
    back.
    """

    reason: str
    was: str
    becomes: str
    table: str
    whom: str
    values: str
    restored: str
    still: str
    touches: str
    lost: str = "FALSE"
    blocked: str = "FALSE"
    # What is read along of each patron: joins after ``patron``.
    tie: str = ""
    # The statements that write, and that undo.
    write: str = "set_fields"
    restore: str = "set_fields"
    # What is written where the record is still what the plan saw: then nothing needs to be looked
    # at again. Empty where that does not tell.
    at_once: str = ""
    # Where somebody holds more rights than the actor, which at once tells nothing of.
    above: str = ""
    # The fields that sources own and that are written nevertheless.
    opened: Opened | None = None


def of_record(becomes: dict[str, str]) -> Writing:
    """Return how fields of the record are written: by name what they become, in SQL.

    What they become follows from what they are and from the job alone, and is of the type that
    stands in a change.
    """
    fields = [RECORD_FIELDS[name] for name in becomes]
    same = " AND ".join(f"{f.read} IS NOT DISTINCT FROM {becomes[f.name]}" for f in fields)

    def written(change: str) -> str:
        return ", ".join(f"{f.name} = {f.written(change)}" for f in fields)

    return Writing(
        reason=f"CASE WHEN {same} THEN 'unchanged' ELSE '' END",
        was=_object({f.name: f.read for f in fields}),
        becomes=_object(becomes),
        table="patrons_patron",
        whom="patrons_patron.id = planned.subject_id",
        values=written("planned.after"),
        restored=written("planned.before"),
        still=" AND ".join(
            f"{f.column} IS NOT DISTINCT FROM {f.written('ledger_change.after')}" for f in fields
        ),
        touches=" OR ".join(
            f"(later.before ->> '{f.name}') IS DISTINCT FROM (later.after ->> '{f.name}')"
            for f in fields
        ),
        at_once=", ".join(f"{f.name} = {f.stored.format(value=becomes[f.name])}" for f in fields),
    )


def _object(values: dict[str, str]) -> str:
    return f"JSON_OBJECT({', '.join(f"'{name}', {value}" for name, value in values.items())})"


def of_tie(field: TieField, above: str, above_before: str) -> Writing:
    """Return how a field of the association with %(source)s gets the row %(new)s.

    ``above`` holds where the present level is not the actor's to take away, ``above_before`` (in
    terms of a change) where the earlier one is not theirs to give back.
    """
    kept = f"'id', {field.column}"
    values = f"{field.name}_id = CAST(%(new)s AS bigint)"
    restored = f"{field.name}_id = CAST(planned.before ->> 'id' AS bigint)"
    still = f"{field.column} IS NOT DISTINCT FROM CAST(%(new)s AS bigint)"
    earlier = "ledger_change.before ->> 'id'"
    there = f"SELECT 1 FROM {field.table} r WHERE r.id = CAST({earlier} AS bigint)"  # noqa: S608  our own
    lost = f"({earlier} IS NOT NULL AND NOT EXISTS ({there}))"
    if field.name == "access_level":
        # At a resource site the rights are those of the level's group, which comes along.
        kept += ", 'group', tie.resource_group_id"
        values += ", resource_group_id = CAST(%(resource_group)s AS bigint)"
        restored += ", resource_group_id = CAST(planned.before ->> 'group' AS bigint)"
        still += (
            " AND tie.resource_group_id IS NOT DISTINCT FROM CAST(%(resource_group)s AS bigint)"
        )
    name = f"(SELECT r.name FROM {field.table} r WHERE r.id = {field.column})"  # noqa: S608
    return Writing(
        reason=f"CASE WHEN tie.id IS NULL THEN 'not_here' WHEN {above} THEN 'above' "
        f"WHEN {still} THEN 'unchanged' ELSE '' END",
        was=f"JSON_OBJECT(CAST(%(key)s AS text), {name}, {kept})",
        becomes="JSON_OBJECT(CAST(%(key)s AS text), CAST(%(new_name)s AS text))",
        table="patrons_association",
        whom="patrons_association.patron_id = planned.subject_id "
        "AND patrons_association.site_id = %(source)s",
        values=values,
        restored=restored,
        still=still,
        touches="(later.before ->> %(key)s) IS DISTINCT FROM (later.after ->> %(key)s)",
        lost=lost,
        blocked=above_before,
        tie=TIE,
    )


def of_code(*, adds: bool) -> Writing:
    """Return how the local code %(new)s is added to the record, or removed from it."""
    there = (
        "EXISTS (SELECT 1 FROM patrons_localcode code "
        "WHERE code.patron_id = patron.id AND code.value = %(new)s)"
    )
    done = there if adds else f"NOT {there}"
    becomes = "%(new)s" if adds else "NULL"
    add, remove = "add_local_codes", "remove_local_codes"
    return Writing(
        reason=f"CASE WHEN {done} THEN 'unchanged' ELSE '' END",
        was=f"JSON_OBJECT('local_code', CASE WHEN {there} THEN CAST(%(new)s AS text) END)",
        becomes=f"JSON_OBJECT('local_code', CAST({becomes} AS text))",
        table="patrons_localcode",
        whom="",
        values="",
        restored="",
        still=done,
        touches="%(new)s IN (later.before ->> 'local_code', later.after ->> 'local_code')",
        write=add if adds else remove,
        restore=remove if adds else add,
    )


def guarded(writing: Writing, locked: list[str]) -> Writing:
    """Return it so that nobody is written for whom one of these conditions holds."""
    if not locked:
        return writing
    reason = owned_reason(writing.reason, locked)
    return replace(writing, reason=reason, tie=f"{writing.tie} {JOIN}")


class FieldJob(BatchedJob):
    """The kinds of jobs that set fields. Subclass and say who, and what."""

    def people(self, job: Job) -> People:
        """Return who is selected."""
        raise NotImplementedError

    def writing(self, job: Job) -> Writing:
        """Return what becomes of them."""
        raise NotImplementedError

    def _allowed(self, job: Job) -> Writing:
        """Return what becomes of them, but of nobody who holds more rights than the actor."""
        writing, above = self.writing(job), people_above(self.actor(job))
        if not above:
            return writing
        reason = f"CASE WHEN {above} THEN 'staff' ELSE ({writing.reason}) END"
        them = "SELECT 1 FROM patrons_patron patron WHERE patron.id = ledger_change.subject_id"
        blocked = f"({writing.blocked} OR EXISTS ({them} AND {above}))"
        return replace(writing, reason=reason, above=above, blocked=blocked)

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons of the selection."""
        params = {"after": cursor.get("after", 0), "rows": _batch_rows()}
        rows = self.plan_batch(job, params)
        if rows < params["rows"]:
            return Step(rows, None)
        last = fetch(statement("openpatron.ledger", "last_of_job"), {"job": job.pk})
        return Step(rows, {"after": last[0][0]})

    def plan_batch(self, job: Job, params: Params) -> int:
        """Write the next planned rows; return how many."""
        people = self.people(job)
        sql = field_statement(
            "plan_fields",
            self._allowed(job),
            columns=f"{people.place} AS place,",
            people=people.planning,
            rows=people.rows,
        )
        return execute(sql, self.params(job) | people.params | {"now": timezone.now()} | params)

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Write the next planned rows, those that still fit, and their outcomes."""
        batch = Batch.after(cursor, Outcome.PLANNED, self.params(job), _batch_rows())
        if batch is None:
            return Step(0, None)
        writing, people = self._allowed(job), self.people(job)
        params = batch.params | people.params | {"now": timezone.now()}
        lock_patrons(params)
        if writing.at_once and LOOK_AGAIN not in cursor:
            _write_at_once(writing, people, batch, params)
        else:
            recheck = field_statement(
                "recheck_fields",
                writing,
                columns="planned.id AS change_id, EXISTS (SELECT 1 FROM patrons_patron living "
                "WHERE living.id = planned.subject_id) AS lives,",
                people=f"{people.applying} {people.still}",
                rows=_PLANNED,
            )
            execute(recheck, params)
            written = self.write(writing, params)
            if execute(statement(_HERE, "finish_batch"), params) != written:
                raise IntegrityError(_FASTER)
        return Step(batch.rows, batch.following)

    def write(self, writing: Writing, params: Params) -> int:
        """Write the planned rows of a batch; return how many patrons were written."""
        written = execute(field_statement(writing.write, writing, values=writing.values), params)
        if writing.opened is not None:
            open_batch(writing.opened, params)
        return written

    def restore(self, writing: Writing, params: Params) -> int:
        """Put back the applied rows of a batch; return how many patrons were written."""
        if writing.opened is not None:
            close_batch(writing.opened, params)
        return execute(field_statement(writing.restore, writing, values=writing.restored), params)

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Put back what was, for the next rows whose fields nobody has changed since."""
        batch = Batch.after(cursor, Outcome.APPLIED, self.params(job))
        if batch is None:
            return Step(0, None)
        writing, params = self._allowed(job), batch.params | {"now": timezone.now()}
        lock_patrons(params)
        execute(field_statement("leave_changed_fields", writing), params)
        restored = self.restore(writing, params)
        if execute(statement(_HERE, "finish_undo"), params) != restored:
            raise IntegrityError(_FASTER)
        return Step(batch.rows, batch.following)


def _batch_rows() -> int:
    return settings.OPENPATRON_JOB_BATCH_ROWS * _AT_ONCE[connection.vendor]


def lock_patrons(params: Params) -> None:
    """Keep others from the patrons of a batch until it is written; on SQLite nobody else writes."""
    if connection.features.has_select_for_update:
        fetch(statement(_HERE, "lock_patrons"), params)


def _write_at_once(writing: Writing, people: People, batch: Batch, params: Params) -> None:
    """Write a batch all of which is still what the plan saw, or raise ``NotAsPlannedError``."""
    update = field_statement(
        "set_at_once",
        writing,
        people=people.applying,
        rows=f"{_PLANNED} AND NOT {writing.above}" if writing.above else _PLANNED,
        values=writing.at_once,
        order=_IN_ORDER[connection.vendor],
    )
    if execute(update, params) != batch.rows:
        raise NotAsPlannedError
    execute(statement(_HERE, "finish_batch"), params)


def field_statement(name: str, writing: Writing, **fragments: str) -> str:
    """Return a statement with the kind's SQL in its places; what holds others comes first."""
    if writing.tie and "people" in fragments:
        fragments["people"] += f" {writing.tie}"
    parts = {
        "decided_fields": statement(_HERE, "decided_fields"),
        **fragments,
        "reason": writing.reason,
        "was": writing.was,
        "becomes": writing.becomes,
        "table": writing.table,
        "whom": writing.whom,
        "still": writing.still,
        "touches": writing.touches,
        "lost": writing.lost,
        "blocked": writing.blocked,
        "tie": writing.tie,
    }
    return statement(_HERE, name, **{part: dialect(text) for part, text in parts.items()})
