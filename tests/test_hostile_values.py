"""Quotes, wildcards, emoji, right-to-left text, NUL, ten thousand characters: in every place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st

from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.accounts.queries import account_by_username
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.ledger import queries as ledger
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.kinds import kind_of
from openpatron.organizations.models import PatronType, Site
from openpatron.organizations.scope import find_organization
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.models import Association, Patron
from openpatron.patrons.queries import PatronFilter, patron, patrons, patrons_by_barcode

from .world import World

pytestmark = pytest.mark.postgres

# What can be kept, and fits the shortest of the columns.
KEPT = {
    "quote": "O'Brien ''",
    "double quotes": 'say "hi" ""',
    "percent": "100% %% %",
    "format": "%s %(x)s {} {0}",
    "underscore": "a_b__c",
    "star": "Ka* ?b",
    "backslash": "back\\slash \\% \\",
    "statement": "x'; DROP TABLE a; --",
    "search syntax": 'NEAR("a") AND b* OR c:d^e',
    "json": '{"a": [1, "]"]}',
    "tags": "<b>&amp;</b>",
    "emoji": "👩‍👩‍👧 🦉🏳️‍🌈",
    "right to left": "שלום עולם محمد",
    "direction marks": "a\u202eb\u2066c",
    "combining": "e\u0301a\u0308u",
    "width": "Ｆｕｌｌ　ｗｉｄｔｈ",
    "turkish": "İstanbul ısı",
    "sharp": "Straße ﬁn",
    "digits": "٣٤ ② 5",
    "comma": "a, b; c = d",
    "minus": "-1 --yes",
    "null": "NULL None null",
}
# What cannot be kept, and need not be found.
NEVER = {
    "NUL": "a\x00b",
    "only NUL": "\x00",
    "line end": "a\nb\r",
    "escape": "\x1b[31mred",
    "half a character": "a\ud800b",
    "ten thousand": "ж" * 10_000,
    "ten thousand wildcards": "%" * 10_000,
    "ten thousand words": "ab c " * 2_000,
    "empty": "",
    "space": "   ",
    "wide space": "\u3000\u00a0",
}
ALL = KEPT | NEVER

# What is folded, counted or refused before a database is asked; what is not named here an engine
# may read in its own way (quotes, wildcards, escapes, widths of characters, NUL, indexed lengths).
FOR_ANY_ENGINE = {
    "double quotes", "star", "tags", "direction marks", "width", "sharp", "digits", "comma",
    "minus", "null", "line end", "escape", "ten thousand", "space", "wide space",
}  # fmt: skip


def named(values: dict[str, str]) -> pytest.MarkDecorator:
    """Give each of them to the test, under its name."""
    marks = {name: [pytest.mark.any_engine] for name in FOR_ANY_ENGINE}
    given = [pytest.param(v, id=name, marks=marks.get(name, ())) for name, v in values.items()]
    return pytest.mark.parametrize("value", given)


kept = named(KEPT)
every = named(ALL)


def filtered(name: str, value: Any) -> PatronFilter:
    return replace(PatronFilter(), **{name: value})


def search(world: World, text: str) -> set[int]:
    return {p.pk for p in patrons(world.operator, PatronFilter(text=text))}


@kept
def test_names_are_found_as_they_are_and_by_each_word(value: str, world: World) -> None:
    found = world.patron(first="Zoë", last=value, barcode=None)
    world.patron(first="Other", last="Person", barcode=None)

    assert search(world, value) == {found.pk}
    assert search(world, value.upper()) >= {found.pk}
    for word in value.split():
        assert found.pk in search(world, word), word


@pytest.mark.parametrize(
    "wildcard",
    ["%", "%%%", "_", "____", "*", "***", "?", "a%e", "a_e", "adab_rt", "Ada*", "A.a", '"', '"""',
     "\\", "\\%", "[a-z]", "a b%", "AND", "NOT ada", "ada OR", "search_text:ada", "^ada"],
)  # fmt: skip
def test_nothing_in_the_search_box_is_a_wildcard(wildcard: str, world: World) -> None:
    world.patron(first="Adabert", last="Ade", barcode="4711", username="adabert1")
    assert search(world, "adabert") != set()
    assert search(world, wildcard) == set()


@every
def test_whatever_is_typed_into_the_search_box(value: str, world: World) -> None:
    world.patron(first="Xyz", last="Wq", barcode="4711")
    found = search(world, value)
    # Nothing typed narrows nothing down; nothing else fits.
    blank = not value.replace("\x00", "").strip()
    assert len(found) == (1 if blank else 0)


@every
def test_whatever_comes_as_a_filter(value: str, world: World) -> None:
    world.patron(grade="5")
    for name in ("grade_level", "status"):
        narrowed = filtered(name, value)
        assert patrons(world.operator, narrowed).count() == (0 if value else 1), name
    assert patrons_by_barcode(world.operator, value) == []


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30])
def test_whatever_number_comes_as_a_filter(number: int, world: World) -> None:
    world.patron()
    for name in ("site", "patron_type", "access_level", "graduation_year"):
        assert list(patrons(world.operator, filtered(name, number))) == []
    with pytest.raises(NotFoundError):
        patron(world.operator, number)
    with pytest.raises(NotFoundError):
        ledger.job(world.operator, number)
    with pytest.raises(NotFoundError):
        edit_patron(world.operator, number, EditedPatron("active", "", None, None))


@every
def test_whatever_word_is_asked_for(value: str, world: World) -> None:
    world.patron()
    for word in ("at", "whose", "value", "to", "patron_type", "access_level"):
        typed: dict[str, Any] = {word: value}
        with pytest.raises(InputError) as caught:
            world.ask(**typed)
        assert caught.value.field == word
        assert len(str(caught.value)) < 1000
    for whose in ("patron_type", "graduation_year", "status", "access_level"):
        with pytest.raises(InputError):
            world.ask(whose=whose, value=value)
    if value:
        with pytest.raises(InputError) as caught:
            world.ask(to="depot", resource_group=value)
        assert caught.value.field == "resource_group"


@every
def test_whatever_is_typed_as_a_name_elsewhere(value: str, world: World) -> None:
    assert world.cascadia.slug == "cascadia"
    with pytest.raises(NotFoundError):
        find_organization(value)
    assert account_by_username(value) is None


@kept
def test_a_job_whose_every_name_is_hostile(value: str, world: World) -> None:
    """Grade, type, level, group, sites and cards have the name; one patron is selected by it."""
    short = value[:10].strip()
    PatronType.objects.filter(name="Faculty").update(name=value[:30])
    AccessLevel.objects.filter(name="Patron").update(name=value[:30])
    ResourceGroup.objects.filter(name="Self checkout").update(name=value[:30])
    Site.objects.filter(pk=world.depot.pk).update(
        name=value, short_name=short, barcode_prefix=value[:10], barcode_digits=3
    )
    found = world.patron(grade=value[:30], barcode=value[:40])
    clash = world.patron(grade=value[:30], barcode=f"x{value[:30]}")
    world.patron(world.depot, f"x{value[:30]}", grade="5")
    # What a wildcard would fit.
    other = world.patron(grade=f"x{value[:28]}")
    world.patron(grade="5")

    job = world.plan(value=value[:30], to=short, patron_type=value[:30], access_level=value[:30])
    job = run(confirm_job(world.operator, job))

    assert job.error == ""
    assert job.counts == {"applied": {"": 1, "taken": 1}}
    tie = Association.objects.get(patron=found, site=world.depot)
    assert (tie.patron_type.name, tie.access_level.name) == (value[:30], value[:30])
    lines = {c.subject_id: c for c in job.changes.all()}
    assert set(lines) == {found.pk, clash.pk}
    assert lines[found.pk].after == {
        "site": short,
        "patron_type": value[:30],
        "access_level": value[:30],
        "resource_group": value[:30],
        "barcode": value[:40],
    }
    assert lines[clash.pk].after["barcode"] == f"{value[:10]}001"
    assert value in kind_of(job).title(job)
    assert value[:30] in kind_of(job).sentence(job)
    assert value in kind_of(job).reason(job, lines[clash.pk])
    assert patrons_by_barcode(world.operator, f"{value[:10]}001") == [clash]
    assert other.pk not in set(
        Association.objects.filter(site=world.depot).values_list("patron", flat=True)
    )
    assert run(undo_job(world.operator, job)).counts == {"undone": {"": 1, "taken": 1}}


@pytest.mark.any_engine
@every
def test_an_edited_grade_is_kept_as_it_is_or_refused(value: str, world: World) -> None:
    someone = world.patron()
    edited = EditedPatron("active", value, 2034, None)
    storable = value in KEPT.values() or not value.strip()
    if storable:
        edit_patron(world.operator, someone.pk, edited)
        history = ledger.history("patron", someone.pk)
        someone.refresh_from_db()
        # Trimmed and in Unicode's composed form, as everywhere.
        assert someone.grade_level in {value.strip(), "éäu"}
        assert history[0].after == {"grade_level": someone.grade_level}
        assert list(patrons(world.operator, PatronFilter(grade_level=someone.grade_level)))
    else:
        with pytest.raises(InputError) as caught:
            edit_patron(world.operator, someone.pk, edited)
        assert caught.value.field == "grade_level"
        someone.refresh_from_db()
        assert someone.grade_level == "5"
        assert list(ledger.history("patron", someone.pk)) == []
    with pytest.raises(InputError) as caught:
        edit_patron(world.operator, someone.pk, replace(edited, status=value, grade_level=""))
    assert caught.value.field == "status"


@given(st.text(max_size=60))
@hypothesis_settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_at_all_breaks_the_search(world: World, text: str) -> None:
    search(world, text)
    patrons_by_barcode(world.operator, text)
    with pytest.raises(InputError):
        world.ask(at=text)


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Cc", "Cs", "Cn"]), min_size=1, max_size=12
    ).filter(lambda text: bool(text.strip()))
)
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_name_is_found_by_itself(world: World, name: str) -> None:
    someone = world.patron(last=name, barcode=None)
    try:
        assert someone.pk in search(world, name)
    finally:
        Patron.objects.filter(pk=someone.pk).delete()
