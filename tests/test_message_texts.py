"""Admin → Messages: what is sent, when, in which words, with a preview."""

from __future__ import annotations

import pytest

from openpatron.administration.actions.edit_messages import (
    delete_message_text,
    edit_letter_settings,
    edit_message_rule,
    edit_message_text,
)
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.ledger.models import Change
from openpatron.notifications.models import Kind, LetterSettings, Message
from openpatron.notifications.rules import rules_of
from openpatron.notifications.texts import text_of
from openpatron.notifications.wording import Words
from openpatron.organizations.scope import open_organization
from openpatron.patrons.messages import notify

from .visitor import Visitor, text_of as page_text
from .world import World

GOOD = Words("Bald: {count}", "Hallo {name},\n\n{items}\n\n{site}", "* {title}, {due_on}")


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", None, "dora"))


def about_a_loan(world: World, language: str) -> Message:
    patron = world.patron(email=f"{language}@example.org", language=language)
    item = {"title": "Momo {link} <b>", "barcode": "T1", "author": "", "due_on": "2027-03-01"}
    notify(patron, Kind.DUE_SOON, {"items": [item]})
    return Message.objects.latest("pk")


def test_own_words_come_first_and_a_missing_language_is_seen(world: World) -> None:
    edit_message_text(world.operator, "due_soon", "de", GOOD)
    edit_message_text(world.operator, "due_soon", "pt", GOOD)
    german = text_of(about_a_loan(world, "de-at"))
    assert (german.subject, german.language, german.missed) == ("Bald: 1", "de", "")
    assert german.body.splitlines()[0].startswith("Hallo Ada")
    assert "* Momo link <b>, 1. März 2027" in german.body, "nobody smuggles a link in"
    assert text_of(about_a_loan(world, "pt")).language == "pt"
    polish = about_a_loan(world, "pl")
    assert (text_of(polish).language, text_of(polish).missed) == ("en", "pl")
    patron = Visitor(world.staff("Library administrator", world.maple, "leo"))
    said = page_text(patron.get("patron_messages", polish.patron_id))
    assert "There are no words in Polish, so it is in English." in said
    delete_message_text(world.operator, "due_soon", "de")
    assert text_of(about_a_loan(world, "de")).subject.startswith("Bald fällig")
    with pytest.raises(StateError):
        delete_message_text(world.operator, "due_soon", "de")
    with open_organization(world.rainier):
        theirs = world.patron(world.fir, email="t@example.org", language="pt")
        notify(theirs, Kind.DUE_SOON, {"items": []})
    assert text_of(Message.objects.latest("pk")).language == "en", "words stay next door"


@pytest.mark.parametrize(
    ("field", "words", "said"),
    [
        ("body", Words("A", "{items} {frist}", "{title}"), "{frist} means nothing here. Allowed"),
        ("subject", Words("A {items}", "{items}", "{title}"), "{site}, {count}."),
        ("item", Words("A", "{items}", "{name}"), "Allowed are: {title}, {author}"),
        ("body", Words("A", "{name.__class__} {items}", "{title}"), "means nothing here"),
        ("body", Words("A", "nothing", "{title}"), "has to contain {items}"),
        ("subject", Words(" ", "{items}", "{title}"), "A text is needed"),
        ("subject", Words("A\nBcc: x@example.org", "{items}", "{title}"), "control character"),
        ("body", Words("A", "{items}" + "x" * 5000, "{title}"), "at most 5000"),
    ],
)
def test_words_that_cannot_be_used_are_refused(
    world: World, field: str, words: Words, said: str
) -> None:
    with pytest.raises(InputError) as refused:
        edit_message_text(world.operator, "due_soon", "de", words)
    assert refused.value.field == field
    assert said in str(refused.value)


def test_rules_stay_in_their_order(world: World) -> None:
    edit_message_rule(world.operator, "overdue_1", is_sent=True, days="5")
    with pytest.raises(InputError, match="comes after 5 days"):
        edit_message_rule(world.operator, "overdue_2", is_sent=True, days="5")
    edit_message_rule(world.operator, "overdue_2", is_sent=False, days="5")
    with pytest.raises(InputError, match="whole number from 1 to 365"):
        edit_message_rule(world.operator, "due_soon", is_sent=True, days="0")
    with pytest.raises(StateError):
        edit_message_rule(world.operator, "set_password", is_sent=False)
    with pytest.raises(NotFoundError):
        edit_message_rule(world.operator, "confirm_email", is_sent=False)
    found = rules_of(world.cascadia)
    assert [found[k].days for k in (Kind.OVERDUE_1, Kind.OVERDUE_2)] == [5, 5]
    assert not found[Kind.OVERDUE_2].is_sent
    assert rules_of(world.rainier)[Kind.OVERDUE_1].days == 1
    assert Change.objects.latest("pk").after == {
        "message": "overdue_2", "is_sent": False, "days": 5,
    }  # fmt: skip
    edit_letter_settings(world.operator, to_second_address=True, hour="0")
    with pytest.raises(InputError):
        edit_letter_settings(world.operator, to_second_address=True, hour="24")
    assert LetterSettings.objects.get().hour == 0


def test_only_who_manages_the_organization_decides(world: World) -> None:
    leo = world.actor(world.staff("Library administrator", world.maple, "leo"))
    for attempt in (
        lambda: edit_message_rule(leo, "due_soon", is_sent=False, days="3"),
        lambda: edit_message_text(leo, "due_soon", "de", GOOD),
        lambda: delete_message_text(leo, "due_soon", "de"),
        lambda: edit_letter_settings(leo, to_second_address=True, hour="4"),
    ):
        with pytest.raises(NotAllowedError):
            attempt()
    assert not Change.objects.filter(subject_kind="messages").exists()


def test_the_pages_show_preview_save_and_take_back(world: World, dora: Visitor) -> None:
    assert "Overdue, second reminder" in page_text(dora.get("message_texts"))
    words = {"subject": "Bald: {count}", "body": "{items}", "item": "<i>{title}</i>"}
    shown = dora.post("edit_message_text", "due_soon", "de", **words, preview="1")
    assert "Preview, not saved yet" in page_text(shown)
    assert "&lt;i&gt;Orlando&lt;/i&gt;" in shown.content.decode()
    assert "Bald fällig" in page_text(dora.get("edit_message_rule", "due_soon"))
    wrong = dora.post("edit_message_text", "due_soon", "de", **words | {"body": "{x}"})
    assert wrong.status_code == 422
    assert "{x} means nothing here" in page_text(wrong)
    assert dora.post("edit_message_text", "due_soon", "de", **words).status_code == 302
    said = page_text(dora.get("edit_message_rule", "due_soon"))
    assert "your own words" in said
    assert "Bald: {count}" in said
    assert dora.get("edit_message_text", "due_soon", "xx").status_code == 404
    assert "There are no words in Polish yet" in page_text(
        dora.get("edit_message_text", "due_soon", "pl")
    )
    assert dora.post("delete_message_text", "due_soon", "de").status_code == 302
    assert "your own words" not in page_text(dora.get("edit_message_rule", "due_soon"))
    late = dora.post("edit_message_rule", "overdue_3", is_sent="yes", days="2")
    assert (late.status_code, "has to come after" in page_text(late)) == (422, True)
    assert dora.post("edit_message_rule", "overdue_3", days="30").status_code == 302
    assert not rules_of(world.cascadia)[Kind.OVERDUE_3].is_sent
    dora.post("edit_letter_settings", to_second_address="yes", hour="7")
    assert "Letters go to their site at 7:00" in page_text(dora.get("message_texts"))
