"""Give the patrons of one site an association with another site: the main job.

``plan_associations`` makes the job; the ledger's engine plans, applies and undoes it through
``AddAssociations``. What a row becomes is decided in one place, ``sql/associations_to_add.sql``,
for the plan and again when the plan is applied; the barcode rule is in ``rules.py``.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import Params, execute, fetch, statement
from openpatron.ledger.kinds import JobKind, Step
from openpatron.ledger.models import Change, Job, Outcome, State
from openpatron.ledger.planning import make_job
from openpatron.organizations.models import Organization, Site
from openpatron.patrons import association_words
from openpatron.patrons.actors import actor_of_job
from openpatron.patrons.association_batches import (
    Batch,
    Statements,
    params_of,
    set_aside,
    target_of,
)
from openpatron.patrons.lines import COLUMNS
from openpatron.patrons.models import Patron
from openpatron.patrons.new_tie import NewTie, params_of_tie, site_of_patrons, where_to
from openpatron.patrons.numbering import NumberGiver, shares_numbers
from openpatron.patrons.people import at_site
from openpatron.patrons.rules import number_sql
from openpatron.patrons.selection import FIELDS, Field, Value, typed_value, value_at

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.ledger.kinds import Cursor, Head, Told, Wording
    from openpatron.organizations.models import PatronType
    from openpatron.patrons.lines import JobLine

KIND = "add_associations"
PERMISSION = "patrons.manage_district"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for, checked: the words of the sentence as rows."""

    at: Site
    whose: Field
    value: Value
    to: Site
    patron_type: PatronType
    access_level: AccessLevel
    resource_group: ResourceGroup | None


def ask(
    actor: Actor,
    *,
    at: str,
    whose: str,
    value: str,
    to: str,
    patron_type: str,
    access_level: str,
    resource_group: str = "",
) -> Asked:
    """Check the words of the sentence and return them as rows.

    All are as typed: short names of sites, a field of ``selection.FIELDS``, names of type, level
    and group. Raises ``NotAllowedError``, or ``InputError`` with the parameter's name as field.
    """
    actor.require(PERMISSION)
    source = site_of_patrons(at, "at")
    if whose not in FIELDS:
        raise InputError(
            "whose",
            _("Patrons cannot be selected by “%(found)s”. Allowed: %(known)s.")
            % {"found": whose[:100], "known": ", ".join(FIELDS)},
        )
    chosen = value_at(source, FIELDS[whose], value)
    return Asked(
        at=source,
        whose=FIELDS[whose],
        value=chosen,
        **where_to(
            actor,
            source,
            to=to,
            patron_type=patron_type,
            access_level=access_level,
            resource_group=resource_group,
        ),
    )


def plan_associations(actor: Actor, asked: Asked, request_key: str | None = None) -> Job:
    """Make the job whose plan is the preview. Nothing is planned until a worker runs it.

    The same ``request_key`` gives the same job: a form that is sent twice makes one.
    """
    actor.require(PERMISSION)
    new: NewTie = {
        "to": asked.to,
        "patron_type": asked.patron_type,
        "access_level": asked.access_level,
        "resource_group": asked.resource_group,
    }
    params = params_of_tie(new) | {
        "source": asked.at.pk,
        "source_name": asked.at.name,
        "whose": asked.whose.name,
        "value": asked.value.stored,
        "value_name": asked.value.label,
    }
    total = asked.value.count
    return make_job(actor, KIND, params, total, request_key)


class AddAssociations(JobKind):
    """The kind of job: how a batch is planned, applied and undone."""

    name: ClassVar[str] = KIND
    permission: ClassVar[str] = PERMISSION
    applied: ClassVar[str] = "added"
    icon: ClassVar[str] = "user-plus"
    numbered: ClassVar[tuple[str, ...]] = association_words.NUMBERED

    def actor(self, job: Job) -> Actor:
        """Return who acts, with the rights held now."""
        return actor_of_job(job)

    def require(self, job: Job) -> None:
        """Check again what ``ask`` checked: the right itself, and that to grant the level."""
        super().require(job)
        if job.state != State.UNDOING:
            group = job.params["resource_group"]
            level = AccessLevel.objects.get(pk=job.params["access_level"])
            of_group = None if group is None else ResourceGroup.objects.get(pk=group)
            self.actor(job).require_give(level, target_of(job), of_group)

    def statements(self, job: Job) -> Statements:
        """Return the statements about those who are selected."""
        return Statements(job, at_site(f"{FIELDS[job.params['whose']].column} = %(value)s"))

    def params(self, job: Job) -> Params:
        """Return what the statements need to know of the job."""
        return params_of(job) | self.statements(job).people.params

    def associate(self, job: Job, params: Params) -> int:
        """Write the planned associations of a batch; return how many."""
        return execute(self.statements(job).planned("insert_associations"), params)

    def retire(self, params: Params) -> None:
        """Retire no card: the one at the site of the selection stays."""

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Plan the next patrons; when all are there, give numbers to those who need one."""
        if cursor.get("stage") == "numbers":
            return self._plan_numbers(job, cursor)
        people = self.statements(job)
        params = self.params(job) | {
            "after": cursor.get("after", 0),
            "rows": settings.OPENPATRON_JOB_BATCH_ROWS,
            "now": timezone.now(),
        }
        rows = execute(people.plan(), params)
        if rows < params["rows"]:
            return Step(rows, {"stage": "numbers", "after": 0})
        last = Change.objects.filter(job=job).order_by("-id").values_list("subject_id")[:1]
        return Step(rows, {"stage": "select", "after": last.get()[0]})

    def _plan_numbers(self, job: Job, cursor: Cursor) -> Step:
        giver = NumberGiver(job, self.params(job), cursor.get("highest"))
        size = settings.OPENPATRON_JOB_BATCH_ROWS
        waiting = list(
            Change.objects.filter(
                job=job,
                notable=True,
                outcome=Outcome.PLANNED,
                reason__in=("taken", "no_barcode"),
                id__gt=cursor["after"],
            )
            .order_by("id")
            .values_list("id", flat=True)[:size]
        )
        giver.give(waiting, Outcome.CONFLICT)
        if len(waiting) < size:
            return Step(0, None)
        return Step(0, {"stage": "numbers", "after": waiting[-1], "highest": giver.highest})

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Write the next planned associations and barcodes, and their outcomes."""
        batch = Batch.after(cursor, Outcome.PLANNED, self.params(job))
        if batch is None:
            return Step(0, None)
        self._recheck(job, batch, self.first_look(job, batch))
        try:
            with transaction.atomic():
                self._write(job, batch, rechecked=False)
        except IntegrityError:
            self._recheck(job, batch, "TRUE")
            self._write(job, batch, rechecked=True)
        return Step(batch.rows, batch.following)

    def first_look(self, job: Job, batch: Batch) -> str:  # noqa: ARG002  no rows of it
        """Return as SQL which rows are looked at again before anything is written.

        Those with a number given by the plan; the many others only if the rows that were written
        do not add up. (No number is written where the whole organization has one: nothing there
        that could fail to add up.)
        """
        wide = job.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
        return "TRUE" if wide else "planned.notable"

    def _write(self, job: Job, batch: Batch, *, rechecked: bool) -> None:
        """Write the planned rows of a batch, all of them, or raise ``IntegrityError``."""
        params = batch.params | {"now": timezone.now()}
        written = self.associate(job, params)
        if job.organization.barcode_scope == Organization.BarcodeScope.SITE:
            number = number_sql(target_of(job).barcode_pattern, "planned.barcode")
            if shares_numbers(job):
                number = (
                    f"CASE WHEN card.value = planned.barcode THEN card.number ELSE {number} END"
                )
            insert = statement(
                _HERE,
                "insert_barcodes",
                number=number,
                rechecked="TRUE" if rechecked else "FALSE",
            )
            if execute(insert, params) != written:
                raise IntegrityError(_FASTER)
            execute(statement(_HERE, "index_new_barcodes"), params)
            self.retire(params)
        if execute(statement(_HERE, "finish_batch"), params) != written:
            raise IntegrityError(_FASTER)

    def _recheck(self, job: Job, batch: Batch, which: str) -> None:
        """Set right those rows that are no longer what the plan says."""
        recheck = self.statements(job).planned("recheck_add_associations", which)
        stale = fetch(recheck, batch.params)
        aside: dict[tuple[str, str], list[int]] = defaultdict(list)
        gone: list[int] = []
        corrected, renumber = [], []
        for change, outcome, reason, old, new, number_taken in stale:
            if outcome is None:
                gone.append(change)
            elif outcome != Outcome.PLANNED:
                aside[outcome, reason].append(change)
            else:
                since = new is None and (number_taken or reason == "taken")
                corrected.append((change, old, new, "taken_since" if since else reason))
                if new is None:
                    renumber.append(change)
        for (outcome, reason), changes in aside.items():
            failed = outcome == Outcome.CONFLICT
            set_aside(job, changes, Outcome.FAILED if failed else Outcome.SKIPPED, reason)
        missing = Change.objects.filter(job=job, pk__in=gone).values_list("pk", "subject_id")
        living = set(
            Patron.objects.filter(pk__in=[s for _c, s in missing]).values_list("pk", flat=True)
        )
        set_aside(
            job, [c for c, s in missing if s in living], Outcome.SKIPPED, "no_longer_selected"
        )
        set_aside(job, [c for c, s in missing if s not in living], Outcome.FAILED, "gone")
        if corrected:
            # A card may have been replaced by the very number that the plan gives to another.
            known, lost = {row[0] for row in corrected}, set(renumber)
            cards = {new for change, _old, new, _why in corrected if new and change not in lost}
            for row in batch.with_numbers(cards):
                if row.pk not in known:
                    corrected.append((row.pk, row.before["barcode"], None, "taken_since"))
                    renumber.append(row.pk)
            params = batch.params | {"found": json.dumps(corrected)}
            execute(statement(_HERE, "correct_plan"), params)
        if renumber:
            NumberGiver(job, batch.params).give(renumber, Outcome.FAILED)

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Take the next associations away again; their numbers go to nobody."""
        batch = Batch.after(cursor, Outcome.APPLIED, self.params(job))
        if batch is None:
            return Step(0, None)
        fetch(statement(_HERE, "lock_associations"), batch.params)
        given = {"site": "%(target)s", "which": "planned.reason <> 'held'"}
        for step in ("leave_changed", "remove_associations", "retire_barcodes", "finish_undo"):
            execute(statement(_HERE, step, **given), batch.params)
        return Step(batch.rows, batch.following)

    def title(self, job: Job) -> str:
        """Return the job's name for lists."""
        return _("Add associations with %s") % str(job.params["target_name"])

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        return _(
            "For every patron at %(source)s whose %(whose)s is %(value)s, add an association to "
            "%(target)s and assign %(type)s and %(level)s."
        ) % {
            "source": job.params["source_name"],
            "whose": FIELDS[job.params["whose"]].label,
            "value": job.params["value_name"],
            "target": job.params["target_name"],
            "type": job.params["patron_type_name"],
            "level": job.params["access_level_name"],
        }

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job."""
        return association_words.wording(job)

    def notes(self, job: Job) -> list[tuple[str, int]]:
        """Return why patrons get a new barcode."""
        return association_words.notes(job)

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return barcode, type and level."""
        return association_words.heads(job)

    def columns(self, job: Job) -> tuple[str, ...]:  # noqa: ARG002  always the same
        """Return what is written out."""
        return COLUMNS

    def line(self, job: Job, row: Change, told: Told) -> JobLine:  # noqa: ARG002  the row says it
        """Return one patron's line."""
        return association_words.line(row, told)

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the sentence; sites by their present names."""
        asked = job.params
        ids = [asked["source"], asked["target"]]
        names = dict(Site.objects.filter(pk__in=ids).values_list("pk", "short_name"))
        words = {
            "at": names.get(asked["source"]),
            "whose": asked["whose"],
            "value": typed_value(asked),
            "to": names.get(asked["target"]),
            "patron_type": asked["patron_type_name"],
            "access_level": asked["access_level_name"],
            "resource_group": asked.get("resource_group_name"),
        }
        return {name: str(word) for name, word in words.items() if word not in (None, "")}

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence."""
        words = {
            "site": job.params["target_name"],
            "source": job.params["source_name"],
            "old": change.before.get("barcode"),
        }
        return association_words.REASONS.get(change.reason, lambda: "")() % words


_HERE = "openpatron.patrons"
_FASTER = "a concurrent writer was faster"
