"""Removing patron records, one by hand and many in a job, and bringing them back."""

from __future__ import annotations

import random
import time
from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import timezone

from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.remove_patron import remove_patron, what_is_open
from openpatron.patrons.actions.remove_patrons import ask, number_of_selected, plan_removal
from openpatron.patrons.models import (
    Association,
    Barcode,
    Block,
    Homeroom,
    LocalCode,
    Note,
    Patron,
    RemovedPatron,
    StaffRole,
)
from openpatron.patrons.standing import Deed
from openpatron.patrons.whole_record import read

from .command_line import CommandLine, openpatron
from .processes import Processes, errand, seeds
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


def rich(world: World, **more: Any) -> Patron:
    """Make a patron with something in every table."""
    patron = world.patron(barcode="4711", district_id="D1", **more)
    world.tie(patron, world.cedar, "C9")
    world.card(patron, world.maple, "4700", state="replaced")
    room = Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    Association.objects.filter(patron=patron, site=world.maple).update(homeroom=room)
    block_patron(world.operator, patron.pk, [Deed.RENEW], "lost", date(2030, 1, 1))
    Block.objects.update(set_at=timezone.now() - timedelta(days=40))
    Note.objects.create(organization=world.cascadia, patron=patron, text="kind")
    LocalCode.objects.create(organization=world.cascadia, patron=patron, value="X1")
    role = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=world.levels["Teacher"]
    )
    role.sites.set([world.maple, world.cedar])
    return patron


def removal(world: World, **words: Any) -> Job:
    return run(plan_removal(world.operator, ask(world.operator, **words)))


def test_a_removed_patron_leaves_the_numbers_taken(world: World) -> None:
    patron = rich(world)
    assert remove_patron(world.operator, patron.pk) == patron.account.full_name
    assert not Patron.objects.filter(pk=patron.pk).exists()
    for model in (Association, Block, Note, LocalCode, StaffRole):
        assert not model.objects.exists(), model
    assert set(Barcode.objects.values_list("value", flat=True)) == {"4711", "C9", "4700"}
    assert not Barcode.objects.filter(patron__isnull=False).exists()
    account = Account.objects.get(pk=patron.account_id)
    assert not Registration.objects.filter(account=account).exists()
    assert account.erase_on == timezone.localdate() + timedelta(days=90)
    assert account.erase_by == world.cascadia
    change = Change.objects.get(subject_id=patron.pk, job=None, after__has_key="removed")
    assert change.before == {}
    assert RemovedPatron.objects.get().account == account.pk


def test_who_is_registered_elsewhere_is_not_to_be_erased(world: World) -> None:
    patron = world.patron()
    with open_organization(world.rainier):
        Patron.objects.create(organization=world.rainier, account=patron.account)
    Registration.objects.create(account=patron.account, organization=world.rainier)
    remove_patron(world.operator, patron.pk)
    assert Account.objects.get(pk=patron.account_id).erase_on is None


def test_what_is_open_is_said(world: World) -> None:
    patron = world.patron()
    Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="5a", supervisor=patron
    )
    assert [m.code for m in what_is_open(world.operator, patron.pk)] == ["homeroom"]
    with pytest.raises(StateError, match="Leads homeroom 5a at Maple"):
        remove_patron(world.operator, patron.pk)
    assert Patron.objects.filter(pk=patron.pk).exists()


@pytest.mark.any_engine
def test_nobody_removes_more_than_they_may(world: World) -> None:
    librarian = world.actor(world.staff("Library administrator", world.maple, "leo"))
    both = world.patron()
    world.tie(both, world.alder)
    with pytest.raises(NotAllowedError, match="Alder"):
        remove_patron(librarian, both.pk)
    manager = world.staff("District patrons manager", None, "dora")
    with pytest.raises(NotAllowedError, match="do not hold"):
        remove_patron(librarian, manager.patrons.get().pk)
    assert librarian.account is not None
    with pytest.raises(NotAllowedError, match="own record"):
        remove_patron(librarian, librarian.account.patrons.get().pk)
    own = world.patron()
    remove_patron(librarian, own.pk)


@pytest.mark.any_engine
def test_the_page_asks_and_removes(world: World) -> None:
    visitor = Visitor(world.staff("Library administrator", world.maple, "leo"))
    patron = world.patron(first="Ada", last="Byron")
    assert "Remove patron" in text_of(visitor.get("patron", patron.pk))
    page = text_of(visitor.get("remove_patron", patron.pk))
    assert "1 association goes" in page
    assert "This cannot be undone." in page
    assert visitor.post("remove_patron", patron.pk).status_code == 302
    assert "The patron record of Ada Byron is removed." in text_of(visitor.get("patrons"))
    assert visitor.get("patron", patron.pk).status_code == 404


def test_the_command_asks_and_removes(world: World, openpatron: CommandLine) -> None:
    world.patron(barcode="4711", first="Ada", last="Byron")
    here = ("remove_patron", "--organization", "cascadia", "4711")
    assert openpatron(*here).code == 2
    answer = openpatron(*here, "--yes", "--format", "json")
    assert (answer.code, answer.json["name"]) == (0, "Ada Byron")
    assert openpatron(*here, "--yes").code == 2


# The job


@pytest.mark.parametrize(
    ("words", "who"),
    [
        ({"status": "inactive"}, "a"),
        ({"expired_before": "2026-01-01"}, "ab"),
        ({"graduated": True}, "c"),
        ({"status": "inactive", "expired_before": "2026-01-01"}, "a"),
        ({"at": "cedar", "expired_before": "2026-01-01"}, "b"),
        ({"listed": "1\n3\n"}, "ac"),
    ],
)
def test_who_is_selected(world: World, words: dict[str, Any], who: str) -> None:
    people = {
        "a": world.patron(barcode="1", status="inactive"),
        "b": world.patron(world.cedar, barcode="2"),
        "c": world.patron(barcode="3", grade="graduated"),
        "d": world.patron(barcode="4"),
    }
    Patron.objects.filter(pk__in=[people[n].pk for n in "ab"]).update(expires_on=date(2025, 6, 1))
    job = removal(world, **words)
    job = run(confirm_job(world.operator, job))
    assert job.counts == {"applied": {"": len(who)}}
    left = set(Patron.objects.values_list("pk", flat=True))
    assert left == {p.pk for name, p in people.items() if name not in who}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({}, "status"),
        ({"at": "maple"}, "status"),
        ({"status": "gone"}, "status"),
        ({"expired_before": "soon"}, "expired_before"),
        ({"listed": "1", "status": "inactive"}, "listed"),
        ({"listed": ""}, "listed"),
        ({"at": "nowhere", "graduated": True}, "at"),
    ],
)
def test_wrong_words_name_the_field(world: World, words: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        ask(world.operator, **words)
    assert caught.value.field == field


def test_only_a_manager_may_ask(world: World) -> None:
    librarian = world.actor(world.staff("Library administrator", world.maple))
    asked = ask(world.operator, status="inactive")
    for do in (
        lambda: ask(librarian, status="inactive"),
        lambda: number_of_selected(librarian, asked),
        lambda: plan_removal(librarian, asked),
    ):
        with pytest.raises(NotAllowedError):
            do()


def test_an_undo_brings_back_everything_with_its_numbers(world: World) -> None:
    patron = rich(world, status="inactive")
    before = read([patron.pk])
    assert set(before[patron.pk]) >= {"patrons.staffrole_sites", "patrons.note", "patrons.barcode"}
    job = run(confirm_job(world.operator, removal(world, status="inactive")))
    assert (job.counts, read([patron.pk])) == ({"applied": {"": 1}}, {})

    job = run(undo_job(world.operator, job))
    assert job.counts == {"undone": {"": 1}}
    assert read([patron.pk]) == before
    assert Registration.objects.filter(account=patron.account).count() == 1
    assert Account.objects.get(pk=patron.account_id).erase_on is None
    assert not RemovedPatron.objects.exists()
    assert "kind" not in str(Change.objects.get(job=job).before), "nothing is kept any more"


def test_what_is_in_the_way_of_an_undo_is_listed(world: World) -> None:
    again, taken, erased, fine = (
        world.patron(status="inactive", district_id=f"D{n}") for n in range(4)
    )
    job = run(confirm_job(world.operator, removal(world, status="inactive")))
    Patron.objects.create(organization=world.cascadia, account=again.account)
    world.patron(district_id="D1")
    Account.objects.filter(pk=erased.account_id).update(erased_at=timezone.now())

    job = run(undo_job(world.operator, job))
    reasons = dict(
        Change.objects.filter(job=job, outcome="left").values_list("subject_id", "reason")
    )
    assert reasons == {again.pk: "registered_again", taken.pk: "id_taken", erased.pk: "erased"}
    assert Patron.objects.filter(pk=fine.pk).exists()


@pytest.mark.any_engine
def test_rights_are_neither_taken_nor_given_back_by_who_does_not_hold_them(world: World) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    patron = rich(world, status="inactive")
    dora = world.actor(world.staff("District patrons manager", None, "dora"))
    asked = ask(dora, status="inactive")
    job = run(plan_removal(dora, asked))
    assert job.counts == {"conflict": {"above": 1}}

    job = run(confirm_job(world.operator, removal(world, status="inactive")))
    job = run(undo_job(dora, job))
    assert job.counts == {"left": {"above": 1}}
    assert not Patron.objects.filter(pk=patron.pk).exists()


def test_who_changed_after_the_preview_is_checked_again(world: World) -> None:
    back, leads, goes = (world.patron(status="inactive") for _ in range(3))
    job = removal(world, status="inactive")
    Patron.objects.filter(pk=back.pk).update(status="active")
    Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="5a", supervisor=leads
    )
    job = run(confirm_job(world.operator, job))
    assert job.counts == {
        "applied": {"": 1}, "failed": {"no_longer_selected": 1, "homeroom": 1}
    }  # fmt: skip
    assert not Patron.objects.filter(pk=goes.pk).exists()


@pytest.mark.any_engine
def test_the_pages_plan_remove_and_undo(world: World) -> None:
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    world.patron(first="Ada", last="Byron", barcode="4711", status="inactive")
    assert "Remove patrons" in text_of(visitor.get("update_patrons"))
    assert visitor.get("remove_patrons").status_code == 200
    wrong = visitor.post("remove_patrons", at="maple")
    assert wrong.status_code == 422
    assert "Say who is to be removed" in text_of(wrong)
    assert visitor.post("remove_patrons", status="inactive").status_code == 302
    job = run(Job.objects.get())
    assert "Remove 1 patron" in text_of(visitor.get("job", job.pk))
    page = text_of(visitor.get("confirm_job", job.pk))
    assert "1 patron lose" in page or "lose their record" in page
    job = run(confirm_job(world.actor(visitor.account), job))
    page = text_of(visitor.get("job", job.pk))
    assert "Ada Byron" in page
    assert "4711" in page
    assert "bring back 1 patron" in text_of(visitor.get("undo_job", job.pk))
    assert visitor.get("plan_again", job.pk).headers["Location"].endswith("?status=inactive")


@pytest.mark.any_engine
def test_the_command_previews_removes_and_says_who(world: World, openpatron: CommandLine) -> None:
    world.patron(first="Ada", last="Byron", barcode="4711", status="inactive")
    here = ("remove_patrons", "--organization", "cascadia", "--status", "inactive")
    assert openpatron(*here, "--preview").code == 0
    assert Patron.objects.count() == 1
    answer = openpatron(*here, "--yes", "--format", "json")
    assert answer.json["counts"] == {"selected": 1, "removed": 1, "skipped": 0, "failed": 0}
    assert answer.json["lines"][0]["name"] == "Ada Byron"
    undone = openpatron("undo", str(answer.json["job"]), "--yes", "--format", "json")
    assert undone.json["counts"]["undone"] == 1
    assert Patron.objects.count() == 1


@pytest.mark.parametrize("seed", seeds(2))
def test_killed_anywhere_nobody_is_lost(
    seed: int, committed_world: World, processes: Processes
) -> None:
    world, chance = committed_world, random.Random(seed)  # noqa: S311  no secret
    people = [p.pk for p in world.crowd(14)]
    before = read(people)
    listed = "\n".join(Barcode.objects.values_list("value", flat=True))
    job = plan_removal(world.operator, ask(world.operator, listed=listed))
    kills = 0

    def until_it_rests(job: Job) -> int:
        killed = 0
        while job.is_at_work:
            after = chance.randint(1, 60)
            killed += processes.work(errand(job, rows=4, lease=0.02, statements=after))[0] == -9
            time.sleep(0.02)
            job.refresh_from_db()
        return killed

    kills += until_it_rests(job)
    kills += until_it_rests(confirm_job(world.operator, job))
    assert (job.error, read(people)) == ("", {})
    job.refresh_from_db()
    assert job.counts == {"applied": {"": 14}}
    assert Registration.objects.count() == 0
    kills += until_it_rests(undo_job(world.operator, job))
    assert read(people) == before
    assert Registration.objects.count() == 14
    assert kills >= 3
