"""The pure rules: card numbers, folded and checked text. One of them also as SQL."""

from __future__ import annotations

import unicodedata
from itertools import islice

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from stdnum import luhn

from openpatron.kernel.errors import InputError
from openpatron.kernel.lookup import the_one
from openpatron.kernel.text import clean, fold, storable
from openpatron.organizations.barcode_pattern import CODE39, BarcodePattern
from openpatron.organizations.models import Site
from openpatron.patrons.rules import next_numbers, number_sql
from openpatron.patrons.selection import natural

from .world import World


def pattern(
    prefix: str = "", digits: int = 4, check: str = "none", first: int = 1, last: int = 0
) -> BarcodePattern:
    return BarcodePattern(prefix, digits, check, first, last or 10**digits - 1)


@st.composite
def patterns(draw: st.DrawFn) -> BarcodePattern:
    """Patterns that a site may have: the prefix fits the check digit."""
    check = draw(st.sampled_from(["none", "luhn", "mod43"]))
    letters = {"none": "0A29'%_\\ é😀", "luhn": "0123456789", "mod43": CODE39}[check]
    digits = draw(st.integers(0, 18))
    top = 10**digits - 1
    first = draw(st.integers(0, top))
    return pattern(
        draw(st.text(letters, max_size=10)), digits, check, first, draw(st.integers(first, top))
    )


@st.composite
def patterns_and_values(draw: st.DrawFn) -> tuple[BarcodePattern, list[str]]:
    """A pattern, and values that fit it, nearly fit it, or have nothing to do with it."""
    made = draw(patterns())
    top = 10**made.digits - 1
    numbers = [*draw(st.lists(st.integers(0, top), max_size=4)), made.first, made.last]
    right = [made.value(n) for n in numbers]
    anything = st.text(alphabet="0129A '%_٣①é-", max_size=30)
    wrong = [
        change
        for value in right
        for change in (
            value[:-1],
            value + "0",
            value[::-1],
            value.lower(),
            value[:-1] + draw(st.sampled_from([*CODE39, "é", "٣"])),
            value.replace("0", "٠"),
            value.replace("0", " "),
            value.replace("0", "-", 1),
            " " + value,
        )
    ]
    return made, [*right, *wrong, *draw(st.lists(anything, max_size=5)), ""]


# Card numbers


@pytest.mark.parametrize(
    ("shape", "number", "value"),
    [
        (pattern("", 6), 42, "000042"),
        (pattern("29", 5), 42, "2900042"),
        # ISO/IEC 7812-1, annex B: the example of Luhn's formula.
        (pattern("7992739", 3, "luhn"), 871, "79927398713"),
        (pattern("", 10, "luhn"), 1, "00000000018"),
        # ANSI/AIM BC1-1995: 10+11+12+13+14 + 1+2+3+4+5 = 75, and 75 mod 43 = 32, which is W.
        (pattern("ABCDE", 5, "mod43"), 12345, "ABCDE12345W"),
        (pattern("CODE", 2, "mod43"), 39, "CODE39W"),
    ],
)
def test_card_numbers_are_those_of_the_standards(
    shape: BarcodePattern, number: int, value: str
) -> None:
    assert shape.value(number) == value
    assert shape.number(value) == number


@given(patterns())
def test_every_number_of_the_range_comes_back(shape: BarcodePattern) -> None:
    if not shape.digits:
        assert shape.number(shape.prefix) is None
        return
    for number in (shape.first, shape.last):
        value = shape.value(number)
        assert shape.number(value) == number
        length = len(shape.prefix) + shape.digits + (shape.check != "none")
        assert len(value) == length
        if shape.check == "luhn":
            assert luhn.is_valid(value)
        if shape.check == "mod43":
            assert CODE39.index(value[-1]) == sum(map(CODE39.index, value[:-1])) % 43
    assert shape.number(shape.value(shape.last + 1)) is None
    if shape.first:
        assert shape.number(shape.value(shape.first - 1)) is None


@given(patterns_and_values())
def test_what_is_taken_for_a_number_is_written_so(
    pair: tuple[BarcodePattern, list[str]],
) -> None:
    shape, values = pair
    for value in values:
        number = shape.number(value)
        if number is not None:
            assert shape.value(number) == value
            assert shape.first <= number <= shape.last


@pytest.mark.parametrize(
    "value",
    ["", "29", "2900042 ", " 2900042", "29000421", "290004", "290O042", "29-0042", "29+0042",
     "2900٠42", "30000042"],
)  # fmt: skip
def test_what_does_not_fit_the_pattern_is_no_number(value: str) -> None:
    assert pattern("29", 5).number(value) is None


def test_every_wrong_check_character_is_noticed() -> None:
    for check, alphabet in (("luhn", "0123456789"), ("mod43", CODE39)):
        shape = pattern("29", 5, check)
        right = shape.value(12345)
        others = [right[:-1] + c for c in alphabet if c != right[-1]]
        assert [shape.number(value) for value in others] == [None] * (len(alphabet) - 1)


@pytest.mark.postgres
@given(pair=patterns_and_values())
@hypothesis_settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_sql_says_the_same_about_numbers(db: None, pair: tuple[BarcodePattern, list[str]]) -> None:
    shape, values = pair
    rows = " UNION ALL ".join(
        f"SELECT {n} AS n, CAST(%s AS text) AS value" for n in range(len(values))
    )
    sql = f"SELECT {number_sql(shape, 'given.value')} FROM ({rows}) AS given ORDER BY n"  # noqa: S608  its own SQL is what is tested
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found = [row[0] for row in cursor.fetchall()]
    assert found == [shape.number(value) for value in values]


# The next number


def numbers_after(shape: BarcodePattern, highest: int | None, count: int = 5) -> list[int]:
    return [n for n, _value in islice(next_numbers(shape, highest), count)]


def test_the_next_number_is_one_above_the_highest() -> None:
    shape = pattern("29", 5, "luhn")
    assert list(islice(next_numbers(shape, 41), 2)) == [
        (42, shape.value(42)),
        (43, shape.value(43)),
    ]


@pytest.mark.parametrize(
    ("first", "last", "highest", "expected"),
    [
        (1, 0, None, [1, 2, 3, 4, 5]),
        (0, 0, None, [0, 1, 2, 3, 4]),
        (500, 0, None, [500, 501, 502, 503, 504]),
        (500, 0, 3, [500, 501, 502, 503, 504]),
        (500, 0, 499, [500, 501, 502, 503, 504]),
        (500, 502, 500, [501, 502]),
        (500, 502, 502, []),
        (500, 502, 9000, []),
        (9998, 0, None, [9998, 9999]),
        (7, 7, None, [7]),
        (9, 8, None, []),
    ],
)
def test_numbers_stay_in_their_range(
    first: int, last: int, highest: int | None, expected: list[int]
) -> None:
    assert numbers_after(pattern("", 4, "none", first, last), highest) == expected


def test_without_a_pattern_there_is_no_number() -> None:
    assert numbers_after(pattern("29", 0, last=5), None) == []


@given(patterns(), st.one_of(st.none(), st.integers(0, 10**18)))
def test_next_numbers_go_up_by_one_and_fit(shape: BarcodePattern, highest: int | None) -> None:
    found = list(islice(next_numbers(shape, highest), 5))
    for place, (number, value) in enumerate(found):
        assert shape.number(value) == number == found[0][0] + place
        assert highest is None or number > highest


# Text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Müller   ", "muller"),
        ("  Ｍüller  Łukasz ", "muller lukasz"),
        ("STRASSE Straße ß", "strasse strasse ss"),
        ("İstanbul ısı", "istanbul isi"),
        ("Ærøskøbing Þór Đorđe", "aeroskobing thor dorde"),
        ("Ελλάδα ΣΊΣΥΦΟΣ ς", "ελλαδα σισυφοσ σ"),
        ("Ёлка Йод", "елка иод"),
        ("ﬁnﬀ ①②", "finff 12"),
        ("山田 太郎", "山田 太郎"),
        ("ﾔﾏﾀﾞ", "ヤマタ"),
        ("한글", "한글"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("a\tb\nc\u3000d\u00a0e", "a b c d e"),
        ("O’Brien-O'Neil", "o’brien-o'neil"),
        ("", ""),
    ],
)
def test_folding(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_does_not_mind_how_a_text_is_composed(text: str) -> None:
    folded = fold(text)
    assert folded == fold(unicodedata.normalize("NFD", text))
    assert folded == fold(unicodedata.normalize("NFC", text))
    assert folded == " ".join(folded.split())


@given(st.text(alphabet=st.characters(codec="utf-8", max_codepoint=0x24F)))
def test_folding_again_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_clean_trims_and_composes() -> None:
    assert clean("  e\u0301a ", "name") == "éa"
    assert clean("", "name") == ""
    assert clean("\u3000", "name") == ""
    assert clean("👩‍👩‍👧", "name") == "👩‍👩‍👧"
    assert clean("x" * 200, "name") == "x" * 200


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\x00b", "name: character 2 is a control character (U+0000)"),
        ("a\tb", "character 2"),
        ("a\nb", "U+000A"),
        ("a\x85b", "U+0085"),
        ("ab\ud800", "character 3 is a control character (U+D800)"),
        ("x" * 201, "201 characters were given, at most 200"),
        ("  ", "a value is required"),
        ("", "a value is required"),
    ],
)
def test_clean_refuses_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        clean(text, "name", empty=False)
    assert caught.value.field == "name"
    assert sentence in str(caught.value)


@given(st.text(alphabet=st.characters(), max_size=50))
def test_what_clean_lets_through_can_be_stored(text: str) -> None:
    try:
        value = clean(text, "name")
    except InputError:
        return
    assert storable(value)
    assert value.encode().decode() == value
    assert clean(value, "name") == value


def test_what_can_be_stored() -> None:
    assert storable("")
    assert storable("Ünï 👩‍👩‍👧 \x1b\n")
    assert not storable("a\x00")
    assert not storable("\ud83d")
    assert not storable("\udfff")


def test_grades_are_sorted_as_people_do() -> None:
    grades = ["10", "2", "Other", "K", "PK", "1", "TK", "b", "A", "KG"]
    assert sorted(grades, key=natural) == ["PK", "TK", "K", "KG", "1", "2", "10", "A", "b", "Other"]


@pytest.mark.postgres
def test_the_one_names_what_there_is_but_not_without_end(world: World) -> None:
    Site.objects.bulk_create(
        Site(organization=world.cascadia, name=f"Site {n}", short_name=f"s{n:03}")
        for n in range(100)
    )
    found = the_one(Site.objects.all(), "short_name", "s042", "at", "site")
    assert found.name == "Site 42"
    with pytest.raises(InputError) as caught:
        the_one(Site.objects.all(), "short_name", "zzz", "at", "site")
    assert "s025 …" in str(caught.value)
    assert len(str(caught.value)) < 300
    with pytest.raises(InputError, match="There are: –"):
        the_one(Site.objects.none(), "short_name", "zzz", "at", "site")
