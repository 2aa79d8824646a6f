"""Erasing accounts and forgetting: what goes in fact, what stays, and when."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openpatron.access.actor import operator
from openpatron.accounts.erasure import erase
from openpatron.accounts.leaving import keep
from openpatron.accounts.models import Account, Lookup, Registration
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.erase_accounts import number_of_due, plan_erasure
from openpatron.patrons.actions.forget_history import plan_forgetting, what_is_due
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.actions.remove_patrons import ask, plan_removal
from openpatron.patrons.actions.wish_erasure import (
    erase_own_account,
    wish_erasure,
    withdraw_wish,
)
from openpatron.patrons.models import Patron, RemovedPatron

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


def days_ago(days: int) -> None:
    """Have all that happened be so long ago."""
    Account.objects.filter(erase_on__isnull=False).update(
        erase_on=timezone.localdate() + timedelta(days=90 - days)
    )
    then = timezone.now() - timedelta(days=days)
    RemovedPatron.objects.update(removed_at=then)
    Change.objects.update(at=then)
    Job.objects.update(created_at=then)
    Lookup.objects.update(at=then)


def erased(world: World) -> Job:
    return run(confirm_job(world.operator, run(plan_erasure(world.operator))))


def forgotten(world: World) -> Job:
    return run(confirm_job(world.operator, run(plan_forgetting(world.operator))))


def test_an_account_is_erased_when_its_day_has_come(world: World) -> None:
    stays, goes = world.patron(), world.patron(first="Ada", last="Byron", email="ada@example.org")
    EmailAddress.objects.create(user=goes.account, email="ada@example.org")
    client = Client()
    client.force_login(goes.account)
    remove_patron(world.operator, goes.pk)
    assert number_of_due(world.operator) == 0
    days_ago(90)
    assert number_of_due(world.operator) == 1

    job = erased(world)
    assert job.counts == {"applied": {"": 1}}
    assert list(Account.objects.values_list("pk", flat=True)) == [stays.account_id]
    assert not EmailAddress.objects.exists()
    assert not Session.objects.exists()
    told = str(list(Change.objects.values()))
    assert "Byron" not in told
    about = Q(subject_kind="patron", subject_id=goes.pk) | Q(subject_kind="account")
    assert set(Change.objects.filter(about).values_list("subject_id", flat=True)) == {0}
    assert Change.objects.get(job=job).after["erased"] == timezone.localdate().isoformat()


def test_who_asked_for_jobs_stays_as_a_row_that_says_nothing(world: World) -> None:
    account = world.staff("District patrons manager", None, "dora")
    Account.objects.filter(pk=account.pk).update(
        email="dora@example.org", birth_date=date(1980, 2, 29), mobile_phone="+14155550123"
    )
    EmailAddress.objects.create(user=account, email="dora@example.org")
    world.crowd(1)
    job = world.plan(world.actor(account))
    remove_patron(world.operator, account.patrons.get().pk)
    days_ago(90)
    erased(world)

    left = Account.objects.get(pk=account.pk)
    assert left.username.startswith("erased-")
    assert (left.full_name, left.email, left.mobile_phone) == ("", "", "")
    assert (left.birth_date, left.is_active, left.has_usable_password()) == (None, False, False)
    assert left.erased_at is not None
    assert not EmailAddress.objects.exists()
    job.refresh_from_db()
    assert job.created_by == left
    assert number_of_due(world.operator) == 0, "once"


def test_who_is_registered_again_is_kept(world: World) -> None:
    patron = world.patron()
    remove_patron(world.operator, patron.pk)
    days_ago(90)
    job = run(plan_erasure(world.operator))
    keep(patron.account)
    Registration.objects.create(account=patron.account, organization=world.cascadia)
    job = run(confirm_job(world.operator, job))
    assert job.counts == {"failed": {"kept": 1}}
    assert Account.objects.get(pk=patron.account_id).erase_on is None


def test_an_erased_account_is_not_registered_again(world: World) -> None:
    patron = world.patron()
    remove_patron(world.operator, patron.pk)
    erase([patron.account_id])
    with pytest.raises(InputError, match="erased just now"):
        keep(patron.account)


def test_an_erasure_cannot_be_undone(world: World) -> None:
    remove_patron(world.operator, world.patron().pk)
    days_ago(90)
    job = erased(world)
    with pytest.raises(StateError):
        undo_job(world.operator, job)
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    page = visitor.get("job", job.pk)
    assert "an account" in text_of(page)
    assert reverse("undo_job", args=["cascadia", job.pk]) not in page.content.decode()


def test_each_organization_erases_its_own(world: World) -> None:
    stranger = world.stranger()
    with open_organization(world.rainier):
        remove_patron(operator(world.rainier), stranger.patrons.get().pk)
    days_ago(90)
    assert number_of_due(world.operator) == 0
    with open_organization(world.rainier):
        assert number_of_due(operator(world.rainier)) == 1


def test_only_a_manager_may_ask(world: World) -> None:
    librarian = world.actor(world.staff("Library administrator", world.maple))
    for do in (number_of_due, plan_erasure, what_is_due, plan_forgetting):
        with pytest.raises(NotAllowedError):
            do(librarian)


# The wish


def test_a_wish_does_not_wait(world: World) -> None:
    patron = world.patron()
    wish_erasure(patron.account)
    remove_patron(world.operator, patron.pk)
    assert Account.objects.get(pk=patron.account_id).erase_on == timezone.localdate()
    assert number_of_due(world.operator) == 1


def test_a_wish_after_the_removal_does_not_wait_either(world: World) -> None:
    patron = world.patron()
    remove_patron(world.operator, patron.pk)
    wish_erasure(Account.objects.get(pk=patron.account_id))
    assert number_of_due(world.operator) == 1


def test_the_person_wishes_takes_it_back_and_staff_see_it(world: World) -> None:
    patron = world.patron(first="Ada", last="Byron")
    staff = Visitor(world.staff("Library administrator", world.maple, "leo"))
    person = Client()
    person.force_login(patron.account)
    address = reverse("erasure")
    assert "Cascadia" in text_of(person.get(address))
    assert "Nobody wishes" in text_of(staff.get("erasure_wishes"))

    person.post(address, {"wish": "1"})
    assert "You wished to be erased" in text_of(person.get(address))
    listed = text_of(staff.get("erasure_wishes"))
    assert "Ada Byron" in listed
    assert "Remove Ada Byron" in listed
    other = Visitor(world.staff("Library administrator", world.alder, "lea"))
    assert "Ada Byron" not in text_of(other.get("erasure_wishes"))

    person.post(address, {"withdraw": "1"})
    assert "Nobody wishes" in text_of(staff.get("erasure_wishes"))
    # Registered somewhere, nobody erases at once.
    person.post(address, {"erase": "1", "current_password": ""})
    assert Account.objects.filter(pk=patron.account_id).exists()


def test_without_a_record_the_person_erases_the_account_at_once(world: World) -> None:
    patron = world.patron(first="Ada", last="Byron")
    patron.account.set_password("Correct-Horse-1")
    patron.account.save()
    remove_patron(world.operator, patron.pk)
    client = Client()
    client.force_login(patron.account)
    assert "at once" in text_of(client.get(reverse("erasure")))
    wrong = client.post(reverse("erasure"), {"erase": "1", "current_password": "wrong"})
    assert wrong.status_code == 422
    assert "This is not your password" in text_of(wrong)
    answer = client.post(reverse("erasure"), {"erase": "1", "current_password": "Correct-Horse-1"})
    assert answer.status_code == 302
    assert not Account.objects.filter(pk=patron.account_id).exists()
    assert client.get(reverse("start")).status_code == 302, "signed out"
    # The ledger forgets in the night that follows.
    assert what_is_due(world.operator) == {1: 1}
    forgotten(world)
    assert not Change.objects.filter(subject_kind="patron", subject_id=patron.pk).exists()


def test_who_is_registered_cannot_erase_by_the_action(world: World) -> None:
    patron = world.patron()
    patron.account.set_unusable_password()
    with pytest.raises(StateError):
        erase_own_account(patron.account, "")
    withdraw_wish(patron.account)
    assert Patron.objects.filter(pk=patron.pk).exists()


# Forgetting


def test_removed_patrons_are_forgotten_after_the_waiting_time(world: World) -> None:
    stays = world.patron(status="inactive", barcode="1")
    goes = world.patron(first="Ada", last="Byron", status="inactive", barcode="2")
    Registration.objects.create(account=goes.account, organization=world.rainier)
    listed = ask(world.operator, listed="2")
    job = run(confirm_job(world.operator, run(plan_removal(world.operator, listed))))
    days_ago(89)
    assert what_is_due(world.operator) == {}
    days_ago(91)
    assert what_is_due(world.operator) == {1: 1}
    forgot = forgotten(world)
    assert forgot.counts == {"applied": {"": 1}}
    change = Change.objects.get(job=job)
    assert (change.subject_id, change.before, change.after) == (0, {}, {})
    assert (change.outcome, RemovedPatron.objects.count()) == ("applied", 0)
    # Nothing is left to go back to, and the pages bear it.
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    assert "forgotten" in text_of(visitor.get("job", job.pk))
    assert "Patron records removed" in text_of(visitor.get("job", forgot.pk))
    job = run(undo_job(world.operator, job))
    assert job.counts == {"left": {"erased": 1}}
    assert Patron.objects.filter(pk=stays.pk).exists()


def test_old_changes_lookups_and_lists_are_forgotten(world: World) -> None:
    world.crowd(9)
    job = run(confirm_job(world.operator, world.plan()))
    job.params["listed"] = [[1, "4711"]]
    job.save()
    Lookup.objects.create(organization=world.cascadia, asked_for="x", found=True, has_agreed=True)
    assert what_is_due(world.operator) == {}
    days_ago(731)
    assert what_is_due(world.operator) == {2: 9, 3: 1, 4: 1}
    forgot = forgotten(world)
    assert forgot.counts == {"applied": {"": 3}}
    assert [c.after["count"] for c in Change.objects.filter(job=forgot).order_by("pk")] == [9, 1, 1]
    assert set(Change.objects.filter(job=job).values_list("subject_id", "outcome")) == {
        (0, "applied")
    }
    assert not Change.objects.filter(~Q(before={}) | ~Q(after={}), job=job).exists()
    job.refresh_from_db()
    assert (job.params["listed"], Lookup.objects.count()) == ([], 0)
    assert what_is_due(world.operator) == {}
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    assert visitor.get("job", job.pk).status_code == 200
    assert visitor.get("job_csv", job.pk).status_code == 200


@pytest.mark.any_engine
def test_the_nightly_command_erases_and_forgets(world: World, openpatron: CommandLine) -> None:
    remove_patron(world.operator, world.patron().pk)
    days_ago(91)
    answer = openpatron("nightly", "--organization", "cascadia", "--format", "json")
    assert answer.code == 0
    assert {row["kind"]: row["state"] for row in answer.json} == {
        "erase_accounts": "done", "forget_history": "done"
    }  # fmt: skip
    assert not Account.objects.exists()
