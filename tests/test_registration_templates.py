"""Registering from a template: by page and by command; and the card printed right after."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.utils import timezone

from openpatron.administration.actions.edit_registration_template import (
    WantedTemplate,
    add_registration_template,
)
from openpatron.patrons.models import Patron, RegistrationTemplate
from openpatron.patrons.rules import months_later

from .command_line import CommandLine, openpatron
from .test_pages_register_patron import words
from .visitor import Visitor, options, text_of
from .world import World

__all__ = ("openpatron",)


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


@pytest.fixture
def summer(world: World) -> RegistrationTemplate:
    wanted = WantedTemplate(
        "Summer", world.maple, world.types["Student"], world.levels["Patron"], "es", 3
    )
    return add_registration_template(world.operator, wanted)


def value(page: Any, name: str) -> str:
    found = re.search(rf'<input[^>]*name="{name}"[^>]*>', page.content.decode())
    assert found, name
    given = re.search(r'value="([^"]*)"', found[0])
    return given[1] if given else ""


def chosen(page: Any, name: str) -> str:
    select = re.search(rf'<select name="{name}".*?</select>', page.content.decode(), re.DOTALL)
    assert select, name
    return "".join(re.findall(r"<option[^>]*selected[^>]*>(.*?)</option>", select[0]))


def test_without_templates_none_is_offered(leo: Visitor) -> None:
    assert "Start from a template" not in text_of(leo.get("register_patron"))


def test_a_template_fills_in_and_keeps_what_was_typed(
    leo: Visitor, world: World, summer: RegistrationTemplate
) -> None:
    assert options(leo.get("register_patron"), "template") == ["Summer"]
    typed = {"do": "template", "template": str(summer.pk), "last_name": "Byron", "barcode": "77"}
    page = leo.post("register_patron", **typed)
    assert page.status_code == 200
    assert (value(page, "last_name"), value(page, "barcode")) == ("Byron", "77")
    assert chosen(page, "language") == "Spanish"
    assert value(page, "expires_on") == months_later(timezone.localdate(), 3).isoformat()
    assert chosen(page, "site") == "Maple"
    assert (chosen(page, "patron_type"), chosen(page, "access_level")) == ("Student", "Patron")
    assert not Patron.objects.filter(account__last_name="Byron").exists()
    # Of a template that is gone nothing is filled in.
    assert leo.post("register_patron", **typed | {"template": "987654"}).status_code == 200


def test_a_template_does_not_widen_what_one_may_do(
    leo: Visitor, world: World, summer: RegistrationTemplate
) -> None:
    summer.site, summer.access_level = world.alder, world.levels["District patrons manager"]
    summer.save()
    page = leo.post("register_patron", do="template", template=str(summer.pk))
    assert "District patrons manager" not in options(page, "access_level")
    sent = words(world, site=str(world.alder.pk))
    assert leo.post("register_patron", **sent).status_code == 422


def test_language_and_history_are_kept(leo: Visitor, world: World) -> None:
    sent = words(world, language="pt-br", keep_history="on")
    assert leo.post("register_patron", **sent).status_code == 302
    patron = Patron.objects.get(account__username="ada")
    assert (patron.language, patron.account.keep_history) == ("pt-br", True)
    wrong = leo.post("register_patron", **words(world, username="eve", email="", language="!!"))
    assert wrong.status_code == 422
    assert "Choose one of the values of the list" in text_of(wrong)


def test_save_and_print_leads_to_the_card(leo: Visitor, world: World) -> None:
    answer = leo.post("register_patron", **words(world, do="register_and_print"))
    said = text_of(leo.client.get(answer.headers["Location"]))
    assert "Ada Lovelace is registered." in said
    assert "Print in card size" in said
    more = {"do": "register_and_print", "username": "eve", "email": "", "generate_password": "on"}
    shown = leo.post("register_patron", **words(world, **more))
    assert "Print the card" in text_of(shown)


def test_who_may_not_serve_is_not_offered_to_print(world: World) -> None:
    level = world.levels["Library administrator"]
    level.permissions = [one for one in level.permissions if one != "patrons.serve"]
    level.save()
    leo = Visitor(world.staff("Library administrator", world.maple, "leo"))
    assert "print the card" not in text_of(leo.get("register_patron"))


def command(*more: str) -> list[str]:
    named = ("--organization", "cascadia", "--username", "ada", "--last-name", "Lovelace")
    return [*named, "--format", "json", *more]


def test_the_command_takes_a_template(
    openpatron: CommandLine, world: World, summer: RegistrationTemplate
) -> None:
    done = openpatron("register_patron", *command("--template", "Summer", "--keep-history"))
    assert done.code == 0, done.err
    patron = Patron.objects.get(pk=done.json["patron_id"])
    assert patron.expires_on == months_later(timezone.localdate(), 3)
    assert (patron.language, patron.account.keep_history) == ("es", True)
    tie = patron.associations.get()
    assert (tie.site, tie.patron_type.name) == (world.maple, "Student")


def test_what_is_given_goes_before_the_template(
    openpatron: CommandLine, world: World, summer: RegistrationTemplate
) -> None:
    given = ("--site", "alder", "--expires", "2030-01-31", "--communication-language", "de")
    done = openpatron("register_patron", *command("--template", "Summer", *given))
    patron = Patron.objects.get(pk=done.json["patron_id"])
    assert patron.expires_on is not None
    assert patron.expires_on.isoformat() == "2030-01-31"
    assert (patron.language, patron.associations.get().site) == ("de", world.alder)


def test_the_command_says_what_is_missing(
    openpatron: CommandLine, world: World, summer: RegistrationTemplate
) -> None:
    summer.patron_type = None
    summer.save()
    for more, said in (
        ((), "--site is required"),
        (("--template", "Summer"), "--patron-type is required"),
        (("--template", "Winter"), "There are: Summer"),
    ):
        answer = openpatron("register_patron", *command(*more))
        assert answer.code == 2
        assert said in answer.err
