"""Notes: written, changed, deleted; who reads them, and what the ledger tells."""

from __future__ import annotations

import pytest

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.models import Change
from openpatron.patrons.actions.note_patron import Noted, delete_note, edit_note, note_patron
from openpatron.patrons.models import Note
from openpatron.patrons.notes import notes_of, public_notes

from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def test_only_public_notes_are_the_persons(world: World) -> None:
    patron = world.patron()
    note_patron(world.operator, patron.pk, Noted("Owes a smile"))
    public = note_patron(world.operator, patron.pk, Noted("Bring the form", is_public=True))
    assert public_notes(patron) == [public]
    assert [(n.text, who) for n, who in notes_of(world.operator, patron)] == [
        ("Bring the form", "the operator"),
        ("Owes a smile", "the operator"),
    ]


def test_the_ledger_tells_of_a_staff_note_but_not_what_it_says(world: World) -> None:
    patron = world.patron()
    note = note_patron(world.operator, patron.pk, Noted("Owes a smile", pops_up=True))
    edit_note(world.operator, patron.pk, note.pk, Noted("Paid", is_public=True))
    edit_note(world.operator, patron.pk, note.pk, Noted("Paid", is_public=True))
    delete_note(world.operator, patron.pk, note.pk)
    told = [(c.before, c.after) for c in Change.objects.order_by("pk")]
    staff = {"note": "*", "note_for": "staff", "pops_up": True}
    public = {"note": "Paid", "note_for": "person", "pops_up": False}
    nothing = dict.fromkeys(staff)
    assert told == [({}, staff), (staff, public), (public, nothing)]
    assert not Note.objects.exists()


def test_a_changed_text_of_a_staff_note_is_a_change(world: World) -> None:
    patron = world.patron()
    note = note_patron(world.operator, patron.pk, Noted("one"))
    edit_note(world.operator, patron.pk, note.pk, Noted("two"))
    assert Change.objects.count() == 2


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b", "x" * 2001, "tab\there"])
def test_what_is_no_note_is_refused(world: World, text: str) -> None:
    with pytest.raises(InputError) as caught:
        note_patron(world.operator, world.patron().pk, Noted(text))
    assert caught.value.field == "text"
    assert not Note.objects.exists()


def test_lines_stay_lines(world: World) -> None:
    note = note_patron(world.operator, world.patron().pk, Noted(" one\r\ntwo \n"))
    assert note.text == "one\ntwo"


def test_a_note_is_found_under_its_own_patron_only(world: World) -> None:
    patron, other = world.patron(), world.patron()
    note = note_patron(world.operator, patron.pk, Noted("one"))
    with pytest.raises(NotFoundError):
        edit_note(world.operator, other.pk, note.pk, Noted("two"))
    with pytest.raises(NotFoundError):
        delete_note(world.operator, patron.pk, 2**70)


def test_who_holds_more_rights_is_not_noted_by_who_holds_fewer(world: World) -> None:
    above = world.staff("District patrons manager").patrons.get()
    librarian = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        note_patron(librarian, above.pk, Noted("hm"))


@pytest.mark.any_engine
def test_pop_ups_stand_on_top_of_the_page(leo: Visitor, world: World) -> None:
    patron = world.patron()
    answer = leo.post("note_patron", patron.pk, text="Ask for the form", readers="staff")
    assert answer.status_code == 302
    note = Note.objects.get()
    assert 'role="note"' not in leo.get("patron", patron.pk).content.decode()

    leo.post("edit_note", patron.pk, note.pk, text="Ask again", readers="person", pops_up="yes")

    page = leo.get("patron", patron.pk).content.decode()
    assert page.index('role="note"') < page.index('id="ties-title"')
    said = text_of(leo.get("patron", patron.pk))
    assert "For staff and the person. Shown on top." in said
    assert f"Written by {leo.account.full_name}" in said
    assert "Ask again" in leo.get("edit_note", patron.pk, note.pk).content.decode()

    leo.post("delete_note", patron.pk, note.pk)
    assert "No notes." in text_of(leo.get("patron", patron.pk))


def test_what_was_typed_stays_with_its_error(leo: Visitor, world: World) -> None:
    answer = leo.post("note_patron", world.patron().pk, text="a\x01b", readers="staff")
    assert answer.status_code == 422
    assert "control character" in answer.content.decode()
    answer = leo.post("note_patron", world.patron().pk, text="kept words")
    assert answer.status_code == 422
    assert "kept words" in answer.content.decode()


def test_a_note_is_text_not_markup(leo: Visitor, world: World) -> None:
    patron = world.patron()
    note_patron(world.operator, patron.pk, Noted("<script>x</script>", pops_up=True))
    assert "<script>x" not in leo.get("patron", patron.pk).content.decode()
