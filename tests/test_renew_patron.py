"""A record is renewed in one click, and that can be undone; who expires soon is said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from openpatron.kernel.errors import InputError, StateError
from openpatron.ledger.models import Change
from openpatron.patrons.actions.renew_patron import renew_patron, renewed_until, undo_renewal
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import PatronFilter, patron_counts, patrons
from openpatron.patrons.rules import months_later

from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def expiring(world: World, days: int, status: str = "active") -> Patron:
    patron = world.patron(status=status)
    patron.expires_on = timezone.localdate() + timedelta(days=days)
    patron.save()
    return patron


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 11, 22), 12, date(2027, 11, 22)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(9999, 5, 1), 12, date.max),
    ],
)
def test_months_are_those_of_the_calendar(day: date, months: int, then: date) -> None:
    assert months_later(day, months) == then


def test_who_was_inactive_as_expired_is_active_again(world: World) -> None:
    today = timezone.localdate()
    patron = renew_patron(world.operator, expiring(world, -3, "inactive").pk)
    assert (patron.expires_on, patron.status) == (renewed_until(today), "active")
    assert renew_patron(world.operator, patron.pk).expires_on == renewed_until(today)
    change = Change.objects.get()
    assert change.after == {
        "renewed": today.isoformat(),
        "expires_on": renewed_until(today).isoformat(),
        "status": "active",
    }


@pytest.mark.parametrize(("days", "status"), [(5, "inactive"), (-5, "restricted")])
def test_who_was_stopped_on_purpose_stays_so(world: World, days: int, status: str) -> None:
    assert renew_patron(world.operator, expiring(world, days, status).pk).status == status


def test_what_is_valid_for_longer_stays(world: World) -> None:
    patron = expiring(world, 800)
    assert renew_patron(world.operator, patron.pk).expires_on == patron.expires_on
    assert not Change.objects.exists()
    with pytest.raises(InputError, match="no end"):
        renew_patron(world.operator, world.patron().pk)


def test_a_renewal_is_undone_while_it_is_the_last_change(world: World) -> None:
    patron = expiring(world, -3, "inactive")
    renew_patron(world.operator, patron.pk)
    undone = undo_renewal(world.operator, patron.pk)
    assert (undone.expires_on, undone.status) == (patron.expires_on, "inactive")
    with pytest.raises(StateError):
        undo_renewal(world.operator, patron.pk)
    renew_patron(world.operator, patron.pk)
    Patron.objects.update(status="restricted")
    with pytest.raises(StateError):
        undo_renewal(world.operator, patron.pk)


def test_who_expires_soon_is_a_list_and_a_number(leo: Visitor, world: World) -> None:
    world.cascadia.expiry_warning_days = 10
    world.cascadia.save()
    for days in (-1, 11):
        expiring(world, days)
    soon = [expiring(world, 0), expiring(world, 10)]
    assert set(patrons(world.operator, PatronFilter(expiring=True))) == set(soon)
    assert patron_counts(world.operator)["expiring"] == 2
    assert "2 patrons expire soon." in text_of(leo.get("home"))
    said = text_of(leo.get("patrons", expiring="yes"))
    assert all(one.account.last_name in said for one in soon)


def test_one_click_renews_and_one_takes_it_back(leo: Visitor, world: World) -> None:
    patron = expiring(world, 5)
    assert "Expires soon, on" in text_of(leo.get("patron", patron.pk))
    leo.post("renew_patron", patron.pk)
    said = text_of(leo.get("patron", patron.pk))
    assert "Undo the renewal" in said
    assert "Expires soon" not in said
    leo.post("undo_renewal", patron.pk)
    said = text_of(leo.get("patron", patron.pk))
    assert "The renewal is undone." in said
    assert "Expires soon, on" in said
    leo.post("undo_renewal", patron.pk)
    assert "no renewal to undo" in text_of(leo.get("patron", patron.pk))


def test_who_may_not_serve_is_told_but_not_asked(world: World) -> None:
    patron = expiring(world, 5)
    world.levels["Teacher"].permissions = ["patrons.view"]
    world.levels["Teacher"].save()
    reader = Visitor(world.staff("Teacher", world.maple))
    said = text_of(reader.get("patron", patron.pk))
    assert "Expires soon, on" in said
    assert "Renew until" not in said
    assert reader.post("renew_patron", patron.pk).status_code == 403
