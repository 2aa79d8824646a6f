"""What is told and forgotten at night: due soon, overdue, expiry, history."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from openpatron.accounts.models import Account
from openpatron.circulation.actions.forget_loans import forget_loans_tonight
from openpatron.circulation.actions.remind_due_soon import due_soon_tonight
from openpatron.circulation.actions.remind_overdue import overdue_tonight
from openpatron.circulation.models import Fee, Item, Loan, LoanCount, Payment, Request
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.notifications.models import Kind, LetterSettings, Message, MessageRule
from openpatron.notifications.sender import send_waiting
from openpatron.notifications.texts import text_of
from openpatron.organizations.models import Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.tell_expiry import tell_tonight
from openpatron.patrons.messages import letter_of, notify
from openpatron.patrons.models import Patron
from openpatron.patrons.undeliverable import tell_of_undeliverable

from .command_line import CommandLine, openpatron
from .mail_server import Inbox
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

NIGHTS = (due_soon_tonight, overdue_tonight, tell_tonight, forget_loans_tonight)


def lend(world: World, patron: Patron, due: int, **more: Any) -> Loan:
    """Lend something that is due so many days from today."""
    number = Item.objects.count() + 1
    item = Item.objects.create(
        organization=world.cascadia, barcode=f"T{number}", title=f"Title {number}",
        home_site=world.maple, site=world.maple, item_type="Book",
    )  # fmt: skip
    values = {"site": world.maple, "due_on": timezone.localdate() + timedelta(days=due)} | more
    return Loan.objects.create(
        organization=world.cascadia, item=item, patron=patron, patron_type="Student", **values
    )


def night(world: World, *plans: Any) -> list[Job]:
    """Plan, confirm and run what there is to do tonight."""
    done = []
    for plan in plans:
        job = plan(world.operator)
        if job is not None:
            run(job)
            job.refresh_from_db()
            confirm_job(world.operator, job)
            done.append(run(job))
    assert {job.state for job in done} <= {"done"}
    return done


def told() -> list[tuple[str, str]]:
    return sorted(Message.objects.values_list("kind", "to"))


def test_the_command_shows_what_a_night_would_send(world: World, openpatron: CommandLine) -> None:
    ada = world.patron(email="ada@example.org", first="Ada", last="Byron")
    lend(world, ada, -2)
    lend(world, ada, -3)
    asked = ("nightly", "--organization", "cascadia", "--only", "remind_overdue")
    shown = openpatron(*asked, "--preview")
    assert shown.code == 0, shown
    assert "Byron" in shown.out
    assert "2 items, Maple" in shown.out
    assert not Message.objects.exists()
    assert Job.objects.get().state == "cancelled"
    assert (
        "nothing to do"
        in openpatron(
            "nightly", "--organization", "cascadia", "--only", "forget_loans", "--preview"
        ).out
    )
    assert "remind_due_soon" in openpatron("nightly", "--only", "fly").err
    # The night has its turn all the same; once.
    assert openpatron(*asked).code == 0
    assert told() == [("overdue_1", "ada@example.org")]
    assert "nothing to do" in openpatron(*asked).out
    assert "nothing to do" in openpatron(*asked, "--preview").out


def test_each_loan_is_told_once_with_each_step_grouped_by_patron_and_site(world: World) -> None:
    ada = world.patron(email="ada@example.org", language="es")
    bob = world.patron(email="bob@example.org")
    soon = lend(world, ada, 2)
    for due in (1, -2, -3, -9):
        lend(world, ada, due)
    lend(world, ada, -2, site=world.cedar)
    lend(world, ada, 30)
    lend(world, bob, -40, state="claimed")
    returned = lend(world, bob, -2)
    for n in range(20):
        lend(world, world.patron(email=f"x{n}@example.org"), -1)
    plan = overdue_tonight(world.operator)
    assert plan is not None
    run(plan)
    Loan.objects.filter(pk=returned.pk).update(closed_at=timezone.now(), state="returned")
    night(world, due_soon_tonight)
    confirm_job(world.operator, plan)
    assert run(plan).state == "done"

    of_ada = Message.objects.filter(to="ada@example.org")
    assert sorted(of_ada.values_list("kind", "site__name")) == [
        ("due_soon", "Maple"), ("overdue_1", "Cedar"), ("overdue_1", "Maple"),
        ("overdue_2", "Maple"),
    ]  # fmt: skip
    assert Message.objects.filter(to__startswith="x").count() == 20
    assert not Message.objects.filter(to="bob@example.org").exists()
    assert plan.changes.get(outcome="skipped").subject_id == bob.pk
    first = of_ada.get(kind=Kind.OVERDUE_1, site=world.maple)
    body = text_of(first).body
    assert "– Title 4 (T4), venció el " in body
    assert "– Title 3 (T3), venció el " in body
    assert body.index("Title 4") < body.index("Title 3"), "in the order of the days"

    assert night(world, due_soon_tonight, overdue_tonight) == [], "nobody is told twice"
    Loan.objects.filter(pk=soon.pk).update(due_on=timezone.localdate() + timedelta(days=3))
    assert len(night(world, due_soon_tonight, overdue_tonight)) == 1, "a renewed loan is told anew"
    # Weeks without a night: only the last reminder of what was missed.
    Loan.objects.filter(patron=ada).update(due_on=timezone.localdate() - timedelta(days=25))
    night(world, overdue_tonight)
    kinds = [one.kind for one in of_ada.order_by("-pk")[:2]]
    assert kinds == [Kind.OVERDUE_3, Kind.OVERDUE_3]


def test_what_is_switched_off_is_not_told(world: World) -> None:
    patron = world.patron(email="ada@example.org")
    lend(world, patron, -5)
    lend(world, patron, 1)
    for kind in (Kind.DUE_SOON, Kind.OVERDUE_1):
        MessageRule.objects.create(organization=world.cascadia, kind=kind, is_sent=False)
    notify(patron, Kind.DUE_SOON, {"items": []})
    assert night(world, due_soon_tonight, overdue_tonight) == []
    assert told() == []
    for plan in NIGHTS:
        with pytest.raises(NotAllowedError):
            plan(world.actor(world.staff("Library administrator", world.maple, plan.__name__)))


def test_many_are_told_by_the_same_ways_as_one(world: World) -> None:
    """The statement for many and the function for one agree on channel, address and letter."""
    Site.objects.filter(pk=world.maple.pk).update(email="maple@example.org")
    LetterSettings.objects.create(organization=world.cascadia, to_second_address=True)
    street: dict[str, Any] = {"street": "1 Oak St", "city": "Elm", "country": "US"}
    people = [
        world.patron(email="a@example.org"),
        world.patron(email="b@example.org", language="de"),
        world.patron(**street),
        world.patron(email="d@example.org", **street),
        world.patron(world.cedar),
        world.patron(email="f@example.org"),
        *(world.patron(**street) for _n in range(5)),
    ]
    today, second = timezone.localdate(), {"second_street": "2 Elm St"}
    more: list[dict[str, Any]] = [
        {}, {"additional_email": "b2@example.org"}, {"second_street": "2 Elm St"},
        {"wants_mail": True}, {}, {"additional_email": "F@example.org", "language": "fr"},
        # As for everybody; as chosen for one; only while it holds.
        second, second | {"letters_to": "main"},
        second | {"second_from": today, "second_until": today, "letters_to": "second"},
        second | {"second_until": today - timedelta(days=1)},
        second | {"second_from": today + timedelta(days=1), "letters_to": "second"},
    ]  # fmt: skip
    for patron, values in zip(people, more, strict=True):
        values |= {"expires_on": timezone.localdate() + timedelta(days=9)}
        Patron.objects.filter(pk=patron.pk).update(**values)
    (job,) = night(world, tell_tonight)
    fields = (
        "patron_id", "account_id", "site_id", "kind", "way", "place", "to", "values", "language",
        "state", "error",
    )  # fmt: skip
    by_many = list(Message.objects.order_by("patron_id", "place").values(*fields))
    assert [one["way"] for one in by_many].count("letter") == 8
    letters = [one["values"]["letter"]["street"] for one in by_many if one["way"] == "letter"]
    assert letters[3:] == ["2 Elm St", "1 Oak St", "2 Elm St", "1 Oak St", "1 Oak St"]
    assert tell_tonight(world.operator) is None
    Message.objects.all().delete()
    day = timezone.localdate() + timedelta(days=9)
    for patron in Patron.objects.select_related("account", "organization").order_by("pk"):
        notify(patron, Kind.EXPIRING, {"day": day.isoformat()})
        if patron == people[2]:
            assert letter_of(patron)["street"] == "2 Elm St"
    assert list(Message.objects.order_by("patron_id", "place").values(*fields)) == by_many
    assert job.counts == {"applied": {"": 11}}


def test_expiring_and_expired_are_told_once_for_each_day(world: World) -> None:
    today = timezone.localdate()
    patron = world.patron(email="ada@example.org")
    for days, kinds in (
        (40, []),
        (30, ["expiring"]),
        (29, ["expiring", "expiring"]),
        (-1, ["expired", "expiring", "expiring"]),
        (-60, ["expired", "expiring", "expiring"]),
    ):
        Patron.objects.filter(pk=patron.pk).update(expires_on=today + timedelta(days=days))
        night(world, tell_tonight)
        assert tell_tonight(world.operator) is None
        assert sorted(Message.objects.values_list("kind", flat=True)) == kinds


def test_history_is_forgotten_when_over_and_paid_and_counted(world: World) -> None:
    at = timezone.make_aware(datetime(2026, 5, 4, 23, 30))  # noqa: DTZ001  local
    closed = {"lent_at": at, "closed_at": timezone.now(), "state": "returned", "renewals": 2}
    long_ago = closed | {"closed_at": timezone.now() - timedelta(days=200)}
    forgets, keeps = world.patron(), world.patron()
    Account.objects.filter(pk=keeps.account_id).update(keep_history=True)
    over = [lend(world, forgets, 1, **closed) for _ in range(10)]
    here = [lend(world, forgets, 1), lend(world, keeps, 1, **closed)]
    old = lend(world, keeps, 1, **long_ago)
    owes = lend(world, forgets, 1, **closed)
    fees = [
        Fee.objects.create(
            organization=world.cascadia, patron=forgets, loan=owes, kind="lost",
            amount=Decimal(9), owed=owed,
        )
        for owed in (Decimal(4), Decimal(0))
    ]  # fmt: skip
    Payment.objects.create(
        organization=world.cascadia, fee=fees[1], kind="payment", amount=Decimal(9)
    )
    asked = [
        Request.objects.create(
            organization=world.cascadia, item=here[0].item, patron=patron, state="cancelled",
            pickup_site=world.maple, closed_at=timezone.now(),
        )
        for patron in (forgets, keeps)
    ]  # fmt: skip
    (job,) = night(world, forget_loans_tonight)
    assert [row.after["count"] for row in job.changes.order_by("subject_id")] == [11, 1, 1]
    nobodys = set(Loan.objects.filter(patron=None).values_list("pk", flat=True))
    assert nobodys == {one.pk for one in [*over, old]}
    assert [bool(Request.objects.get(pk=one.pk).patron_id) for one in asked] == [False, True]
    assert [bool(Fee.objects.get(pk=one.pk).patron_id) for one in fees] == [True, False]
    count = LoanCount.objects.get()
    assert (count.day, count.site, count.count, count.renewals) == (
        date(2026, 5, 4), world.maple, 11, 22,
    )  # fmt: skip
    assert (count.patron_type, count.item_type) == ("Student", "Book")

    Fee.objects.filter(pk=fees[0].pk).update(owed=0)
    night(world, forget_loans_tonight)
    count.refresh_from_db()
    assert (count.count, count.renewals) == (12, 24), "paid, so forgotten and counted"
    assert forget_loans_tonight(world.operator) is None
    assert here[1].pk not in nobodys
    with open_organization(world.rainier):
        assert not LoanCount.objects.exists()


def test_sites_are_told_of_messages_that_wait_for_help(world: World, mail: Inbox) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(email="cedar@example.org")
    mail.answers["gone@example.org"] = "550 no such mailbox"
    notify(world.patron(world.cedar, email="gone@example.org"), Kind.EXPIRED, {"day": "2026-01-01"})
    notify(world.patron(world.maple), Kind.EXPIRED, {"day": "2026-01-01"})
    send_waiting()
    assert tell_of_undeliverable(world.operator) == 1
    send_waiting()
    assert mail.subjects[-1] == "Messages could not be delivered: 1"
    assert "patrons of Cedar" in mail.bodies()[-1]
    Message.objects.update(created_at=timezone.now() - timedelta(days=2))
    assert tell_of_undeliverable(world.operator) == 0, "nothing is new"


def test_texts_about_items_go_with_what_they_tell_of(world: World) -> None:
    forgets, keeps, reads = (world.patron(email=f"{n}@example.org") for n in "abc")
    Account.objects.filter(pk=keeps.account_id).update(keep_history=True)
    for patron in (forgets, keeps, reads):
        lend(world, patron, -2)
    night(world, overdue_tonight)
    notify(forgets, Kind.BLOCKED, {"reason": "x", "stops": ["checkout"]})
    for message in Message.objects.all():
        message.state, message.body = "sent", text_of(message).body
        message.save()
    assert forget_loans_tonight(world.operator) is None, "they have it still"
    over = {"closed_at": timezone.now(), "state": "returned"}
    Loan.objects.exclude(patron=reads).update(**over)
    night(world, forget_loans_tonight)
    said = {one.patron_id: text_of(one).body for one in Message.objects.exclude(kind="blocked")}
    assert said[forgets.pk] == "The text is not kept any more, because it named items."
    assert "Title" in said[keeps.pk]
    assert "Title" in said[reads.pk]
    assert "x" in Message.objects.get(kind="blocked").body
    assert forget_loans_tonight(world.operator) is None
    # That it was sent, when and to whom, stays; of who keeps history the text goes in time.
    long_ago = timezone.now() - timedelta(days=200)
    Message.objects.filter(patron_id=keeps.pk).update(created_at=long_ago)
    night(world, forget_loans_tonight)
    assert "not kept" in text_of(Message.objects.get(patron_id=keeps.pk)).body
    assert Message.objects.filter(patron_id=forgets.pk, to="a@example.org").count() == 2
