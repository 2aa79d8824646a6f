"""Blocking by page: the form, the patron page's standing, and lifting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from openpatron.patrons.models import Block, Patron

from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def test_who_is_stopped_by_nothing_may_do_everything(leo: Visitor, world: World) -> None:
    patron = world.patron()
    said = text_of(leo.get("patron", patron.pk))
    assert "Standing at Maple" in said
    assert "May borrow, renew and request." in said


def test_a_block_is_set_shown_and_lifted(leo: Visitor, world: World) -> None:
    patron = world.patron()
    until = timezone.localdate() + timedelta(days=9)
    typed = {"reason": "Book “Dune” not returned", "until": until.isoformat()}

    answer = leo.post("block_patron", patron.pk, stops="checkout", **typed)

    block = Block.objects.get()
    assert answer.status_code == 302
    assert (block.stops, block.reason, block.until) == (["checkout"], typed["reason"], until)
    assert block.set_by == leo.account.pk
    said = text_of(leo.get("patron", patron.pk))
    assert "Blocked: Book “Dune” not returned" in said
    assert "Stops checkouts." in said
    assert f"Set by {leo.account.full_name} on" in said

    leo.post("lift_block", patron.pk, block.pk)

    said = text_of(leo.get("patron", patron.pk))
    assert "May borrow, renew and request." in said
    assert "is lifted" in said


def test_what_was_typed_stays_with_its_errors(leo: Visitor, world: World) -> None:
    patron = world.patron()
    yesterday = (timezone.localdate() - timedelta(days=1)).isoformat()

    answer = leo.post("block_patron", patron.pk, stops="renew", reason="x\x00y", until=yesterday)
    assert answer.status_code == 422
    answer = leo.post("block_patron", patron.pk, stops="renew", reason="lost", until=yesterday)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'value="lost"' in page
    assert f'value="{yesterday}"' in page
    assert "is over already" in page
    answer = leo.post("block_patron", patron.pk, reason="lost")
    assert "Choose at least one of them." in answer.content.decode()
    assert not Block.objects.exists()


def test_all_that_stops_somebody_is_said_with_what_it_stops(leo: Visitor, world: World) -> None:
    patron = world.patron(status="restricted")
    Patron.objects.filter(pk=patron.pk).update(expires_on=timezone.localdate() - timedelta(days=1))
    said = text_of(leo.get("patron", patron.pk))
    assert "The patron is restricted: renewals only. Stops checkouts, requests." in said
    assert "Stops checkouts, renewals, requests." in said


def test_who_may_not_block_sees_blocks_without_buttons(leo: Visitor, world: World) -> None:
    patron = world.patron()
    leo.post("block_patron", patron.pk, stops="checkout", reason="Lost card")
    block = Block.objects.get()
    reader = Visitor(world.staff("Teacher", world.maple, "rita"))
    world.levels["Teacher"].permissions = ["patrons.view"]
    world.levels["Teacher"].save()

    said = text_of(reader.get("patron", patron.pk))

    assert "Lost card" in said
    assert "Lift" not in said
    assert "Block this patron" not in said
    assert reader.get("block_patron", patron.pk).status_code == 403
    assert reader.post("lift_block", patron.pk, block.pk).status_code == 403
    block.refresh_from_db()
    assert block.lifted_at is None
