"""The one mechanism: confirmed once, cancelled between batches, stopped and resumed, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone

from openpatron.access.actor import CLI
from openpatron.accounts.models import Account
from openpatron.kernel.errors import NotAllowedError, NotFoundError, StateError
from openpatron.ledger import queries
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.resume_job import resume_job
from openpatron.ledger.actions.undo_job import can_be_undone, undo_job
from openpatron.ledger.engine import run, take_lease
from openpatron.ledger.kinds import JobKind, Step, kind_of, register
from openpatron.ledger.models import Change, Job
from openpatron.ledger.record import record_change
from openpatron.patrons.actions.add_associations import plan_associations
from openpatron.patrons.models import Association, Barcode, StaffRole

from .world import World

pytestmark = pytest.mark.postgres


def at_cedar(world: World) -> int:
    return Association.objects.filter(site=world.cedar).count()


def after_batches(number: int, do: Callable[[Job], Any]) -> Callable[[Job], None]:
    """Return what to hand to ``run``, so that ``do`` is called after so many batches."""
    seen = 0

    def on_progress(job: Job) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            do(job)

    return on_progress


@pytest.fixture
def breaks(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Return a way to make the n-th batch of a stage of a job raise, once or so many times."""

    def install(
        job: Job, stage: str, error: Exception, *, batch: int = 2, times: int = 1
    ) -> list[int]:
        kind = type(kind_of(job))
        original = getattr(kind, stage)
        calls: list[int] = []

        def broken(self: JobKind, job: Job, cursor: dict[str, Any]) -> Step:
            step: Step = original(self, job, cursor)
            calls.append(step.rows)
            # Raised after the work: what the batch wrote must be gone.
            if batch <= len(calls) < batch + times:
                raise error
            return step

        monkeypatch.setattr(kind, stage, broken)
        return calls

    return install


# Yes, once


def test_a_second_yes_changes_nothing(world: World) -> None:
    world.crowd(9)
    first, other = world.staff("District patrons manager"), world.staff("District patrons manager")
    job = confirm_job(world.actor(first), world.plan())
    confirmed_at = job.confirmed_at

    again = confirm_job(world.actor(other), job)
    assert (again.state, again.confirmed_by, again.confirmed_at) == (
        "applying",
        first,
        confirmed_at,
    )
    done = run(job)
    late = confirm_job(world.actor(other), done)

    assert (late.state, late.confirmed_by, late.counts) == ("done", first, {"applied": {"": 9}})
    assert run(late).done == 9
    assert at_cedar(world) == 9


def test_a_yes_to_what_was_looked_at_while_it_was_planned(world: World) -> None:
    world.crowd(9)
    looked_at = world.planning()
    run(looked_at)

    job = run(confirm_job(world.operator, looked_at))

    assert (job.state, job.total, job.done) == ("done", 9, 9)


def test_no_yes_to_a_plan_that_is_not_ready_or_thrown_away(world: World) -> None:
    world.crowd(2)
    job = world.planning()
    with pytest.raises(StateError, match="being planned"):
        confirm_job(world.operator, job)
    run(job)
    cancel_job(world.operator, job)
    with pytest.raises(StateError, match="cancelled"):
        confirm_job(world.operator, job)
    assert run(job).state == "cancelled"
    assert at_cedar(world) == 0


def test_one_request_makes_one_job(world: World) -> None:
    world.crowd(2)
    asked = world.ask()
    first = plan_associations(world.operator, asked, request_key="k1")
    again = plan_associations(world.operator, asked, request_key="k1")
    other = plan_associations(world.operator, asked, request_key="k2")
    keyless = [plan_associations(world.operator, asked) for _ in range(2)]

    assert first == again
    assert len({first, other, *keyless}) == 4


def test_a_job_knows_who_did_what_to_it(world: World) -> None:
    world.crowd(2)
    planner, doer, undoer = (world.staff("District patrons manager") for _ in range(3))

    job = run(confirm_job(world.actor(doer), world.plan(world.actor(planner))))
    assert (job.created_by, job.confirmed_by, job.undone_by) == (planner, doer, None)
    assert (job.way, job.started_at is not None, job.finished_at is not None) == (CLI, True, True)
    job = run(undo_job(world.actor(undoer), job))

    assert (job.created_by, job.confirmed_by, job.undone_by) == (planner, doer, undoer)


def test_progress_counts_up_to_the_total(world: World) -> None:
    world.crowd(23)
    seen: list[tuple[str, int, int]] = []

    def note(job: Job) -> None:
        seen.append((job.state, job.done, job.total))

    job = world.planning()
    run(job, note)
    run(confirm_job(world.operator, job), note)
    run(undo_job(world.operator, job), note)

    for at_work, rests in (("planning", "planned"), ("applying", "done"), ("undoing", "undone")):
        stage = [(done, total) for state, done, total in seen if state in {at_work, rests}]
        assert stage == sorted(stage)
        assert stage[-1] == (23, 23)
        assert {total for _done, total in stage} == {23}
        assert len(stage) >= 4


# Cancelling


def test_a_running_job_is_cancelled_between_batches_and_its_half_undone(world: World) -> None:
    world.crowd(30)
    job = confirm_job(world.operator, world.plan())

    job = run(job, after_batches(2, lambda j: cancel_job(world.operator, j)))

    assert (job.state, job.counts) == ("cancelled", {"applied": {"": 14}, "planned": {"": 16}})
    assert (job.done, job.cancel_requested, at_cedar(world)) == (14, False, 14)
    assert can_be_undone(job)

    job = run(undo_job(world.operator, job))

    assert (job.state, job.total, job.done) == ("undone", 14, 14)
    assert job.counts == {"undone": {"": 14}, "planned": {"": 16}}
    assert at_cedar(world) == 0
    # The very same sentence again adds them all.
    again = run(confirm_job(world.operator, world.plan()))
    assert again.counts == {"applied": {"": 30}}


def test_a_cancelled_job_is_not_worked_on_again(world: World) -> None:
    world.crowd(20)
    job = confirm_job(world.operator, world.plan())
    run(job, after_batches(1, lambda j: cancel_job(world.operator, j)))

    assert run(confirm_job(world.operator, job)).state == "cancelled"
    with pytest.raises(StateError):
        resume_job(world.operator, job)
    assert at_cedar(world) == 7


def test_a_plan_is_cancelled_while_it_is_made_and_after(world: World) -> None:
    world.crowd(30)
    half = world.planning()
    half = run(half, after_batches(2, lambda j: cancel_job(world.operator, j)))
    whole = cancel_job(world.operator, world.plan())

    assert (half.state, half.counts) == ("cancelled", {"planned": {"": 14}})
    assert (whole.state, whole.counts) == ("cancelled", {"planned": {"": 30}})
    assert whole.cancelled_by is None
    for job in (half, whole):
        assert cancel_job(world.operator, job).state == "cancelled"
        assert not can_be_undone(job)
        with pytest.raises(StateError, match="changed nobody"):
            undo_job(world.operator, job)
    assert at_cedar(world) == 0


def test_what_is_over_cannot_be_cancelled(world: World) -> None:
    world.crowd(9)
    done = run(confirm_job(world.operator, world.plan()))
    with pytest.raises(StateError, match="is done"):
        cancel_job(world.operator, done)
    undoing = undo_job(world.operator, done)
    with pytest.raises(StateError, match="being undone"):
        cancel_job(world.operator, undoing)
    assert run(undoing).state == "undone"


# Errors


def expect_stopped(job: Job, stage: str) -> None:
    assert (job.state, job.failed_state) == ("failed", stage)
    # The kind of error and a reference into the log; never what the error says about people.
    assert job.error.startswith("RuntimeError (")
    assert "Ada" not in job.error
    assert (job.lease_token, job.lease_until) == ("", None)
    assert job.finished_at is not None


@pytest.mark.parametrize(
    ("stage", "method"), [("planning", "plan"), ("applying", "apply"), ("undoing", "undo")]
)
def test_a_stopped_job_goes_on_where_it_stood(
    stage: str, method: str, world: World, breaks: Callable[..., list[int]]
) -> None:
    patrons = world.crowd(30, barcode=lambda n: f"{100 + n}")
    world.crowd(5, world.cedar, lambda n: f"{110 + n}", grade="8")
    job = world.planning()
    if stage != "planning":
        job = confirm_job(world.operator, run(job))
    if stage == "undoing":
        job = undo_job(world.operator, run(job))
    assert job.state == stage
    breaks(job, method, RuntimeError("Ada Lovelace"))

    job = run(job)

    expect_stopped(job, stage)
    assert job.done == 7
    assert run(job).state == "failed", "a stopped job is left alone"

    job = run(resume_job(world.operator, job))

    assert (job.error, job.failed_state, job.done) == ("", "", 30)
    if stage == "planning":
        assert job.counts == {"planned": {"": 25, "taken": 5}}
        job = run(confirm_job(world.operator, job))
    if stage != "undoing":
        assert job.counts == {"applied": {"": 25, "taken": 5}}
        numbers = [world.cedar.barcode_pattern.value(n) for n in range(1, 6)]
        cards = Barcode.objects.filter(site=world.cedar, patron__in=patrons[10:15])
        assert list(cards.order_by("patron").values_list("value", flat=True)) == numbers
        job = run(undo_job(world.operator, job))
    assert (job.state, job.counts) == ("undone", {"undone": {"": 25, "taken": 5}})
    assert at_cedar(world) == 5


def test_the_half_that_a_stopped_job_did_can_be_undone(
    world: World, breaks: Callable[..., list[int]]
) -> None:
    world.crowd(30)
    job = confirm_job(world.operator, world.plan())
    breaks(job, "apply", RuntimeError("no"), batch=3)
    job = run(job)
    expect_stopped(job, "applying")
    assert job.counts == {"applied": {"": 14}, "planned": {"": 16}}

    job = run(undo_job(world.operator, job))

    assert (job.state, job.error, job.failed_state) == ("undone", "", "")
    assert (job.counts, at_cedar(world)) == ({"undone": {"": 14}, "planned": {"": 16}}, 0)
    with pytest.raises(StateError):
        resume_job(world.operator, job)


def test_only_what_was_stopped_can_be_resumed(world: World) -> None:
    world.crowd(2)
    for job in (world.plan(), run(confirm_job(world.operator, world.plan()))):
        was = job.state
        with pytest.raises(StateError, match="not stopped"):
            resume_job(world.operator, job)
        job.refresh_from_db()
        assert job.state == was


def test_resuming_a_job_at_work_leaves_it_to_its_worker(world: World) -> None:
    world.crowd(2)
    job = world.planning()
    token = take_lease(job)

    job = resume_job(world.operator, job)

    assert (job.state, job.lease_token) == ("planning", token)


@pytest.mark.parametrize("error", [OperationalError("locked"), IntegrityError("faster")])
def test_a_batch_that_met_a_concurrent_writer_is_done_again(
    error: Exception, world: World, breaks: Callable[..., list[int]]
) -> None:
    world.crowd(20)
    job = confirm_job(world.operator, world.plan())
    calls = breaks(job, "apply", error, times=3)

    job = run(job)

    assert (job.state, job.error, job.done, job.counts) == ("done", "", 20, {"applied": {"": 20}})
    assert calls == [7, 7, 7, 7, 7, 6]
    assert at_cedar(world) == 20


def test_a_batch_that_never_gets_through_stops_the_job(
    world: World, breaks: Callable[..., list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openpatron.ledger.engine.time.sleep", lambda _seconds: None)
    world.crowd(20)
    job = confirm_job(world.operator, world.plan())
    breaks(job, "apply", OperationalError("locked"), times=10_000)

    job = run(job)

    assert (job.state, job.done, at_cedar(world)) == ("failed", 7, 7)
    assert job.error.startswith("OperationalError (")
    monkeypatch.undo()
    assert run(resume_job(world.operator, job)).counts == {"applied": {"": 20}}


@pytest.mark.skipif("sqlite" in connection.vendor, reason="a file does not hang up")
def test_a_lost_connection_does_not_stop_a_job(committed_world: World) -> None:
    world = committed_world
    world.crowd(20)
    job = confirm_job(world.operator, world.plan())

    def hang_up(_job: Job) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone() or (0,)
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()

    job = run(job, after_batches(1, hang_up))

    assert (job.state, job.error, job.counts) == ("done", "", {"applied": {"": 20}})


# Leases


def test_one_worker_at_a_time(world: World) -> None:
    world.crowd(3)
    job = world.planning()
    token = take_lease(job)

    assert token
    assert take_lease(job) is None
    assert run(job).state == "planning"
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    other = take_lease(job)
    assert other
    assert other != token


def test_nothing_is_to_be_taken_where_nothing_is_to_be_done(world: World) -> None:
    world.crowd(3)
    job = world.plan()
    assert take_lease(job) is None
    job = run(confirm_job(world.operator, job))
    assert take_lease(job) is None
    assert run(job).state == "done"


# Rights


def end_roles(account: Account) -> None:
    StaffRole.objects.filter(patron__account=account).update(
        ends_on=timezone.localdate() - timedelta(days=1)
    )


@pytest.mark.parametrize("stage", ["planning", "applying", "undoing"])
def test_rights_withdrawn_before_the_run_stop_the_job(stage: str, world: World) -> None:
    world.crowd(12)
    account = world.staff("District patrons manager")
    actor = world.actor(account)
    job = world.planning(actor)
    if stage != "planning":
        job = confirm_job(actor, run(job))
    if stage == "undoing":
        job = undo_job(actor, run(job))
    before = at_cedar(world), Change.objects.count()
    end_roles(account)

    job = run(job)

    assert (job.state, job.failed_state) == ("failed", stage)
    assert "Manage patrons for the district" in job.error
    assert (at_cedar(world), Change.objects.count()) == before

    StaffRole.objects.update(ends_on=None)
    job = run(resume_job(actor, job))

    assert job.state == {"planning": "planned", "applying": "done", "undoing": "undone"}[stage]


@pytest.mark.parametrize("stage", ["planning", "applying", "undoing"])
def test_rights_withdrawn_while_a_job_runs_stop_it_at_the_next_batch(
    stage: str, world: World
) -> None:
    """What is done stays done and is told; with the right again the job goes on from there."""
    world.crowd(12)
    account = world.staff("District patrons manager")
    actor = world.actor(account)
    job = world.planning(actor)
    if stage != "planning":
        job = confirm_job(actor, run(job))
    if stage == "undoing":
        job = undo_job(actor, run(job))

    job = run(job, after_batches(1, lambda _job: end_roles(account)))

    assert (job.state, job.failed_state, job.done) == ("failed", stage, 7)
    assert "Manage patrons for the district" in job.error
    assert at_cedar(world) == {"planning": 0, "applying": 7, "undoing": 5}[stage]
    assert (
        job.counts
        == {
            "planning": {"planned": {"": 7}},
            "applying": {"applied": {"": 7}, "planned": {"": 5}},
            "undoing": {"undone": {"": 7}, "applied": {"": 5}},
        }[stage]
    )
    StaffRole.objects.update(ends_on=None)
    job = run(resume_job(actor, job))
    assert job.state == {"planning": "planned", "applying": "done", "undoing": "undone"}[stage]
    assert at_cedar(world) == (12 if stage == "applying" else 0)


@pytest.mark.parametrize("how", ["account", "patron"])
def test_the_job_of_a_person_who_was_shut_out_stops(how: str, world: World) -> None:
    world.crowd(12)
    account = world.staff("District patrons manager")
    job = confirm_job(world.actor(account), world.plan())
    if how == "account":
        account.is_active = False
        account.save()
    else:
        account.patrons.update(status="restricted")

    job = run(job)

    assert (job.state, at_cedar(world)) == ("failed", 0)


def test_others_may_confirm_and_undo_what_a_person_without_rights_left(world: World) -> None:
    world.crowd(12)
    account = world.staff("District patrons manager")
    job = world.plan(world.actor(account))
    end_roles(account)

    job = run(confirm_job(world.operator, job))
    assert (job.state, at_cedar(world)) == ("done", 12)
    Job.objects.update(confirmed_by=account)
    job.refresh_from_db()
    job = run(undo_job(world.operator, job))
    assert (job.state, job.error, at_cedar(world)) == ("undone", "", 0)


def test_a_right_to_give_that_was_withdrawn_stops_the_job(world: World) -> None:
    world.crowd(12)
    account = world.staff("District patrons manager")
    actor = world.actor(account)
    job = confirm_job(actor, world.plan(actor, access_level="Library administrator"))
    # The level grows beyond what the person holds, between the yes and the run.
    level = world.levels["Library administrator"]
    level.permissions = [*level.permissions, "ledger.view_jobs"]
    level.save()
    manager = world.levels["District patrons manager"]
    manager.permissions = ["patrons.manage_district"]
    manager.save()

    job = run(job)

    assert (job.state, at_cedar(world)) == ("failed", 0)
    assert "which you do not hold" in job.error


def test_withdrawn_rights_close_the_actions(world: World) -> None:
    world.crowd(3)
    account = world.staff("District patrons manager")
    job = world.plan(world.actor(account))
    end_roles(account)
    actor = world.actor(account)

    for action in (confirm_job, cancel_job, undo_job, resume_job):
        with pytest.raises(NotAllowedError):
            action(actor, job)
    with pytest.raises(NotAllowedError):
        world.plan(actor)
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == ("planned", False)


# Kinds and history


def test_a_kind_of_job_is_registered_once(world: World) -> None:
    world.crowd(1)
    with pytest.raises(ValueError, match="twice"):
        register(kind_of(world.planning()))


def test_history_tells_what_happened_and_not_what_was_only_thought_of(world: World) -> None:
    (patron,) = world.crowd(1)
    world.plan(to="alder")
    done = run(confirm_job(world.operator, world.plan()))
    by_hand = record_change(world.operator, "patron", patron.pk, {"status": "a"}, {"status": "b"})

    told = list(queries.history("patron", patron.pk))

    assert told == [by_hand, done.changes.get()]
    assert [c.outcome for c in told] == ["applied", "applied"]
    assert list(queries.history("patron", patron.pk + 1)) == []
    assert list(queries.history("site", patron.pk)) == []


@pytest.mark.parametrize("number", [0, -1, 4711, 2**63 - 1, 2**63, 10**40])
def test_a_job_that_is_not_there(number: int, world: World) -> None:
    with pytest.raises(NotFoundError, match=str(number)):
        queries.job(world.operator, number)
