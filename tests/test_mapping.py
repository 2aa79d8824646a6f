"""From the rows of a file to records: what a source's setup says, and what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from openpatron.feeds.mapping import compile_mapping, missing_columns, missing_for_new, notices
from openpatron.feeds.records import Row
from openpatron.feeds.setup_file import SourceFile, as_dict, read_setup, read_source
from openpatron.feeds.setup_toml import to_toml
from openpatron.kernel.errors import InputError

from .world import World

pytestmark = pytest.mark.postgres

COLUMNS = (
    "ID", "Name", "DOB", "School", "Grade", "Type", "E-Mail", "Phone", "Land", "PW", "Active",
)  # fmt: skip
DOCUMENT = {
    "format": "delimited",
    "match": ["external_id"],
    "fields": {
        "external_id": "id",
        "last_name": {"columns": "Name", "split": ",", "part": 0},
        "first_name": {"columns": ["Name"], "split": ",", "part": 1},
        "preferred_name": {"columns": ["Name", "ID"], "join": "/"},
        "birth_date": {"columns": ["DOB"], "dates": "%m/%d/%y"},
        "site": "School",
        "grade_level": {"columns": ["Grade"], "values": {"06": "6", "KG": "K"}},
        "role": "Type",
        "patron_type": {
            "columns": ["Type"],
            "values": {"S": "Student", "T": "Faculty", "?": "Martian"},
            "otherwise": "reject",
        },
        "status": {"columns": ["Active"], "values": {"Y": "active"}, "otherwise": "use:inactive"},
        "email": "e_mail",
        "home_phone": "Phone",
        "country": "Land",
        "password": "PW",
        "city": {"constant": "Astoria"},
    },
    "sites": {"Maple Elementary": "maple", "Studio": "studio"},
    "default_access_level": "patron",
    "homerooms": [
        {"name": "Staff", "role": "T"},
        {"name": "Grade {grade_level} at {site}", "grade_level": "6"},
    ],
}
GOOD = (
    "7", " Løve,  Ada ", "2/9/12", "maple  elementary", "06", "s", "Ada@EXAMPLE.org",
    "(415) 555-2671", "us", "Secret123x", "y",
)  # fmt: skip


def _changed(**cells: str) -> tuple[str, ...]:
    return tuple(cells.get(c.replace("-", "_"), v) for c, v in zip(COLUMNS, GOOD, strict=True))


def test_a_row_becomes_a_record_as_the_setup_says(world: World) -> None:
    """Joined, split, constant, mapped, dated, checked; schools to sites; defaults and homerooms."""
    setup = read_setup(DOCUMENT)
    assert read_setup(as_dict(setup)) == setup
    record = compile_mapping(setup, COLUMNS, world.cascadia)
    found = record(Row(2, GOOD))
    assert found.problems == ()
    assert dict(found.values) == {
        "external_id": "7",
        "last_name": "Løve",
        "first_name": "Ada",
        "preferred_name": "Løve,  Ada/7",
        "birth_date": "2012-02-09",
        "site": "maple",
        "grade_level": "6",
        "role": "s",
        "patron_type": "Student",
        "status": "active",
        "email": "Ada@example.org",
        "home_phone": "+14155552671",
        "country": "US",
        "city": "Astoria",
        "access_level": "Patron",
        "homeroom": "Grade 6 at maple",
    }
    german = record(Row(3, _changed(Phone="030 123456", Land="de", Type="T", Active="N", DOB="")))
    assert german.values["home_phone"] == "+4930123456"
    assert german.values["homeroom"] == "Staff"
    assert (german.values["status"], german.values["birth_date"]) == ("inactive", "")
    # Two digits of a year to come are of the last century; ISO is always understood.
    assert record(Row(4, _changed(DOB="1/31/61"))).values["birth_date"] == "1961-01-31"
    assert record(Row(4, _changed(DOB="2012-02-09 00:00:00"))).values["birth_date"] == "2012-02-09"


def test_what_is_not_allowed_is_said_and_never_replaced(world: World) -> None:
    """Unknown schools and types reject; a bad telephone number is left out and said."""
    record = compile_mapping(read_setup(DOCUMENT), COLUMNS, world.cascadia)
    for cells, code, field, text in (
        ({"School": "Cedar"}, "unknown_site", "site", "“Cedar” is no school"),
        ({"School": "Studio"}, "unknown_site", "site", "“studio”, which is not there"),
        ({"Type": "X"}, "not_mapped", "patron_type", "There are: S, T, ?"),
        ({"Type": "?"}, "unknown_patron_type", "patron_type", "no patron type “Martian”"),
        ({"DOB": "31/31/12"}, "invalid", "birth_date", "like 02/29/16"),
        ({"DOB": "1/1/1700"}, "invalid", "birth_date", "no date"),
        ({"ID": ""}, "no_key", "", "external_id is empty"),
        ({"ID": "x" * 255}, "invalid", "external_id", "at most 254"),
        ({"Name": "L\x07ve, A"}, "invalid", "last_name", "control character"),
        ({"Grade": "g" * 31}, "invalid", "grade_level", "at most 30"),
    ):
        found = record(Row(9, _changed(**cells)))
        first = found.problems[0]
        assert (first.code, first.field, first.line) == (code, field, 9)
        assert text in first.text
        assert found.is_rejected
        assert field not in found.values
    kept = record(Row(5, _changed(Phone="none", E_Mail="at@home@", Land="USA")))
    assert {one.field for one in kept.problems} == {"home_phone", "email", "country"}
    assert not kept.is_rejected
    assert not {"home_phone", "email", "country"} & kept.values.keys()
    # The same value again is judged the same.
    again = record(Row(6, _changed(Phone="none"))).problems
    assert {one.text for one in again} < {one.text for one in kept.problems}


def test_defaults_columns_that_vanish_and_first_passwords(world: World) -> None:
    """A default is for an empty value only; half of a name is never read."""
    document = DOCUMENT | {
        "sites": {}, "default_site": "cedar", "default_patron_type": "Gone", "homerooms": [],
        "first_passwords": True, "match": ["site_barcode", "email"],
    }  # fmt: skip
    document["fields"] = DOCUMENT["fields"] | {  # type: ignore[operator]
        "patron_type": "Type", "barcode": "Card", "resource_group": "Group",
        "email": {"columns": ["E-Mail"], "invalid": "reject"},
    }  # fmt: skip
    setup = read_setup(document)
    columns = (*COLUMNS, "Card", "Group")
    record = compile_mapping(setup, columns, world.cascadia)
    found = record(Row(2, (*_changed(School="", Type="student"), "", "")))
    assert (found.values["site"], found.values["patron_type"]) == ("cedar", "Student")
    assert found.values["password"] == "Secret123x"
    assert not found.problems
    assert record(Row(2, (*_changed(School="Alder"), "", ""))).values["site"] == "alder"
    assert record(Row(2, (*_changed(School="fir"), "", ""))).is_rejected
    bad = record(Row(2, (*_changed(School="", Type="", E_Mail="x", PW="short"), "", "Nobody")))
    assert {one.field: one.rejects for one in bad.problems} == {
        "email": True, "patron_type": True, "password": False, "resource_group": True,
    }  # fmt: skip
    assert "short" not in " ".join(one.text for one in bad.problems)
    fewer = tuple(name for name in columns if name not in {"ID", "DOB"})
    assert missing_columns(setup, fewer) == ("ID", "DOB")
    assert {one.code for one in notices(setup, fewer)} == {"missing_column"}
    assert [one.code for one in notices(read_setup(DOCUMENT), COLUMNS)] == ["password_ignored"]
    without = dict(zip(columns, (*GOOD, "", ""), strict=True))
    partial = compile_mapping(setup, fewer, world.cascadia)(
        Row(3, tuple(without[name] for name in fewer))
    )
    assert not {"external_id", "birth_date", "preferred_name"} & partial.values.keys()
    nameless = record(Row(4, (*_changed(Name=",Ada"), "", "")))
    assert [one.field for one in missing_for_new(nameless)] == ["last_name"]
    assert missing_for_new(found) == ()


@pytest.mark.parametrize(
    ("change", "field", "text"),
    [
        ({"format": "excel"}, "format", "“excel” is not allowed here. Allowed: “delimited”"),
        ({"fromat": "x"}, "fromat", "there is no such setting. There are: absence"),
        ({"match": ["district_id"]}, "match", "no column gives “district_id”"),
        ({"match": []}, "match", "nothing is named"),
        ({"fields": {"shoe": "x"}}, "fields.shoe", "there is no such field"),
        ({"fields": {"city": {}}}, "fields.city.columns", "Name a column, or write a constant"),
        ({"fields": {"city": 7}}, "fields.city", "7 was found, a table is needed"),
        (
            {"fields": {"birth_date": {"columns": "a", "dates": "%m/%d"}}},
            "fields.birth_date.dates",
            "“%m/%d” is not allowed here. Write day, month and year",
        ),
        (
            {"fields": {"city": {"columns": ["a", "b"], "split": ","}}},
            "fields.city.split",
            "Only a single column",
        ),
        (
            {"fields": {"status": {"columns": "a", "otherwise": "guess"}}},
            "fields.status.otherwise",
            "“keep”, “reject”",
        ),
        ({"safety": {"changed_percent": 200}}, "safety.changed_percent", "from 0 to 100"),
        ({"safety": {"changed_percent": "no"}}, "safety.changed_percent", "“never”"),
        ({"schedule": {"times": ["25:00"]}}, "schedule.times", "like “02:30”"),
        ({"schedule": {"blackout": ["7-8"]}}, "schedule.blackout", "“07:30-16:00”"),
        ({"schedule": {"weekdays": [7]}}, "schedule.weekdays", "from 0 to 6"),
        ({"arrival": {"kind": "sftp", "host": "h"}}, "arrival.username", "a value is required"),
        ({"arrival": {"kind": "folder", "folder": "/x", "pattern": "../*"}}, "arrival.pattern", ""),
        ({"homerooms": [{"name": "{shoe}"}]}, "homerooms[1].name", "like {grade_level}"),
        ({"options": {"separator": ";;"}}, "options.separator", "at most 1 character"),
        ({"first_passwords": "yes"}, "first_passwords", "true or false"),
        ({"absence_days": True}, "absence_days", "from 0 to 3650"),
        ({"sites": ["maple"]}, "sites", "a table is needed"),
        ({"mode": "import", "absence": "expire"}, "absence", "cannot withdraw any"),
        ({"owned": ["role"]}, "owned", "“role” is not allowed"),
    ],
)
def test_a_wrong_setup_is_refused_with_its_place(
    change: dict[str, object], field: str, text: str
) -> None:
    """Each error says where, what was found, and what is allowed."""
    with pytest.raises(InputError) as caught:
        read_setup(DOCUMENT | change)
    assert caught.value.field == field
    assert text in str(caught.value)
    assert field in str(caught.value)


def test_a_source_file_says_everything_and_is_read_back() -> None:
    """TOML and back is the same; what is no TOML, or without a code, is refused."""
    setup = read_setup(DOCUMENT | {"safety": {"created_percent": 5, "changed_percent": "never"}})
    text = to_toml(setup, code="sis", name="The “SIS”")
    assert read_source(text) == SourceFile("sis", "The “SIS”", setup)
    assert 'external_id = "id"' in text
    assert setup.safety.changed_percent is None
    for broken, field in (
        ("format = ", "file"),
        (text.replace('"sis"', '"S I S"'), "code"),
        (text.replace("The “SIS”", ""), "name"),
        ("a = " + "[" * 3000, "file"),
    ):
        with pytest.raises(InputError) as caught:
            read_source(broken)
        assert caught.value.field == field


def test_the_example_of_the_documentation_is_read() -> None:
    """What an administrator copies from docs/sources.md works."""
    text = (Path(__file__).parents[1] / "docs" / "sources.md").read_text()
    example = text.split("```toml\n")[1].split("```")[0]
    fields = read_setup({"format": "delimited"} | tomllib.loads(example)).rules
    assert {rule.field for rule in fields} >= {"external_id", "country", "mobile_phone"}
