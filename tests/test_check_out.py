"""Lending, taking back, renewing: due dates, limits, overrides, and many desks at once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.utils import timezone

from openpatron.access.models import AccessLevel
from openpatron.circulation.actions.change_due import change_due
from openpatron.circulation.actions.check_in import check_in
from openpatron.circulation.actions.check_out import Wanted, check_out
from openpatron.circulation.actions.close_days import close_days
from openpatron.circulation.actions.renew_loans import renew_loans
from openpatron.circulation.doing import Done, StoppedError
from openpatron.circulation.models import ClosedDay, Fee, Loan, Request, Scan
from openpatron.circulation.rules import due_on, next_open
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.models import Change
from openpatron.organizations.models import PatronType
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.finding import may
from openpatron.patrons.models import Patron
from openpatron.patrons.standing import Deed

from .desk import lend, make_item
from .test_concurrent_jobs import at_once
from .world import World

pytestmark = pytest.mark.postgres

MONDAY = date(2026, 11, 23)


def days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


def codes(stopped: pytest.ExceptionInfo[StoppedError]) -> list[str]:
    return [one.code for one in stopped.value.reasons]


@pytest.mark.parametrize(
    ("expires", "closed", "beyond", "due", "is_shortened"),
    [
        (None, [], False, 14, False),
        (30, [], False, 14, False),
        (14, [], False, 14, False),
        (10, [], False, 10, True),
        (10, [], True, 14, False),
        # Closed when it would be due: the next open day.
        (None, [(13, 15)], False, 16, False),
        # Which may lie after the expiry; and the last open day before that.
        (15, [(13, 15)], False, 12, True),
        # Expired, and somebody let it pass: today, not the past.
        (-3, [], False, 0, True),
        (3, [(0, 3)], False, 0, True),
    ],
)
def test_when_a_loan_is_due(
    expires: int | None,
    closed: list[tuple[int, int]],
    beyond: bool,
    due: int,
    is_shortened: bool,
) -> None:
    def day(number: int) -> date:
        return MONDAY + timedelta(days=number)

    closures = [(day(first), day(last)) for first, last in closed]
    last = None if expires is None else day(expires)
    found = due_on(MONDAY, 14, last, closures, beyond_expiry=beyond)
    assert (found.day, found.is_shortened) == (day(due), is_shortened)
    assert next_open(MONDAY, [(MONDAY, MONDAY + timedelta(days=999))]) > MONDAY


def test_a_loan_from_lending_to_the_way_home(world: World) -> None:
    patron, item = world.patron(), make_item(world, "I-1", world.cedar)
    key = uuid4()
    done = check_out(world.operator, world.maple, patron.pk, " I-1\r", key=key)
    assert (done.outcome, done.is_again) == ("lent", False)
    assert done.loan is not None
    assert (done.loan.due_on, done.loan.patron_type) == (days(21), "Student")
    # Sent again, it is answered and not done again.
    again = check_out(world.operator, world.maple, patron.pk, "I-1", key=key)
    assert (again.outcome, again.said, again.is_again) == ("lent", done.sentence, True)
    assert (Loan.objects.count(), Scan.objects.count()) == (1, 1)
    item.refresh_from_db()
    assert item.site == world.maple
    with pytest.raises(StoppedError, match="on loan to this patron already") as stopped:
        check_out(world.operator, world.maple, patron.pk, "I-1")
    assert not stopped.value.overridable
    with pytest.raises(StoppedError, match="on loan to another patron"):
        check_out(world.operator, world.maple, world.patron().pk, "I-1", wanted=Wanted("why"))
    # Loans are no entries of the ledger: there history is kept two years, for everybody.
    assert not Change.objects.exists()

    back = check_in(world.operator, world.maple, "I-1", uuid4())
    assert back.patron == patron
    assert back.notes == ["Send it to Cedar, where it belongs."]
    item.refresh_from_db()
    assert item.in_transit_to == world.cedar
    assert check_in(world.operator, world.cedar, "I-1").said.endswith("It is here now.")
    item.refresh_from_db()
    assert item.site == world.cedar
    assert item.in_transit_to_id is None
    loan = Loan.objects.get()
    assert (loan.state, loan.closed_site) == ("returned", world.maple)
    with pytest.raises(InputError, match="no item with the barcode"):
        check_in(world.operator, world.maple, "nothing\x00")


def test_all_that_stops_is_said_at_once_and_overridden_with_a_why(world: World) -> None:
    PatronType.objects.filter(name="Student").update(
        loan_limit=2, loan_limit_at_site=1, maximum_overdue=0, maximum_fees=Decimal("5.00"),
        request_limit=0,
    )  # fmt: skip
    patron = world.patron()
    loan = lend(world, patron)
    Loan.objects.filter(pk=loan.pk).update(due_on=days(-1))
    Fee.objects.create(
        organization=world.cascadia, patron=patron, kind="lost", amount=Decimal("5.10"),
        owed=Decimal("5.10"),
    )  # fmt: skip
    block_patron(world.operator, patron.pk, [Deed.CHECKOUT], "Dune")
    item = make_item(world, state="damaged")
    Request.objects.create(
        organization=world.cascadia, item=item, patron=world.patron(), pickup_site=world.maple
    )
    lend_it = partial(check_out, world.operator, world.maple, patron.pk, item.barcode)
    with pytest.raises(StoppedError) as stopped:
        lend_it()
    assert codes(stopped) == [
        "damaged", "requested", "blocked", "loan_limit_at_site", "maximum_overdue", "maximum_fees",
    ]  # fmt: skip
    assert "5.10 USD is owed; as Student at most 5.00 USD may be." in str(stopped.value)
    # The one function that everybody asks says the same.
    fresh = Patron.objects.select_related("account").get(pk=patron.pk)
    assert [r.code for r in may(world.operator, fresh, Deed.REQUEST, world.maple)] == [
        "request_limit"
    ]
    assert may(world.operator, fresh, Deed.RENEW, world.maple) == []

    leo = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(StoppedError):
        check_out(leo, world.maple, patron.pk, item.barcode, wanted=Wanted("for a lesson"))
    assert lend_it(wanted=Wanted("for a lesson")).outcome == "lent"
    told = Change.objects.order_by("pk").last()
    assert told is not None
    assert (told.after["override"], told.after["why"]) == ("checkout", "for a lesson")
    assert "Blocked: Dune" in told.after["reasons"]
    assert (
        "The item is marked as damaged. Another patron waits for the item."
        in (told.after["reasons"])
    )
    assert item.title not in str(told.after), "the ledger names no item"
    # Who lends at a site holds the right there, and nowhere else.
    with pytest.raises(NotAllowedError):
        check_out(leo, world.cedar, patron.pk, item.barcode)


def test_nothing_is_due_after_the_expiry_unless_somebody_with_the_right_says_so(
    world: World,
) -> None:
    patron = world.patron()
    Patron.objects.filter(pk=patron.pk).update(expires_on=days(5))
    item = make_item(world)
    done = check_out(world.operator, world.maple, patron.pk, item.barcode)
    assert done.loan is not None
    assert done.loan.due_on == days(5)
    assert done.notes[0].startswith("Shortened, because the patron expires")
    leo = world.actor(world.staff("Library administrator", world.maple))
    extend = partial(change_due, site=world.maple, patron_id=patron.pk, loan_id=done.loan.pk)
    with pytest.raises(NotAllowedError, match="Extend a loan"):
        extend(leo, day=days(9))
    AccessLevel.objects.filter(name="Library administrator").update(
        permissions=[*world.levels["Library administrator"].permissions,
                     "circulation.extend_loans"]
    )  # fmt: skip
    assert leo.account is not None
    leo = world.actor(leo.account)
    loan = extend(leo, day=days(9))
    assert (loan.due_on, loan.is_beyond_expiry) == (days(9), True)
    assert Change.objects.get().after["override"] == "beyond_expiry"
    assert extend(leo, day=days(4)).is_beyond_expiry is False
    close_days(leo, world.maple, days(2), days(3))
    for wrong in (days(-1), days(2), days(9999)):
        with pytest.raises(InputError):
            extend(leo, day=wrong)
    beyond = check_out(
        leo, world.maple, patron.pk, make_item(world).barcode, wanted=Wanted(beyond_expiry=True)
    )
    assert beyond.loan is not None
    assert beyond.loan.due_on == days(21)
    # A renewal shortens again; where that is no gain, it is not renewed and says so.
    Loan.objects.filter(pk=loan.pk).update(due_on=days(1))
    short, longer = renew_loans(leo, world.maple, patron.pk)
    assert (short.is_renewed, short.loan.due_on) == (True, days(5))
    assert "Shortened" in short.said
    assert (longer.is_renewed, longer.loan.due_on) == (False, days(21))


def test_renewals_have_limits_of_their_own(world: World) -> None:
    PatronType.objects.filter(name="Student").update(renewal_limit=1)
    patron = world.patron()
    loans = [lend(world, patron) for _n in range(4)]
    Loan.objects.update(due_on=days(1))
    Loan.objects.filter(pk=loans[0].pk).update(renewals=1)
    Loan.objects.filter(pk=loans[1].pk).update(state="claimed")
    Request.objects.create(
        organization=world.cascadia, item=loans[2].item, patron=world.patron(),
        pickup_site=world.maple,
    )  # fmt: skip
    found = renew_loans(world.operator, world.maple, patron.pk)
    assert [one.is_renewed for one in found] == [False, False, False, True]
    assert found[3].loan.due_on == days(21)
    one = [loans[0].pk, loans[2].pk]
    found = renew_loans(world.operator, world.maple, patron.pk, one, why="Exam")
    assert [one.is_renewed for one in found] == [True, True]
    told = list(Change.objects.filter(after__why="Exam").values_list("after", flat=True))
    assert len(told) == 2
    assert "An item may be renewed 1 time" in str(told)
    assert loans[0].item.title not in str(told), "the ledger names no item"
    block_patron(world.operator, patron.pk, [Deed.RENEW], "Dune")
    with pytest.raises(StoppedError):
        renew_loans(world.operator, world.maple, patron.pk)


def test_sixteen_desks_lend_one_item_once_and_pass_no_limit(committed_world: World) -> None:
    world = committed_world
    PatronType.objects.filter(name="Student").update(loan_limit=3)
    patrons = [world.patron() for _n in range(16)]
    one = make_item(world)
    lend_it = partial(check_out, world.operator, world.maple, barcode=one.barcode)
    came = at_once(world, *(partial(lend_it, patron.pk) for patron in patrons))
    assert sum(isinstance(result, Done) for result in came) == 1, came
    assert sum(isinstance(result, StoppedError) for result in came) == 15, came
    assert Loan.objects.filter(item=one).count() == 1

    reader = world.patron()
    items = [make_item(world) for _n in range(16)]
    lend_to = partial(check_out, world.operator, world.maple, reader.pk)
    came = at_once(world, *(partial(lend_to, item.barcode) for item in items))
    assert sum(isinstance(result, Done) for result in came) == 3, came
    assert Loan.objects.filter(patron=reader, closed_at=None).count() == 3

    # One scan, sent by everybody at once; and lending while it is taken back.
    Loan.objects.all().delete()
    key = uuid4()
    came = at_once(world, *[partial(lend_to, one.barcode, key=key)] * 8)
    assert [type(result) for result in came] == [Done] * 8, came
    assert Loan.objects.count() == 1
    returns = [partial(check_in, world.operator, world.maple, one.barcode)] * 4
    came = at_once(world, *[partial(lend_it, p.pk) for p in patrons[:4]], *returns)
    assert not [r for r in came if not isinstance(r, (Done, StoppedError))], came
    assert Loan.objects.filter(item=one, closed_at=None).count() <= 1


def test_closing_days_are_checked(world: World) -> None:
    leo = world.actor(world.staff("Library administrator", world.maple))
    for first, last in ((days(3), days(2)), (days(-3), days(-2)), (days(0), days(300))):
        with pytest.raises(InputError):
            close_days(leo, world.maple, first, last)
    with pytest.raises(NotAllowedError):
        close_days(leo, world.cedar, days(1))
    close_days(leo, world.maple, days(21), reason="Stock-taking")
    assert lend(world, world.patron()).due_on == days(22)
    assert ClosedDay.objects.get().last_day == days(21)
