"""Is this person registered here already: what is found, what is not, and who sees it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openpatron.kernel.errors import NotAllowedError
from openpatron.kernel.text import one_letter_off
from openpatron.organizations.scope import open_organization
from openpatron.patrons.likely_patrons import MOST, Likeness, Sought, likely_patrons

from .world import World

pytestmark = pytest.mark.postgres

BORN = date(2014, 5, 17)


def likeness(world: World, **typed: Any) -> list[tuple[str, Likeness]]:
    found = likely_patrons(world.operator, Sought(**typed))
    return [(one.patron.account.username, one.likeness) for one in found]


@pytest.fixture
def _people(world: World) -> None:
    world.crowd(20)
    world.patron(barcode="4711", first="Zoë", last="Müller", username="zoe", birth_date=BORN,
                 email="zoe+cards@x.example")  # fmt: skip
    world.patron(first="Joaquín", last="Featherstone", username="joaquin")
    world.patron(first="Lars", last="Meyer", username="lars")
    world.patron(first="明", last="欧阳", username="ming")
    world.patron(first="Siobhan", last="O'Brien", username="siobhan", preferred_name="Vonnie")


@pytest.mark.usefixtures("_people")
@pytest.mark.parametrize(
    ("typed", "who", "why"),
    [
        ({"barcode": " 4711\n"}, "zoe", Likeness.BARCODE),
        ({"username": "ZOE"}, "zoe", Likeness.USERNAME),
        ({"email": "Zoe+Cards@X.example"}, "zoe", Likeness.EMAIL),
        ({"birth_date": BORN}, "zoe", Likeness.BORN),
        ({"first_name": "zoe", "last_name": "MULLER"}, "zoe", Likeness.NAME),
        ({"last_name": "Müller"}, "zoe", Likeness.NAME),
        ({"last_name": "Mül"}, "zoe", Likeness.NEAR),
        (
            {"first_name": "Zoë", "last_name": "Müller", "birth_date": BORN},
            "zoe",
            Likeness.PERSON,
        ),
        ({"first_name": "Muller", "last_name": "Zoe"}, "zoe", Likeness.SWAPPED),
        ({"first_name": "Zoi", "last_name": "Muller"}, "zoe", Likeness.NEAR),
        ({"first_name": "Zoe", "last_name": "Muler"}, "zoe", Likeness.NEAR),
        ({"first_name": "Zeo", "last_name": "Mullerr", "birth_date": BORN}, "zoe",
         Likeness.NEAR_PERSON),
        ({"first_name": "Zo", "last_name": "Muler"}, None, None),
        ({"first_name": "Vonie", "last_name": "Brien"}, "siobhan", Likeness.NEAR),
        ({"first_name": "Lars", "last_name": "Meyr"}, "lars", Likeness.NEAR),
        ({"first_name": "Lars", "last_name": "Xmeyer"}, "lars", Likeness.NEAR),
        ({"first_name": "Lars", "last_name": "Meeyr"}, "lars", Likeness.NEAR),
        ({"first_name": "Larx", "last_name": "Meyer"}, "lars", Likeness.NEAR),
        ({"first_name": "Xars", "last_name": "Meyer"}, "lars", Likeness.NEAR),
        ({"first_name": "Lras", "last_name": "Meyer"}, "lars", Likeness.NEAR),
        ({"first_name": "Meyer", "last_name": "Lar"}, "lars", Likeness.NEAR),
        ({"last_name": "Feahterstone"}, "joaquin", Likeness.NEAR),
        ({"last_name": "Featherstnoe"}, "joaquin", Likeness.NEAR),
        ({"last_name": "Feathrestone"}, "joaquin", Likeness.NEAR),
        ({"last_name": "Fetherstone", "first_name": "joaquin"}, "joaquin", Likeness.NEAR),
        ({"last_name": "Joaquim", "first_name": "Featherstone"}, "joaquin", Likeness.NEAR),
        ({"first_name": "明", "last_name": "欧阳"}, "ming", Likeness.NAME),
        ({"first_name": "欧阳", "last_name": "明"}, "ming", Likeness.SWAPPED),
        ({"first_name": "Vonnie", "last_name": "obrien"}, "siobhan", Likeness.NEAR),
        ({"first_name": "Vonnie", "last_name": "o'brian"}, "siobhan", Likeness.NEAR),
        ({"first_name": "Zia", "last_name": "Muler"}, None, None),
        ({"first_name": "Zia", "last_name": "Fischer", "birth_date": BORN}, None, None),
        ({}, None, None),
        ({"username": "zo"}, None, None),
        ({"email": "zoe"}, None, None),
        ({"first_name": "\x00", "last_name": "%_\"'", "username": "\x00", "barcode": "\x00"},
         None, None),
        ({"last_name": "x" * 5000}, None, None),
    ],
)  # fmt: skip
def test_what_is_found(world: World, typed: Any, who: str | None, why: Likeness | None) -> None:
    assert likeness(world, **typed) == ([] if who is None else [(who, why)])


def test_exact_ones_first_and_never_more_than_fit(world: World) -> None:
    for n in range(MOST):
        world.patron(first="Ada", last="Lovelase", username=f"near{n}")
    world.patron(first="Lovelace", last="Ada", username="swapped")
    world.patron(first="Ada", last="Lovelace", username="same")
    world.patron(first="Grace", last="Hopper", username="ada")
    found = likeness(world, first_name="Ada", last_name="Lovelace", username="ada")
    assert [name for name, _why in found][:3] == ["ada", "same", "swapped"]
    assert len(found) == MOST


def test_only_who_may_be_seen_is_shown(world: World) -> None:
    world.patron(world.cedar, first="Zoe", last="Muller", username="cedar", email="z@x.example")
    world.patron(world.maple, first="Zoe", last="Muller", username="maple")
    with open_organization(world.rainier):
        world.patron(world.fir, first="Zoe", last="Muller", username="fir")
    leo = world.actor(world.staff("Library administrator", world.maple))
    for typed in (
        Sought(last_name="Muller"),
        Sought(username="cedar"),
        Sought(email="z@x.example"),
        Sought(username="fir"),
        Sought(first_name="Zoe", last_name="Mullr"),
    ):
        found = {one.patron.account.username for one in likely_patrons(leo, typed)}
        assert found <= {"maple"}, typed
    with pytest.raises(NotAllowedError):
        likely_patrons(world.actor(world.patron().account), Sought(last_name="Muller"))


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            likely_patrons(
                world.operator,
                Sought("Ada", "Lovelace1", BORN, "a@x.example", "ada", "4711"),
            )
        return len(queries)

    world.patron(first="Ada", last="Lovelace1", barcode="4711", birth_date=BORN)
    few = asked()
    world.crowd(30)
    assert asked() == few


def test_one_letter_off() -> None:
    for one, other in (
        ("meyer", "meier"), ("meyer", "meyre"), ("meyer", "meye"), ("meyer", "emyer"),
        ("meyer", "smeyer"), ("meyer", "meyyer"), ("ab", "ba"),
    ):  # fmt: skip
        assert one_letter_off(one, other)
        assert one_letter_off(other, one)
    for one, other in (
        ("meyer", "meyer"), ("meyer", "maier"), ("meyer", "mey"), ("abcd", "badc"), ("", "ab"),
        ("abc", "cba"),
    ):  # fmt: skip
        assert not one_letter_off(one, other)


@pytest.mark.parametrize(
    "sought",
    [
        Sought("Ada", "Lovelace"),
        Sought("Ada", "Lovelace", BORN, "a@x.example", "ada", "4711"),
        Sought(last_name="Lovelace"),
    ],
)
def test_no_question_reads_everybody(world: World, sought: Sought) -> None:
    """What is asked while typing has an index to go by, however many patrons there are."""
    world.patron(first="Ada", last="Lovelace", username="ada", birth_date=BORN)
    with CaptureQueriesContext(connection) as asked:
        likely_patrons(world.operator, sought)
    explain = "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # So few are read whole. What reads everybody now, without the indexes that have only
            # the organization to go by, would read everybody of a million.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("DROP INDEX patron_by_name")
            for name in ("patron_once", "patron_district_id"):
                cursor.execute(f"ALTER TABLE patrons_patron DROP CONSTRAINT IF EXISTS {name}")
                cursor.execute(f"DROP INDEX IF EXISTS {name}")
        else:
            explain += "QUERY PLAN "
        for query in asked:
            cursor.execute(explain + query["sql"].replace("%", "%%"))
            plan = "\n".join(str(row[-1]) for row in cursor.fetchall())
            for table in ("patrons_patron", "accounts_account", "patrons_barcode"):
                assert f"Seq Scan on {table}" not in plan, plan
                assert f"SCAN {table}\n" not in plan + "\n", plan
