"""Finding persons who are here twice: who is found, who is not, and what people say of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from openpatron.kernel.errors import NotAllowedError, NotFoundError
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.find_duplicates import find_duplicates, say_two_people
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.duplicates import possible_duplicate, possible_duplicates
from openpatron.patrons.models import Patron, PossibleDuplicate

from .command_line import CommandLine, openpatron
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

BORN = date(2014, 2, 3)
Likeness = PossibleDuplicate.Likeness


def person(world: World, first: str, last: str, born: date | None = BORN, **more: Any) -> Patron:
    additional = more.pop("additional_email", "")
    patron = world.patron(first=first, last=last, birth_date=born, **more)
    Patron.objects.filter(pk=patron.pk).update(additional_email=additional)
    return patron


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        (("Ada", "Byron"), ("Ada", "Byron"), Likeness.PERSON),
        (("Zoë", "Müller"), ("zoe", "Muller"), Likeness.PERSON),
        (("Ada", "Byron"), ("Byron", "Ada"), Likeness.SWAPPED),
        (("Ada", "Byron"), ("Ada", "Byrom"), Likeness.NEAR),
        (("Alex", "Byron"), ("Alexander", "Byron"), Likeness.NEAR),
        (("Ada Marie", "Byron"), ("Ada", "Byron"), Likeness.NEAR),
        (("Ada", "Byron"), ("Eve", "Byron"), None),
        (("Ada", "Byron"), ("Ada", "Lovelace"), None),
    ],
)
def test_names_on_one_birthday(
    world: World, one: tuple[str, str], other: tuple[str, str], likeness: int | None
) -> None:
    person(world, *one)
    person(world, *other)
    person(world, one[0], one[1], date(2014, 2, 4))
    find_duplicates(world.operator)
    found = list(possible_duplicates(world.operator).values_list("likeness", flat=True))
    assert found == ([] if likeness is None else [likeness])


@pytest.mark.parametrize(
    ("one", "other", "likeness"),
    [
        ({"district_id": "00-1O7"}, {"district_id": "107"}, Likeness.DISTRICT_ID),
        (
            {"additional_email": "Mum@example.org"},
            {"additional_email": "mum@example.org"},
            Likeness.EMAIL,
        ),
        ({"additional_email": "a@example.org"}, {"email": "A@example.org"}, Likeness.EMAIL),
        ({"born": None}, {}, Likeness.NAME),
        ({}, {}, None),
    ],
)
def test_numbers_and_addresses(
    world: World, one: dict[str, Any], other: dict[str, Any], likeness: int | None
) -> None:
    person(world, "Ada", "Byron", **one)
    person(world, "Ada", "Byron", **({"born": date(2015, 5, 5)} | other))
    # A sister has the same address, and is not the same person.
    person(world, "Ruth", "Byron", **{k: v for k, v in one.items() if k == "additional_email"})
    find_duplicates(world.operator)
    found = list(possible_duplicates(world.operator).values_list("likeness", flat=True))
    assert found == ([] if likeness is None else [likeness])


def test_two_people_are_remembered_and_what_is_over_goes(world: World) -> None:
    pairs = [[person(world, "Ada", name) for _ in range(2)] for name in ("Byron", "Hopper")]
    assert find_duplicates(world.operator) == 2
    first = possible_duplicates(world.operator)[0]
    say_two_people(world.operator, first.pk)
    assert find_duplicates(world.operator) == 1, "nothing said is forgotten"
    with pytest.raises(NotFoundError):
        possible_duplicate(world.operator, first.pk)
    left = next(p for p in pairs if p[0].pk != first.one_id)
    account = left[0].account
    account.birth_date = date(2001, 1, 1)
    account.save()
    assert find_duplicates(world.operator) == 0
    remove_patron(world.operator, first.one_id)
    assert not PossibleDuplicate.objects.exists()


def test_neighbours_are_not_compared(world: World) -> None:
    person(world, "Ada", "Byron")
    with open_organization(world.rainier):
        world.patron(world.fir, first="Ada", last="Byron", birth_date=BORN)
    assert find_duplicates(world.operator) == 0


def test_only_a_manager_may_look(world: World) -> None:
    person(world, "Ada", "Byron"), person(world, "Ada", "Byron")
    find_duplicates(world.operator)
    pair = PossibleDuplicate.objects.get()
    librarian = world.actor(world.staff("Library administrator", world.maple))
    for do in (
        lambda: find_duplicates(librarian),
        lambda: possible_duplicates(librarian),
        lambda: possible_duplicate(librarian, pair.pk),
        lambda: say_two_people(librarian, pair.pk),
    ):
        with pytest.raises(NotAllowedError):
            do()


def test_the_page_looks_lists_and_remembers(world: World) -> None:
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    person(world, "Ada", "Byron"), person(world, "Ada", "Byron")
    assert "No possible duplicates" in text_of(visitor.get("possible_duplicates"))
    assert visitor.post("possible_duplicates").status_code == 302
    page = text_of(visitor.get("possible_duplicates"))
    assert "Byron, Ada" in page
    assert "the same name and birth date" in page
    pair = PossibleDuplicate.objects.get()
    assert visitor.post("two_people", pair.pk).status_code == 302
    page = text_of(visitor.get("possible_duplicates"))
    assert "No possible duplicates" in page
    assert "are two people" in page
    assert visitor.post("two_people", pair.pk).status_code == 404


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_the_command_looks_and_lists(world: World, openpatron: CommandLine, form: str) -> None:
    here = ("possible_duplicates", "--organization", "cascadia", "--format", form)
    assert openpatron(*here).code == 0
    person(world, "Ada", "Byron"), person(world, "Ada", "Byron")
    answer = openpatron(*here)
    assert answer.code == 0
    assert "Byron, Ada" in answer.out
    assert openpatron("possible_duplicates").code == 2
