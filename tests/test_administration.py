"""Settings, sites, patron types and templates: who may change them, what is allowed in them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.access.registry import permissions
from openpatron.administration import queries, rules
from openpatron.administration.actions.edit_access_level import (
    EditedLevel,
    add_access_level,
    delete_access_level,
    edit_access_level,
)
from openpatron.administration.actions.edit_organization import edit_organization
from openpatron.administration.actions.edit_patron_type import (
    Conditions,
    add_patron_type,
    delete_patron_type,
    edit_patron_type,
)
from openpatron.administration.actions.edit_registration_template import (
    WantedTemplate,
    add_registration_template,
    delete_registration_template,
    edit_registration_template,
)
from openpatron.administration.actions.edit_site import edit_site
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.kernel.money import money
from openpatron.ledger.models import Change
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.patrons.models import RegistrationTemplate

from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres

FIRST = 1
EVERYTHING: dict[str, Callable[[Actor], Any]] = {
    "add_patron_type": lambda who: add_patron_type(who, Conditions("New", 1)),
    "edit_patron_type": lambda who: edit_patron_type(who, FIRST, Conditions("New", 1)),
    "delete_patron_type": lambda who: delete_patron_type(who, FIRST),
    "add_access_level": lambda who: add_access_level(who, EditedLevel("New")),
    "edit_access_level": lambda who: edit_access_level(who, FIRST, EditedLevel("New")),
    "delete_access_level": lambda who: delete_access_level(who, FIRST),
    "edit_organization": lambda who: edit_organization(who, {"name": "New"}),
    "edit_site": lambda who: edit_site(who, "maple", "new@example.org", shares_resources=False),
    "add_template": lambda who: add_registration_template(who, WantedTemplate("New")),
    "edit_template": lambda who: edit_registration_template(who, FIRST, WantedTemplate("New")),
    "delete_template": lambda who: delete_registration_template(who, FIRST),
    "history": lambda who: queries.history(who, queries.SITE, FIRST),
    "types_in_use": queries.types_in_use,
    "patron_type": lambda who: queries.patron_type(who, FIRST),
    "levels_in_use": queries.levels_in_use,
    "access_level": lambda who: queries.access_level(who, FIRST),
    "template": lambda who: queries.template(who, FIRST),
    "own_texts": queries.own_texts,
    "message_rules": queries.message_rules,
    "letter_settings": queries.letter_settings,
}


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", None, "dora"))


@pytest.mark.parametrize("name", EVERYTHING)
def test_it_takes_a_right_in_the_whole_organization(world: World, name: str) -> None:
    at_a_site = world.staff("District patrons manager", world.maple)
    for account in (at_a_site, world.staff("Library administrator"), world.stranger()):
        with pytest.raises(NotAllowedError):
            EVERYTHING[name](world.actor(account))
    assert not Change.objects.exists()


def test_no_query_is_left_out() -> None:
    with_actor = {
        name
        for name, function in inspect.getmembers(queries, inspect.isfunction)
        if next(iter(inspect.signature(function).parameters), "") == "actor"
    }
    # ``is_above`` reads nothing; the others are asked below.
    assert with_actor - {"is_above", "templates", "template_by_name"} <= set(EVERYTHING)


def test_levels_that_held_every_right_get_the_new_ones(world: World) -> None:
    new = [
        "administration.manage", "administration.manage_levels", "notifications.view",
        "patrons.remove", "patrons.serve",
    ]  # fmt: skip
    old = [one.name for one in permissions() if one.name not in new]
    made = [
        AccessLevel.objects.create(
            organization=world.cascadia, name=name, permissions=held, grants=grants
        )
        for name, held, grants in (
            ("Full", old, ["*"]),
            ("Named", old, ["Patron"]),
            ("Personnel", old[:3], ["*"]),
        )
    ]
    migration = import_module("openpatron.administration.migrations.0001_rights_for_full_rights")
    migration.give(apps, None)
    migration.give(apps, None)
    for level in made:
        level.refresh_from_db()
    assert made[0].permissions == [*old, *new]
    assert (made[1].permissions, made[2].permissions) == (old, old[:3])


def test_templates_are_listed_for_who_registers(world: World) -> None:
    made = add_registration_template(world.operator, WantedTemplate("Summer"))
    assert queries.templates(world.actor(world.staff("Library administrator", world.maple))) == [
        made
    ]
    teacher = world.actor(world.staff("Teacher"))
    with pytest.raises(NotAllowedError):
        queries.templates(teacher)
    with pytest.raises(NotAllowedError):
        queries.template_by_name(teacher, "Summer", "template")


def test_the_neighbours_rows_do_not_exist(world: World) -> None:
    strange = world.neighbour_types["Student"].pk
    for call in (
        lambda: edit_patron_type(world.operator, strange, Conditions("New", 1)),
        lambda: delete_patron_type(world.operator, strange),
        lambda: edit_access_level(
            world.operator, world.neighbour_levels["Patron"].pk, EditedLevel("New")
        ),
        lambda: queries.template(world.operator, 2**70),
    ):
        with pytest.raises(NotFoundError):
            call()
    with pytest.raises(InputError):
        edit_site(world.operator, "fir", "a@example.org", shares_resources=False)
    with pytest.raises(InputError):
        add_registration_template(
            world.operator, WantedTemplate("New", patron_type=world.neighbour_types["Student"])
        )


# Rules


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("", None), ("0", Decimal("0.00")), ("12.5", Decimal("12.50")), ("12,50", Decimal("12.50"))],
)
def test_money_is_written_with_a_point_or_a_comma(typed: str, stored: Decimal | None) -> None:
    assert money(typed, "fees") == stored


@pytest.mark.parametrize("typed", ["-1", "1.234", "1,234.50", "1e3", "NaN", "x", "12345678", "."])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(InputError) as caught:
        money(typed, "fees")
    assert caught.value.field == "fees"


@pytest.mark.parametrize("typed", ["-1", "1.5", "x", "32768", "\x00", "9" * 39])
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        rules.number(typed, "limit")


def test_a_full_width_number_is_a_number() -> None:
    assert rules.number(" ７ ", "limit") == 7


# Patron types


def test_conditions_are_written_and_told(world: World) -> None:
    made = add_patron_type(world.operator, Conditions("Guest", 14, loan_limit=3))
    wanted = Conditions("Visitor", 14, loan_limit=None, maximum_fees=Decimal("12.50"))
    edit_patron_type(world.operator, made.pk, wanted)
    edit_patron_type(world.operator, made.pk, wanted)
    made.refresh_from_db()
    assert (made.name, made.loan_limit, made.maximum_fees) == ("Visitor", None, Decimal("12.50"))
    change = Change.objects.order_by("pk").last()
    assert change is not None
    assert (change.subject_kind, change.subject_id) == ("patron_type", made.pk)
    assert change.before == {"name": "Guest", "loan_limit": 3, "maximum_fees": None}
    assert change.after == {"name": "Visitor", "loan_limit": None, "maximum_fees": "12.50"}
    assert Change.objects.count() == 2


def test_a_name_is_taken_once(world: World) -> None:
    with pytest.raises(InputError, match="“Student” already") as caught:
        edit_patron_type(world.operator, world.types["Faculty"].pk, Conditions("Student", 21))
    assert caught.value.field == "name"
    assert not Change.objects.exists()


def test_a_type_in_use_is_not_deleted(world: World) -> None:
    world.patron()
    student, faculty = world.types["Student"], world.types["Faculty"]
    with pytest.raises(StateError, match="patrons at a site: 1"):
        delete_patron_type(world.operator, student.pk)
    template = WantedTemplate("Staff", patron_type=faculty)
    made = add_registration_template(world.operator, template)
    with pytest.raises(StateError, match="registration templates: 1"):
        delete_patron_type(world.operator, faculty.pk)
    delete_registration_template(world.operator, made.pk)
    delete_patron_type(world.operator, faculty.pk)
    assert list(PatronType.objects.all()) == [student]


def test_a_type_that_a_plan_would_give_is_not_deleted(world: World) -> None:
    world.crowd(1)
    world.plan(patron_type="Faculty")
    with pytest.raises(StateError, match="jobs that are not finished: 1"):
        delete_patron_type(world.operator, world.types["Faculty"].pk)


def test_the_page_of_a_type(dora: Visitor, world: World) -> None:
    student = world.types["Student"]
    assert "no limit" in text_of(dora.get("patron_types"))
    typed = {"name": "Student", "loan_days": "14", "loan_limit": "0", "maximum_fees": "2,5"}
    assert dora.post("edit_patron_type", student.pk, **typed).status_code == 302
    student.refresh_from_db()
    assert (student.loan_limit, student.maximum_fees) == (0, Decimal("2.50"))
    said = text_of(dora.get("edit_patron_type", student.pk))
    assert "Most open fees" in said
    assert "from none to 2.50" in said
    wrong = dora.post("edit_patron_type", student.pk, **typed | {"loan_days": "x", "name": " "})
    assert wrong.status_code == 422
    assert "“x” is not allowed here" in text_of(wrong)
    assert 'value="2,5"' in wrong.content.decode()
    dora.post("add_patron_type", name="Guest", loan_days="7")
    guest = PatronType.objects.get(name="Guest")
    dora.post("delete_patron_type", guest.pk)
    assert "Guest is deleted." in text_of(dora.get("patron_types"))
    world.patron()
    dora.post("delete_patron_type", student.pk)
    assert "is in use" in text_of(dora.get("patron_types"))


def test_of_two_who_edit_the_same_the_later_one_is_told(dora: Visitor, world: World) -> None:
    student = world.types["Student"]
    page = dora.get("edit_patron_type", student.pk).content.decode()
    seen = page.split('name="seen" value="')[1].split('"')[0]
    PatronType.objects.filter(pk=student.pk).update(loan_days=5)
    typed = {"name": "Student", "loan_days": "14"}
    answer = dora.post("edit_patron_type", student.pk, **typed, seen=seen)
    assert answer.status_code == 422
    assert "while you had the form open: Loan days" in text_of(answer)
    seen = answer.content.decode().split('name="seen" value="')[1].split('"')[0]
    assert dora.post("edit_patron_type", student.pk, **typed, seen=seen).status_code == 302


# Settings


SETTINGS = {
    "name": "Cascadia Schools",
    "noun": "district",
    "time_zone": "America/Los_Angeles",
    "locale": "en",
    "country": "us",
    "password_minimum": "10",
    "expiry_warning_days": "14",
    "history_months": "0",
    "erasure_waiting_days": "30",
    "currency": "eur",
    "pickup_days": "5",
}


def test_settings_are_written_by_page(dora: Visitor, world: World) -> None:
    answer = dora.post("edit_organization", **SETTINGS, requires_second_factor="yes")
    assert answer.status_code == 302
    stored = Organization.objects.get(pk=world.cascadia.pk)
    assert (stored.name, stored.country, stored.password_minimum) == ("Cascadia Schools", "US", 10)
    assert stored.requires_second_factor
    change = Change.objects.get()
    assert change.before["time_zone"] == "UTC"
    assert change.after["requires_second_factor"] is True
    assert "noun" not in change.after


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("password_minimum", "7"),
        ("password_minimum", "65"),
        ("history_months", "7"),
        ("history_months", ""),
        ("expiry_warning_days", "-1"),
        ("erasure_waiting_days", "3651"),
        ("pickup_days", "0"),
        ("currency", "€"),
        ("time_zone", "Mars/Olympus"),
        ("locale", "tlh"),
        ("country", "ZZ"),
        ("name", "  "),
        ("noun", "x" * 41),
        ("name", "a\x00b"),
    ],
)
def test_settings_that_are_not_allowed(dora: Visitor, world: World, name: str, value: str) -> None:
    with pytest.raises(InputError) as caught:
        edit_organization(world.operator, {name: value})
    assert caught.value.field == name
    assert dora.post("edit_organization", **SETTINGS | {name: value}).status_code == 422
    assert not Change.objects.exists()


def test_a_sites_address_for_letters(dora: Visitor, world: World) -> None:
    assert dora.post("edit_site", "maple", email="library@maple.example").status_code == 302
    assert "library@maple.example" in text_of(dora.get("site", "maple"))
    assert Change.objects.get().after == {"email": "library@maple.example"}
    assert dora.post("edit_site", "maple", email="no address").status_code == 422
    dora.post("edit_site", "maple", email="")
    world.maple.refresh_from_db()
    assert world.maple.email == ""
    # Whether patrons fetch here what other libraries send.
    assert "Resource-sharing library" not in text_of(dora.get("site", "maple"))
    assert dora.post("edit_site", "maple", email="", shares_resources="yes").status_code == 302
    assert "Resource-sharing library" in text_of(dora.get("site", "maple"))
    assert dora.post("edit_site", "studio", email="", shares_resources="yes").status_code == 422
    assert list(Site.objects.filter(shares_resources=True)) == [world.maple]


def test_the_admin_page_leads_to_what_one_may_do(dora: Visitor, world: World) -> None:
    assert "Access levels" in text_of(dora.get("administration"))
    assert "Admin" in text_of(dora.get("home"))
    level = world.levels["District patrons manager"]
    level.permissions = [one for one in level.permissions if one != "administration.manage"]
    level.save()
    said = text_of(dora.get("administration"))
    assert "Access levels" in said
    assert "Patron types" not in said
    leo = Visitor(world.staff("Library administrator", world.maple))
    assert leo.get("administration").status_code == 403


# Templates


def test_templates_by_page(dora: Visitor, world: World) -> None:
    typed = {
        "name": "Summer",
        "site": str(world.maple.pk),
        "patron_type": str(world.types["Student"].pk),
        "access_level": "",
        "language": "es",
        "expires_after_months": "3",
    }
    assert dora.post("add_registration_template", **typed).status_code == 302
    made = RegistrationTemplate.objects.get()
    assert (made.site, made.access_level, made.expires_after_months) == (world.maple, None, 3)
    for name, value in (
        ("expires_after_months", "0"),
        ("language", "Spanish!"),
        ("site", str(world.studio.pk)),
        ("site", str(world.fir.pk)),
    ):
        wrong = dora.post("edit_registration_template", made.pk, **typed | {name: value})
        assert wrong.status_code == 422, name
    assert dora.post("add_registration_template", **typed).status_code == 422
    dora.post("edit_registration_template", made.pk, **typed | {"expires_after_months": "6"})
    assert "6" in text_of(dora.get("registration_templates"))
    dora.post("delete_registration_template", made.pk)
    assert "There are no templates yet" in text_of(dora.get("registration_templates"))
    told = list(Change.objects.order_by("pk").values_list("subject_kind", flat=True))
    assert told == ["template"] * 3


def test_a_template_names_no_media_site(world: World) -> None:
    with pytest.raises(InputError, match="media site"):
        add_registration_template(world.operator, WantedTemplate("New", site=world.studio))
    with pytest.raises(InputError):
        add_registration_template(world.operator, WantedTemplate("New", expires_after_months=121))
