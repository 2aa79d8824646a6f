"""Our patrons in the formats of others, and back through our own importer."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import date
from pathlib import Path

import pytest

from openpatron.feeds.export import AS, records, write_patrons
from openpatron.feeds.formats import formats
from openpatron.feeds.formats.base import Options
from openpatron.feeds.formats.oneroster.package import FILES
from openpatron.feeds.mapping import compile_mapping
from openpatron.feeds.records import Record
from openpatron.feeds.setup import Rule, Setup
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.patrons.models import Association, Homeroom, Patron, Source, SourceRecord
from openpatron.patrons.queries import PatronFilter, patrons

from .command_line import CommandLine, openpatron
from .visitor import Visitor
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

HERE = ("export_patrons", "--organization", "cascadia")

# What a format has no place for. The key of a record that is internal is made up.
NOT_CARRIED = {
    "oneroster-1.2": {"external_id"},
    "koha": {"external_id", "homeroom_supervisor"},
    "folio": {"external_id", "homeroom_supervisor"},
    "alma": {"external_id", "homeroom_supervisor", "language"},
    "destiny": {
        "external_id", "homeroom_supervisor", "suffix", "country", "second_country", "language",
    },
    "csv": set(),
}  # fmt: skip


@pytest.fixture
def people(world: World) -> list[Patron]:
    """Somebody with everything, somebody with next to nothing, a teacher with two sites."""
    ada = world.patron(
        barcode="004711", first="Ada", last='O"Brien, Jr', email="ada@example.org", year=2031,
        district_id="D-1", birth_date=date(2015, 2, 3), street="Main St 1, Apt 2", city="Salem",
        grade="K", middle_name="Zoë 李", preferred_name="=Addie", suffix="II", gender="female",
        home_phone="+15035550101", business_phone="+15035550102", mobile_phone="+15035550103",
        other_phone="+15035550104", postal_code="97301", country="US", language="es",
        username="ada",
    )  # fmt: skip
    Patron.objects.filter(pk=ada.pk).update(
        expires_on=date(2031, 6, 30), additional_email="mum@example.org", second_street="Oak 2",
        second_postal_code="97701", second_city="Bend", second_country="US", status="restricted",
    )  # fmt: skip
    bare = world.patron(first="", last="Suharto", barcode=None, grade="", year=None)
    Patron.objects.filter(pk=bare.pk).update(status="inactive")
    tina = world.patron(
        first="Tina", grade="", year=None, patron_type="Faculty", level="Teacher", username="tina"
    )
    world.tie(tina, world.cedar, "29000", patron_type="Faculty", level="Teacher")
    source = Source.objects.create(organization=world.cascadia, code="sis", name="SIS")
    SourceRecord.objects.create(
        organization=world.cascadia, source=source, patron=tina, key="T-9;x"
    )
    room = Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="K a, blue", supervisor=tina
    )
    Association.objects.filter(patron=ada).update(homeroom=room)
    return [ada, bare, tina]


def everybody(world: World) -> list[Record]:
    return list(records(world.operator, patrons(world.operator, PatronFilter())))


def read_back(world: World, form: str, file: Path) -> dict[str, Record]:
    """Read a file as a source of that format does; later rows of a person count more."""
    format_ = formats()[AS[form][0]]
    assert format_.likeness(file, file.read_bytes()[: 1 << 16]) > 0.25
    assert max(formats().values(), key=lambda f: f.likeness(file, file.read_bytes())) is format_
    table = format_.table(file, Options())
    rules = tuple(Rule(field, (column,)) for field, column in format_.suggest(table).items())
    schools = {"Maple": "maple", "Cedar": "cedar"}
    setup = Setup(format_.name, match=("username",), rules=rules, sites=schools)
    mapping = compile_mapping(setup, table.columns, world.cascadia)
    found = [mapping(row) for row in format_.rows(file, table, Options())]
    assert not [p for p in table.problems if p.rejects]
    assert not [p for record in found for p in record.problems]
    return {record.values["username"]: record for record in found}


@pytest.mark.parametrize("form", AS)
def test_what_is_written_is_read_back_as_the_same_patrons(
    world: World, people: list[Patron], tmp_path: Path, form: str
) -> None:
    file = tmp_path / f"export.{AS[form][1]}"
    everyone = patrons(world.operator, PatronFilter())
    problems = write_patrons(world.operator, everyone, form, file)
    assert not [p for p in problems if p.rejects]
    found = read_back(world, form, file)
    expected: dict[str, Record] = {}
    for record in everybody(world):
        expected.setdefault(record.values["username"], record)
    assert set(found) == set(expected)
    for name, record in expected.items():
        for field, value in record.values.items():
            if field not in NOT_CARRIED[form] | {"role"}:
                assert found[name].values.get(field, "") == value, (name, field)
    if form != "destiny":
        assert found["tina"].values["external_id"] == "T-9;x"


def test_a_oneroster_package_is_what_the_standard_demands(
    world: World, people: list[Patron], tmp_path: Path
) -> None:
    file = tmp_path / "package.zip"
    write_patrons(world.operator, patrons(world.operator, PatronFilter()), "oneroster-1.2", file)
    rows: dict[str, list[dict[str, str]]] = {}
    with zipfile.ZipFile(file) as package:
        for name in package.namelist():
            text = package.read(name).decode()
            assert "\r\n" in text
            assert not re.search("(?<!\r)\n", text)
            rows[name.removesuffix(".csv")] = list(csv.DictReader(io.StringIO(text, newline="")))
    manifest = {row["propertyName"]: row["value"] for row in rows["manifest"]}
    assert manifest["oneroster.version"] == "1.2"
    assert {n for n in FILES if manifest.get(f"file.{n}") == "bulk"} == set(rows) - {"manifest"}
    ids = {name: {row["sourcedId"] for row in found} for name, found in rows.items()
           if name != "manifest"}  # fmt: skip
    for name, found in rows.items():
        assert list(found[0])[: len(FILES[name])] == list(FILES[name])
        assert all(c.startswith("metadata.") for c in list(found[0])[len(FILES[name]) :])
        if name != "manifest":
            assert len(ids[name]) == len(found), f"{name}: a sourcedId twice"
    for name, column, other in (
        ("roles", "userSourcedId", "users"), ("roles", "orgSourcedId", "orgs"),
        ("enrollments", "userSourcedId", "users"), ("enrollments", "classSourcedId", "classes"),
        ("enrollments", "schoolSourcedId", "orgs"), ("classes", "schoolSourcedId", "orgs"),
        ("classes", "courseSourcedId", "courses"), ("demographics", "sourcedId", "users"),
        ("classes", "termSourcedIds", "academicSessions"), ("courses", "orgSourcedId", "orgs"),
    ):  # fmt: skip
        assert {row[column] for row in rows[name]} <= ids[other], (name, column)
    assert [r["roleType"] for r in rows["roles"] if r["userSourcedId"] == "T-9;x"] == [
        "primary", "secondary",
    ]  # fmt: skip
    assert {(r["userSourcedId"], r["role"]) for r in rows["enrollments"]} == {
        (f"patron-{people[0].pk}", "student"), ("T-9;x", "teacher"),
    }  # fmt: skip


def test_what_has_no_room_is_told_and_never_cut(
    world: World, openpatron: CommandLine, tmp_path: Path
) -> None:
    world.patron(last="L" * 60, username="long", barcode="1" * 20)
    world.patron(last="Short", username="short", barcode="2" * 20)
    answer = openpatron(*HERE, "--as", "destiny")
    assert answer.code == 1
    assert "60 characters" in answer.err
    assert "“Barcode” is left empty" in answer.err
    (row,) = csv.DictReader(io.StringIO(answer.out))
    assert (row["Last Name"], row["Barcode"]) == ("Short", "")


@pytest.mark.any_engine
def test_the_command_writes_with_the_rights_of_a_person(
    world: World, people: list[Patron], openpatron: CommandLine, tmp_path: Path
) -> None:
    world.patron(world.alder, last="Elsewhere")
    world.staff("Library administrator", world.maple, "leo")
    for arguments in (("--as", "leo", "--as", "folio"), ("--as", "folio", "--person", "leo")):
        users = json.loads(openpatron(*HERE, *arguments).out)["users"]
        assert "Elsewhere" not in {user["personal"]["lastName"] for user in users}
        assert len(users) == 4
    to = tmp_path / "all.zip"
    assert openpatron(*HERE, "--as", "oneroster-1.2", "--to", str(to)).code == 0
    assert zipfile.is_zipfile(to)
    assert to.stat().st_mode & 0o077 == 0
    for wrong in (("--as", "koha", "--as", "alma"), ("--as", "koha", "--to", "/nowhere/at/all")):
        answer = openpatron(*HERE, *wrong)
        assert (answer.code, len(answer.err.splitlines())) == (2, 1)
    world.patron(username="plain")
    assert openpatron(*HERE, "--as", "plain", "--as", "koha").code == 3
    stranger = world.actor(world.stranger())
    everyone = patrons(world.operator, PatronFilter())
    with pytest.raises(NotAllowedError):
        write_patrons(stranger, everyone, "koha", to)
    with pytest.raises(InputError):
        write_patrons(world.operator, everyone, "marc", to)


@pytest.mark.any_engine
def test_the_page_offers_the_same(world: World, people: list[Patron]) -> None:
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    assert "export.koha" in dora.get("patrons").content.decode()
    for form, (_format, ending, _type) in AS.items():
        answer = dora.get("export_patrons", form, q='O"Brien')
        body = b"".join(answer.streaming_content)
        assert f".{ending}" in answer.headers["Content-Disposition"]
        assert (b"ada" in body) or ending == "zip"
        assert b"tina" not in body
