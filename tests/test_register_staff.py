"""Registering somebody whole: channel, codes, staff role; by page, command and action."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.organizations.models import Site
from openpatron.patrons.actions.register_patron import WantedRole, register_patron
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Patron, StaffRole

from .command_line import CommandLine, openpatron
from .test_pages_register_patron import answer, words
from .test_register_patron import counts, wanted
from .visitor import Visitor, options, text_of

if TYPE_CHECKING:
    from .world import World

__all__ = ["openpatron"]
pytestmark = pytest.mark.postgres


@pytest.fixture
def leo(world: World) -> Visitor:
    Site.objects.filter(pk=world.cedar.pk).update(shares_resources=True)
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


def boxes(response: Any) -> set[tuple[str, str]]:
    """Return the boxes that are ticked: (name, value)."""
    ticked = re.findall(r"<input[^>]*\bchecked[^>]*>", response.content.decode())
    return {
        (re.findall(r'name="([^"]*)"', one)[0], (re.findall(r'value="([^"]*)"', one) or ["on"])[0])
        for one in ticked
    }


@pytest.mark.any_engine
def test_the_page_registers_somebody_whole(world: World, leo: Visitor) -> None:
    level, maple = world.levels["Library administrator"], str(world.maple.pk)
    until = timezone.localdate() + timedelta(days=30)
    whole = words(world) | {
        "additional_email": "parents@x.example",
        "local_codes": "choir, bus 4",
        "resource_sharing_library": str(world.cedar.pk),
        "page_language": "es",
        "language": "fr",
        "role-level": str(level.pk),
        "role-where": "sites",
        "role-sites": maple,
        "role-ends_on": until.isoformat(),
    }
    assert "District patrons manager" not in options(leo.get("register_patron"), "role-level")
    asked = leo.post("register_patron", **whole | {"do": "look_up"})
    # What is only shown again has kept all of it.
    assert {("role-where", "sites"), ("role-sites", maple)} <= boxes(asked)
    for said in ("parents@x.example", "choir, bus 4", until.isoformat()):
        assert f'value="{said}"' in asked.content.decode()

    for wrong, sentence in (
        ({"role-sites": ""}, "Choose at least one site"),
        ({"role-sites": str(world.alder.pk)}, "alder"),
        ({"role-ends_on": "2020-01-01"}, "is over already"),
        ({"role-level": ""}, "Choose the level of the staff role"),
        ({"wants_mail": "on"}, "Choose e-mail as the channel"),
        ({"additional_email": "no address"}, "is no e-mail address"),
        ({"language": "elvish"}, "Choose one of the values of the list"),
        ({"expires_on": "2020-01-01"}, "is over already"),
    ):
        before = counts()
        refused = leo.post(
            "register_patron", **{n: v for n, v in (whole | wrong).items() if v != ""}
        )
        assert refused.status_code == 422, wrong
        if sentence != "alder":
            assert sentence in text_of(refused).partition("1. Already ours?")[0]
        assert counts() == before

    assert leo.post("register_patron", **whole).status_code == 302
    patron = Patron.objects.get(account__username="ada")
    role = StaffRole.objects.get(patron=patron)
    assert (role.access_level, list(role.sites.all()), role.ends_on) == (
        level,
        [world.maple],
        until,
    )
    assert patron.additional_email == "parents@x.example"
    assert (patron.account.language, patron.language) == ("es", "fr")
    assert {code.value for code in patron.local_codes.all()} == {"choir", "bus 4"}
    assert patron.resource_sharing_library == world.cedar
    # It holds at once, and what was written is in the ledger.
    assert actor_for(patron.account, world.cascadia, "web").may("patrons.edit", world.maple)
    said = text_of(leo.get("patron", patron.pk))
    assert "Staff role given" in said
    assert "bus 4, choir" in said


def test_nobody_gives_a_role_above_their_own_while_registering(world: World) -> None:
    account = world.staff("Library administrator", world.maple, "leo")
    leo, level = world.actor(account), world.levels["District patrons manager"]
    before = counts()
    for places in ((world.maple,), None):
        with pytest.raises(NotAllowedError):
            register_patron(leo, wanted(world, roles=(WantedRole(level, places),)))
    own = world.levels["Library administrator"]
    with pytest.raises(NotAllowedError, match="staff roles"):
        register_patron(leo, wanted(world, roles=(WantedRole(own, (world.alder,)),)))
    with pytest.raises(InputError, match="media site"):
        register_patron(world.operator, wanted(world, roles=(WantedRole(own, (world.studio,)),)))
    assert counts() == before
    # Who registers, but gives no roles, is not offered them, and is refused them.
    level = world.levels["Library administrator"]
    level.permissions = [name for name in level.permissions if name != "patrons.manage_staff"]
    level.save()
    visitor = Visitor(account)
    assert "Staff role" not in text_of(visitor.get("register_patron"))
    visitor.post("register_patron", **words(world), **{"role-level": str(own.pk)})
    assert not StaffRole.objects.filter(patron__account__username="ada").exists()


@pytest.mark.any_engine
def test_the_command_registers_somebody_whole(world: World, openpatron: CommandLine) -> None:
    Site.objects.filter(pk=world.cedar.pk).update(shares_resources=True)
    world.staff("Library administrator", world.maple, "leo")
    usual = (
        *("register_patron", "--organization", "cascadia", "--site", "maple", "--last-name", "L"),
        *("--patron-type", "Faculty", "--access-level", "Patron", "--username", "ada"),
    )
    before = counts()
    for wrong, code, sentence in (
        (("--staff-role", "Teacher"), 2, "--role-at for each site"),
        (("--role-at", "maple"), 2, "--staff-role is required"),
        (("--staff-role", "Teachr", "--role-at", "maple"), 2, "no access level “Teachr”"),
        (("--staff-role", "Teacher", "--role-at", "nowhere"), 2, "no site “nowhere”"),
        (("--staff-role", "Teacher", "--role-everywhere", "--role-at", "maple"), 2, "not allowed"),
        (("--staff-role", "Teacher", "--role-at", "alder", "--as", "leo"), 3, "staff roles"),
        (("--staff-role", "District patrons manager", "--role-everywhere", "--as", "leo"), 3, ""),
        (("--mail", "--additional-email", "p@x.example"), 2, "by mail"),
        (("--local-code", "a,b"), 2, "no comma"),
        (("--resource-sharing-library", "maple"), 2, "Choose one of: Cedar"),
        (("--password-link", "--generate-password"), 2, "not allowed with"),
    ):
        refused = openpatron(*usual, *wrong)
        assert (refused.code, refused.out) == (code, ""), wrong
        assert sentence in refused.err
        assert refused.err.count("\n") == 1
    assert counts() == before

    made = openpatron(
        *usual, "--staff-role", "Teacher", "--role-at", "maple", "--role-at", "cedar",
        "--additional-email", "p@x.example", "--local-code", "choir",
        "--resource-sharing-library", "cedar", "--password-link", "--format", "json",
    )  # fmt: skip
    assert made.code == 0, made.err
    patron = Patron.objects.get(pk=made.json["patron_id"])
    assert StaffRole.objects.get(patron=patron).sites.count() == 2
    assert patron.resource_sharing_library == world.cedar
    # The link works, once.
    path = "/" + made.json["password_link"].split("/", 3)[3]
    page = Client().get(path, follow=True)
    assert page.status_code == 200
    fields = set(
        re.findall(r'<input[^>]*type="password"[^>]*name="([^"]*)"', page.content.decode())
    )
    fields |= set(re.findall(r'name="([^"]*)"[^>]*type="password"', page.content.decode()))
    assert fields
    Client().post(path, dict.fromkeys(fields, "Lantern-4711"))
    patron.account.refresh_from_db()
    assert patron.account.check_password("Lantern-4711")


def test_no_link_is_shown_of_an_account_that_existed(world: World, openpatron: CommandLine) -> None:
    """It could be somebody's with rights elsewhere."""
    world.neighbour("rolf")
    made = openpatron(
        "register_patron", "--organization", "cascadia", "--site", "maple", "--username", "rolf",
        "--last-name", "R", "--patron-type", "Student", "--access-level", "Patron",
        "--person-agreed", "--password-link", "--format", "json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert set(made.json) == {"patron_id", "account_id", "barcode"}


ONE_NAME = ["élÉonore", "ÉLÉONORE", "E\u0301le\u0301onore", "ｅ\u0301léonore"]


@pytest.mark.parametrize("username", ONE_NAME)
def test_one_name_in_whatever_case_and_form(world: World, username: str) -> None:
    """SQLite itself compares A to Z only: stored and asked for in one case, all are one name."""
    first = register_patron(
        world.operator, wanted(world, username="ÉlÉonore", email="JÖrg@münchen.example")
    )
    first.account.set_password("Lantern-4711")
    first.account.save()
    before = counts()
    for changed in (
        {"username": username, "email": ""},
        {"username": "other", "email": "jöRG@xn--mnchen-3ya.example"},
    ):
        with pytest.raises(InputError, match="registered here already"):
            register_patron(world.operator, wanted(world, **changed))
    assert counts() == before
    for login in (username, "jöRG@xn--mnchen-3ya.example", "JÖRG@MÜNCHEN.example"):
        visitor = Client()
        visitor.post(reverse("account_login"), {"login": login, "password": "Lantern-4711"})
        assert visitor.session.get("_auth_user_id") == str(first.account_id), login


def test_what_was_stored_before_is_rewritten_and_nobody_is_lost(world: World) -> None:
    migration = import_module("openpatron.accounts.migrations.0008_one_case")
    old = world.patron(username="ÉlÉStraße", email="JÖrg@x.example").account
    plain = world.patron(username="Ada", email="Ada@x.example").account
    names = {old.pk: "éléStrasse", plain.pk: "Ada"}
    if connection.vendor == "sqlite":
        first = world.patron(username="zoÉ").account
        second = world.patron(username="zoé").account
        # It would meet the other, and stays.
        names |= {first.pk: "zoÉ", second.pk: "zoé"}
    migration.write(apps, None)
    found = Account.objects.filter(pk__in=names)
    assert dict(found.values_list("pk", "username")) == names
    old.refresh_from_db()
    plain.refresh_from_db()
    assert (old.email, plain.email) == ("Jörg@x.example", "Ada@x.example")


def test_an_address_alone_is_enough_to_ask_and_to_be_registered(world: World, leo: Visitor) -> None:
    rolf = world.neighbour("rolf")
    Account.objects.filter(pk=rolf.pk).update(first_name="Rolf", email="rolf@x.example")
    typed = words(world, username="", last_name="", email="Rolf@X.example")
    asked = leo.post("register_patron", **typed | {"do": "look_up"})
    assert "An account (initials R. R. )" in text_of(asked)
    signed = answer(asked)
    assert leo.post("register_patron", **typed | {"answer": signed}).status_code == 422
    agreed = leo.post("register_patron", **typed | {"answer": signed, "has_agreed": "on"})
    assert agreed.status_code == 302
    assert Patron.objects.filter(account=rolf).exists()
    # Of an address that nobody has, a username is needed to make the account.
    new = typed | {"email": "new@x.example", "last_name": "N"}
    assert "There is no account" in text_of(leo.post("register_patron", **new | {"do": "look_up"}))
    assert leo.post("register_patron", **new).status_code == 422


def test_an_answer_is_about_the_very_name_that_was_asked(world: World, leo: Visitor) -> None:
    world.neighbour("muller")
    Account.objects.create(username="müller", first_name="Zoe", last_name="Other")
    typed = words(world, username="muller", email="")
    signed = answer(leo.post("register_patron", **typed | {"do": "look_up"}))
    other = typed | {"username": "müller", "has_agreed": "on", "answer": signed}
    refused = leo.post("register_patron", **other)
    assert refused.status_code == 422
    assert "initials Z. O." in text_of(refused)
    assert not Patron.objects.filter(account__username="müller").exists()
