"""May this patron borrow, renew, request, here, now? All reasons at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.queries import history
from openpatron.patrons.actions.block_patron import block_patron, lift_block
from openpatron.patrons.finding import find_patron, may
from openpatron.patrons.models import Patron
from openpatron.patrons.standing import Deed

from .world import World

pytestmark = pytest.mark.postgres


def codes(world: World, patron: Patron, deed: Deed = Deed.CHECKOUT) -> list[str]:
    fresh = Patron.objects.select_related("account").get(pk=patron.pk)
    return [r.code for r in may(world.operator, fresh, deed, world.maple)]


def test_nothing_stops_an_active_patron(world: World) -> None:
    assert codes(world, world.patron()) == []


@pytest.mark.parametrize(
    ("status", "stopped"),
    [
        ("active", set()),
        ("restricted", {Deed.CHECKOUT, Deed.REQUEST}),
        ("inactive", set(Deed)),
    ],
)
def test_what_each_status_stops(world: World, status: str, stopped: set[Deed]) -> None:
    patron = world.patron(status=status)
    assert {deed for deed in Deed if codes(world, patron, deed)} == stopped


def test_all_reasons_are_said_at_once(world: World) -> None:
    today = timezone.localdate()
    patron = world.patron(world.cedar, status="inactive")
    Patron.objects.filter(pk=patron.pk).update(expires_on=today - timedelta(days=1))
    block_patron(world.operator, patron.pk, [Deed.CHECKOUT], "Book not returned", today)
    assert codes(world, patron) == ["not_associated", "inactive", "expired", "blocked"]


def test_blocks_stop_what_they_say_until_their_day_or_until_lifted(world: World) -> None:
    patron = world.patron()
    today = timezone.localdate()
    block = block_patron(world.operator, patron.pk, [Deed.REQUEST], "Too many requests", today)
    assert codes(world, patron, Deed.REQUEST) == ["blocked"]
    assert codes(world, patron, Deed.CHECKOUT) == []
    block.until = today - timedelta(days=1)
    block.save()
    assert codes(world, patron, Deed.REQUEST) == []
    block.until = None
    block.save()
    assert codes(world, patron, Deed.REQUEST) == ["blocked"]
    lift_block(world.operator, patron.pk, block.pk)
    lift_block(world.operator, patron.pk, block.pk)
    assert codes(world, patron, Deed.REQUEST) == []
    assert history("patron", patron.pk).count() == 2


def test_who_asks_decides_what_may_be_overridden(world: World) -> None:
    patron = world.patron(status="restricted")
    leo = world.actor(world.staff("Library administrator", world.maple))
    fresh = Patron.objects.select_related("account").get(pk=patron.pk)
    assert [r.overridable for r in may(leo, fresh, Deed.CHECKOUT, world.maple)] == [False]
    assert [r.overridable for r in may(world.operator, fresh, Deed.CHECKOUT, world.maple)] == [True]


def test_it_takes_few_queries(
    world: World, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.patron(barcode="4711")
    with django_assert_max_num_queries(4):
        patron = find_patron(world.operator, "4711")
        may(world.operator, patron, Deed.CHECKOUT, world.maple)


def test_bad_blocks_are_refused(world: World) -> None:
    patron = world.patron()
    for stops, reason, days, field in (
        ([], "why", 1, "stops"),
        ([Deed.RENEW], " ", 1, "reason"),
        ([Deed.RENEW], "x" * 201, 1, "reason"),
        ([Deed.RENEW], "why", -1, "until"),
    ):
        until = timezone.localdate() + timedelta(days=days)
        with pytest.raises(InputError) as refused:
            block_patron(world.operator, patron.pk, stops, reason, until)
        assert refused.value.field == field
    reader = world.actor(world.staff("Teacher", world.maple))
    with pytest.raises(NotAllowedError):
        block_patron(reader, patron.pk, [Deed.RENEW], "why")
    with pytest.raises(NotFoundError):
        lift_block(world.operator, patron.pk, 10**9)


def test_a_patron_is_found_by_what_is_at_hand(world: World) -> None:
    patron = world.patron(barcode="4711", username="ada", district_id="D-1")
    for key in ("4711", " 4711\r\n", "ADA", "D-1", str(patron.pk)):
        assert find_patron(world.operator, key) == patron
    world.patron(world.cedar, "4711")
    assert find_patron(world.operator, "4711", world.maple) == patron
    for key in ("4711", "nobody", "", "\x00", "9" * 30, "%"):
        with pytest.raises(InputError):
            find_patron(world.operator, key)
