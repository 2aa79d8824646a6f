"""A lost card is replaced in one step: by action, page and command; two clerks at once."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.db import connection

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.ledger.models import Change
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.register_patron import Registered, register_patron
from openpatron.patrons.actions.replace_card import replace_card
from openpatron.patrons.models import Barcode, Patron
from openpatron.patrons.queries import PatronFilter, patrons, patrons_by_barcode

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def card(patron: Patron) -> Barcode:
    return patron.barcodes.get(state="current")


def test_the_old_number_stops_and_the_next_one_is_given(world: World) -> None:
    patron = world.patron(barcode="000007")
    old = card(patron)

    new = replace_card(world.operator, patron.pk, old.pk)

    old.refresh_from_db()
    assert (old.state, new.value, new.number) == ("replaced", "000008", 8)
    assert patrons_by_barcode(world.operator, "000007") == []
    assert patrons_by_barcode(world.operator, "000008") == [patron]
    assert list(patrons(world.operator, PatronFilter(text="000007"))) == []
    assert list(patrons(world.operator, PatronFilter(text="000008"))) == [patron]
    change = Change.objects.get()
    assert change.before == {"barcode at maple": "000007"}
    assert change.after == {"barcode at maple": "000008", "replaced_card": "000007"}


def test_cards_of_other_sites_stay(world: World) -> None:
    patron = world.patron(barcode="4711")
    world.tie(patron, world.alder, "4712")
    replace_card(world.operator, patron.pk, patron.barcodes.get(value="4711").pk, "900001")
    assert set(patron.barcodes.filter(state="current").values_list("value", flat=True)) == {
        "900001",
        "4712",
    }
    patron.refresh_from_db()
    assert "4712" in patron.search_text
    assert "4711" not in patron.search_text


def test_a_scanned_number_is_trimmed(world: World) -> None:
    patron = world.patron(barcode="4711")
    assert replace_card(world.operator, patron.pk, card(patron).pk, " 900001\r\n").value == "900001"


def test_the_old_number_is_given_to_nobody_again(world: World) -> None:
    patron, other = world.patron(barcode="4711"), world.patron(barcode="4712")
    replace_card(world.operator, patron.pk, card(patron).pk, "900001")
    for whose in (patron, other):
        with pytest.raises(InputError) as caught:
            replace_card(world.operator, whose.pk, card(whose).pk, "4711")
        assert caught.value.field == "barcode"
    with pytest.raises(InputError, match="is being replaced"):
        replace_card(world.operator, patron.pk, card(patron).pk, "900001")
    wanted = Registered(
        {"username": "new", "last_name": "New"},
        world.maple,
        world.types["Student"],
        world.levels["Patron"],
        "4711",
    )
    with pytest.raises(InputError, match="taken"):
        register_patron(world.operator, wanted)
    assert card(patron).value == "900001"


def test_a_number_of_the_whole_organization_is_replaced_there(world: World) -> None:
    Organization.objects.filter(pk=world.cascadia.pk).update(barcode_scope="organization")
    world.cascadia.refresh_from_db()
    patron = world.patron(barcode=None)
    old = Barcode.objects.create(organization=world.cascadia, patron=patron, value="W1")
    librarian = world.actor(world.staff("Library administrator", world.maple))
    new = replace_card(librarian, patron.pk, old.pk)
    assert (new.site, new.value) == (None, "000001")


def test_only_where_one_may_serve(world: World) -> None:
    patron = world.patron(world.maple, "4711")
    world.tie(patron, world.alder, "4712")
    librarian = world.actor(world.staff("Library administrator", world.maple))
    there = patron.barcodes.get(value="4712")
    with pytest.raises(NotFoundError):
        replace_card(librarian, patron.pk, there.pk)
    everywhere = world.levels["Teacher"]
    everywhere.permissions = ["patrons.view"]
    everywhere.save()
    reader = world.actor(world.staff("Teacher"))
    with pytest.raises(NotAllowedError):
        replace_card(reader, patron.pk, there.pk)
    there.refresh_from_db()
    assert there.state == "current"


@pytest.mark.django_db(transaction=True)
def test_of_two_clerks_at_once_one_replaces(committed_world: World) -> None:
    world = committed_world
    patron = world.patron(barcode="000007")
    old, start, heard = card(patron), Barrier(2), []

    def clerk() -> None:
        try:
            with open_organization(world.cascadia):
                start.wait()
                heard.append(replace_card(world.operator, patron.pk, old.pk).value)
        except StateError as error:
            heard.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=clerk) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(heard) == [
        "000008",
        "Card 000007 was replaced already. The current number is 000008.",
    ]
    assert patron.barcodes.count() == 2


def test_the_page_says_both_numbers_and_prints_the_new_one(leo: Visitor, world: World) -> None:
    patron = world.patron(barcode="000007")
    old = card(patron)
    assert "000007" in text_of(leo.get("replace_card", patron.pk, old.pk))

    wrong = leo.post("replace_card", patron.pk, old.pk, barcode="000007")
    assert wrong.status_code == 422
    answer = leo.post("replace_card", patron.pk, old.pk, barcode="")
    said = text_of(leo.client.get(answer.headers["Location"]))
    assert "Card 000007 is replaced by 000008. The old number never works again." in said
    assert "Print in card size" in said
    again = leo.post("replace_card", patron.pk, old.pk, barcode="")
    assert "was replaced already" in text_of(leo.client.get(again.headers["Location"]))
    assert "Card replaced" in text_of(leo.get("patron", patron.pk))


def test_the_command_answers_with_both_numbers(openpatron: CommandLine, world: World) -> None:
    patron = world.patron(barcode="000007")
    told = ("--organization", "cascadia", "--at", "maple", "--format", "json")
    answer = openpatron("replace_card", "000007", *told)
    assert answer.json == {"patron_id": patron.pk, "replaced": "000007", "barcode": "000008"}
    gone = openpatron("replace_card", "000007", *told)
    assert (gone.code, gone.out) == (2, "")
    assert "There is no patron" in gone.err
    nowhere = openpatron("replace_card", "000008", "--organization", "cascadia", "--at", "cedar")
    assert nowhere.code == 2
    assert "has no card at Cedar" in nowhere.err
    world.staff("Teacher", world.maple, "tess")
    refused = openpatron("replace_card", "000008", *told, "--as", "tess")
    assert refused.code == 3
