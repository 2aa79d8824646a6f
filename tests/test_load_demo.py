"""Loading the demo: the same each time, all or nothing, refused where it is already."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import Any

import pytest
from django.db import models, transaction
from django_scopes import scopes_disabled
from pytest_django import Settings

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.accounts.models import Account, Registration
from openpatron.demo.cards import card_numbers
from openpatron.demo.load import load_demo
from openpatron.demo.names import draw_names
from openpatron.demo.sign_ins import PASSWORD, SIGN_INS
from openpatron.kernel.errors import StateError
from openpatron.organizations.barcode_pattern import BarcodePattern
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron, StaffRole

from .command_line import CommandLine, openpatron

__all__ = ["openpatron"]  # the fixture

SMALL = 400

# What tells a row without its ids, which go on where they stand in the database.
COLUMNS: dict[type[models.Model], tuple[str, ...]] = {
    Organization: ("slug", "name", "noun", "locale", "time_zone", "barcode_scope"),
    Site: (
        "organization__slug", "short_name", "name", "kind", "barcode_prefix", "barcode_digits",
        "barcode_check", "barcode_first", "barcode_last",
    ),
    PatronType: ("organization__slug", "name"),
    AccessLevel: ("organization__slug", "name", "permissions"),
    ResourceGroup: ("site__short_name", "name", "access_level__name", "permissions"),
    Account: (
        "username", "password", "email", "first_name", "middle_name", "last_name",
        "preferred_name", "language", "is_active", "created_at", "last_login",
    ),
    Registration: ("account__username", "organization__slug"),
    Patron: (
        "organization__slug", "account__username", "district_id", "status", "grade_level",
        "graduation_year", "expires_on", "search_text", "sort_name",
    ),
    Homeroom: ("site__short_name", "name", "supervisor__account__username"),
    Association: (
        "organization__slug", "patron__account__username", "site__short_name",
        "patron_type__name", "access_level__name", "resource_group__name", "homeroom__name",
        "is_primary",
    ),
    Barcode: (
        "organization__slug", "patron__account__username", "site__short_name", "value", "state",
        "number",
    ),
    StaffRole: (
        "organization__slug", "patron__account__username", "access_level__name",
        "is_organization_wide", "sites__short_name", "ends_on",
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Seven honest passwords take seconds."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def loaded(db: None) -> Iterator[None]:
    """A small demo, and all organizations readable."""
    load_demo(SMALL)
    with scopes_disabled():
        yield


def contents() -> dict[str, list[tuple[Any, ...]]]:
    with scopes_disabled():
        return {
            table.__name__: list(table._default_manager.order_by("pk").values_list(*columns))
            for table, columns in COLUMNS.items()
        }


def undone_load(patrons: int) -> dict[str, list[tuple[Any, ...]]]:
    with transaction.atomic():
        load_demo(patrons)
        found = contents()
        transaction.set_rollback(True)
    return found


@pytest.mark.postgres
@pytest.mark.django_db
def test_two_loads_make_the_same_tables() -> None:
    first = undone_load(SMALL)
    assert len(first["Patron"]) > SMALL
    assert undone_load(SMALL) == first


@pytest.mark.any_engine
@pytest.mark.postgres
@pytest.mark.django_db
@pytest.mark.parametrize("patrons", [1, 7, 30, 401])
def test_few_patrons_load_too(patrons: int) -> None:
    made = load_demo(patrons)
    with scopes_disabled():
        counts = [
            Patron.objects.filter(organization__slug=one.name.lower()).count() for one in made
        ]
        primary = Association.objects.filter(is_primary=True).count()
    assert counts == [one.patrons for one in made]
    # Those who sign in are always there.
    assert counts[0] == max(patrons, 6)
    assert primary == sum(counts)


@pytest.mark.postgres
@pytest.mark.django_db
def test_ids_go_on_after_those_that_ever_were() -> None:
    Account.objects.create(username="earlier", last_name="Earlier")
    gone = Account.objects.create(username="gone", last_name="Gone")
    ever = gone.pk
    gone.delete()
    load_demo(30)
    accounts = Account.objects.exclude(username="earlier")
    assert accounts.order_by("pk")[0].pk > ever
    later = Account.objects.create(username="later", last_name="Later")
    assert later.pk > accounts.exclude(username="later").order_by("-pk")[0].pk


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_load_that_stops_leaves_nothing() -> None:
    def stop(rows: int) -> None:
        raise InterruptedError(rows)

    with pytest.raises(InterruptedError):
        load_demo(SMALL, stop)
    assert not Organization.objects.exists()
    assert not Account.objects.exists()
    load_demo(30)


@pytest.mark.postgres
@pytest.mark.usefixtures("loaded")
def test_a_second_load_is_refused(openpatron: CommandLine) -> None:
    before = contents()
    with pytest.raises(StateError, match="cascadia, rainier"):
        load_demo(SMALL)
    answer = openpatron("load_demo")
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.splitlines() == [
        "The demo cannot be loaded: its organizations exist already (cascadia, rainier)."
    ]
    assert contents() == before


@pytest.mark.usefixtures("loaded")
def test_once_leaves_a_loaded_demo_alone(openpatron: CommandLine) -> None:
    before = contents()
    answer = openpatron("load_demo", "--once")
    assert (answer.code, answer.out) == (0, "The demo is loaded already.\n")
    assert contents() == before


@pytest.mark.django_db
def test_once_does_not_take_half_a_demo_for_one(openpatron: CommandLine) -> None:
    Organization.objects.create(name="Rainier", slug="rainier")
    answer = openpatron("load_demo", "--once")
    assert answer.code == 2
    assert "(rainier)" in answer.err


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_command_loads_and_says_so(openpatron: CommandLine) -> None:
    answer = openpatron("load_demo", "--once", "--patrons", "30")
    assert answer.code == 0, answer.err
    assert answer.out.startswith(
        "Loaded Cascadia (30 patrons at 7 sites) and Rainier (2 patrons at 2 sites) in "
    )
    assert answer.err == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    "number", ["0", "-1", "5000001", "9" * 5000, "1e3", "6,000", "٦", "", " 5", "many"]
)
def test_wrong_numbers_are_refused(openpatron: CommandLine, number: str) -> None:
    answer = openpatron("load_demo", "--patrons", number)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert "from 1 to 5000000" in answer.err
    assert not Organization.objects.exists()


@pytest.mark.django_db
def test_a_username_that_is_taken_is_a_sentence(openpatron: CommandLine) -> None:
    Account.objects.create(username="Dora.District", last_name="Somebody")
    answer = openpatron("load_demo", "--patrons", "30")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert "username" in answer.err
    assert not Organization.objects.exists()


@pytest.mark.usefixtures("loaded")
def test_the_sign_ins_are_listed(openpatron: CommandLine) -> None:
    answer = openpatron("demo_sign_ins")
    assert answer.code == 0
    lines = [line for line in answer.out.splitlines() if PASSWORD in line]
    assert [line.split()[0] for line in lines] == [person.username for person in SIGN_INS]


@pytest.mark.django_db
def test_without_the_demo_no_password_is_shown(openpatron: CommandLine) -> None:
    Organization.objects.create(name="Cascadia", slug="cascadia")
    answer = openpatron("demo_sign_ins")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert PASSWORD not in answer.err + answer.out


@pytest.mark.parametrize(("check", "prefix"), [("none", ""), ("luhn", "24011"), ("mod43", "B")])
def test_card_numbers_are_those_of_the_pattern(check: str, prefix: str) -> None:
    pattern = BarcodePattern(prefix, 8, check, 1, 99_999_999)
    cards = list(islice(card_numbers(pattern, 99_900), 400))
    # A space at the end could not be read off a card.
    numbers = (n for n in range(99_900, 100_400) if not pattern.value(n).endswith(" "))
    assert cards == [(n, pattern.value(n)) for n in islice(numbers, 400)]


def test_every_name_has_latin_letters_for_a_username() -> None:
    for name in draw_names(5_000, Random(1)):  # noqa: S311  fictional people
        assert name.last
        assert name.latin.replace(".", "").isalpha(), name
        assert name.latin.isascii(), name
        assert len(name.latin) < 100
        assert max(len(part) for part in name) <= 100
