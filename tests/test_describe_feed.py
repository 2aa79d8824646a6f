"""What a file is guessed to be: the fixtures of tables, by command, and back again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from openpatron.accounts import rules
from openpatron.feeds import formats
from openpatron.feeds.checks import checks, phone
from openpatron.feeds.describing import describe
from openpatron.feeds.formats.base import Options
from openpatron.feeds.formats.delimited import sheet
from openpatron.feeds.formats.delimited.format import FORMAT, REASON
from openpatron.feeds.formats.delimited.names import suggested
from openpatron.feeds.records import Record
from openpatron.feeds.setup_file import read_source
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ["openpatron"]

FIXTURES = Path(formats.__file__).parent / "delimited" / "fixtures"


@pytest.mark.parametrize(
    ("name", "encoding", "separator", "rows", "rejected", "second"),
    [
        (
            "students-powerschool.csv", "utf-8", ",", 5, 0,
            {"district_id": "100232", "last_name": "Nguyễn", "first_name": "Linh",
             "grade_level": "6", "birth_date": "2013-11-02", "site": "maple", "status": "active",
             "home_phone": "+14155552672", "street": "4 Elm St., Apt. 2"},
        ),
        (
            "staff-export.csv", "utf-8", ";", 3, 1,
            {"last_name": "Ødegård", "email": "kare.odegard@cascadia.example", "site": "alder",
             "patron_type": "Faculty", "homeroom": "K-1"},
        ),
        (
            "schueler.csv", "windows-1252", ";", 3, 0,
            {"last_name": "Weiß", "first_name": "Zoë", "birth_date": "2011-12-05",
             "street": "Am Markt 1; Hof", "homeroom": "6c"},
        ),
        (
            "pupils-utf16.txt", "utf-16", "\t", 3, 0,
            {"last_name": "Жукова", "birth_date": "2013-01-31", "grade_level": "5"},
        ),
        (
            "students.xlsx", "", "", 3, 0,
            {"district_id": "90002", "last_name": "Ó Súilleabháin", "birth_date": "2013-11-02",
             "status": "inactive", "site": "alder", "grade_level": "K"},
        ),
    ],
)  # fmt: skip
def test_an_export_is_understood(  # noqa: PLR0917  one table of cases
    world: World, name: str, encoding: str, separator: str, rows: int, rejected: int,
    second: dict[str, str],
) -> None:  # fmt: skip
    """Format, encoding, separator, dates, schools and mapping; the second row as a patron."""
    found = describe(world.operator, FIXTURES / name)
    assert (found.format.name, found.options.has_header) == ("delimited", True)
    assert (found.options.encoding, found.options.separator) == (encoding, separator)
    assert (found.rows, found.rejected) == (rows, rejected)
    assert found.first[1].values.items() >= second.items()
    if rejected:
        assert [one.problem.code for one in found.problems if one.problem.rejects] == ["not_mapped"]


def test_what_cannot_be_guessed_is_asked(world: World, tmp_path: Path) -> None:
    """No header, dates of two readings, unknown schools: questions, and nothing silently."""
    bare = describe(world.operator, FIXTURES / "no-header.csv")
    assert (bare.rows, bare.columns[0].name) == (2, "column 1")
    assert {one.code for one in bare.questions} >= {"no_key", "no_default"}
    file = tmp_path / "x.csv"
    file.write_text(
        "ID,Surname,DOB,School,Password\n1,Ng,03/04/2012,Maple,x\n\n2,Li,05/06/2012,Oakwood,y\n"
        "3,Bo,05/06/2012,Maple,z,extra\n4,So\n",
    )
    found = describe(world.operator, file)
    assert {one.code for one in found.questions} == {"dates", "unknown_site", "password_ignored"}
    assert found.first[0].values["birth_date"] == "2012-03-04"
    # The blank line is no row; the too long one is told of with its line; the last has no school.
    assert (found.rows, found.rejected) == (4, 3)
    assert {(one.problem.code, one.problem.line) for one in found.problems} >= {
        ("too_wide", 5),
        ("unknown_site", 4),
    }
    for text, said in ((b"", "empty"), (b"  \n", "empty"), (b"PK\x03\x04 _rels/ x", "broken")):
        file.write_bytes(text)
        with pytest.raises(InputError, match=said):
            describe(world.operator, file)
    file.write_bytes(b"ID,Name\r\n")
    assert describe(world.operator, file).rows == 0


def test_by_command_and_as_a_source(world: World, openpatron: CommandLine, tmp_path: Path) -> None:
    """``describe_feed --as-source`` gives a file that ``create_source`` takes as it is."""
    students = str(FIXTURES / "students-powerschool.csv")
    described = openpatron(
        "describe_feed", students, "--organization", "cascadia", "--format", "json"
    )
    assert described.code == 0
    assert described.json["columns"][1]["fields"] == ["last_name", "first_name"]
    assert (described.json["encoding"], described.json["rows"]) == ("utf-8", 5)
    shown = openpatron("describe_feed", students, "--organization", "cascadia")
    assert (shown.code, "would be rejected: 0" in shown.out) == (0, True)
    toml = openpatron("describe_feed", students, "--organization", "cascadia", "--as-source")
    assert read_source(toml.out).setup.rules[0].field == "external_id"
    file = tmp_path / "source.toml"
    file.write_text(toml.out)
    words = ("create_source", "--organization", "cascadia", "--from-file", str(file))
    made = openpatron(*words, "--format", "json")
    assert (made.code, made.json["source"]) == (0, "students-powerschool")
    again = openpatron(*words)
    assert (again.code, "already" in again.err) == (2, True)
    assert openpatron(*words, "--replace").code == 0
    listed = openpatron("sources", "--organization", "cascadia", "--format", "json").json
    assert [(one["source"], one["patrons"], one["last_feed"]) for one in listed] == [
        ("students-powerschool", 0, None)
    ]
    assert "students-powerschool" in openpatron("sources", "--organization", "cascadia").out
    assert (
        openpatron("sources", "--organization", "rainier", "--format", "csv").out.count("\n") == 1
    )
    by_source = openpatron(
        "describe_feed", students, "--organization", "cascadia", "--format", "json",
        "--source", "students-powerschool",
    )  # fmt: skip
    assert by_source.json["rejected"] == 0
    for wrong, said in (
        (["describe_feed", "nowhere.csv", "--organization", "cascadia"], "no file"),
        (["describe_feed", students, "--organization", "cascadia", "--source", "x"], "no source"),
        (["describe_feed", students], "--organization is required"),
        (["create_source", "--organization", "cascadia", "--from-file", students], "no TOML"),
        (["create_source", "--organization", "cascadia", "--from-file", "no"], "--from-file"),
    ):
        refused = openpatron(*wrong)
        assert (refused.code, said in refused.err) == (2, True), refused
    world.staff("Library administrator", username="leo")
    for command in (["sources"], ["describe_feed", students], [*words[:1], *words[3:]]):
        assert openpatron(*command, "--organization", "cascadia", "--as", "leo").code == 3


def test_rejected_rows_come_back_in_the_files_own_format(tmp_path: Path) -> None:
    """Encoding, separator and quotes stay; the reason is the last column, and is then ignored."""
    to = tmp_path / "rejected.csv"
    german = FIXTURES / "schueler.csv"
    FORMAT.write_rejected(german, {3: "Grund; und “mehr”"}, to, Options())
    written = to.read_bytes().decode("cp1252")
    head, row = csv.reader(written.splitlines(), delimiter=";")
    assert (head[-1], row[1], row[6], row[-1]) == (
        REASON, "Weiß", "Am Markt 1; Hof", "Grund; und “mehr”",
    )  # fmt: skip
    table = FORMAT.table(to, Options())
    assert [one.cells[1] for one in FORMAT.rows(to, table, Options())] == ["Weiß"]
    assert REASON not in suggested(table.columns).values()
    # Rejected again: the old reasons go.
    FORMAT.write_rejected(to, {2: "again"}, tmp_path / "b.csv", Options())
    assert (tmp_path / "b.csv").read_bytes().count(REASON.encode()) == 1
    FORMAT.write_rejected(FIXTURES / "students.xlsx", {5: "=why"}, tmp_path / "r.xlsx", Options())
    cells = [[*row] for row in load_workbook(tmp_path / "r.xlsx").active.values]  # type: ignore[union-attr]
    assert [row[1] for row in cells] == ["Last Name", "Kim"]
    assert cells[1][-1] == "'=why"


def test_an_export_is_read_back_the_same(world: World, tmp_path: Path) -> None:
    """What ``write`` writes is guessed and read as it was; formulas stay text."""
    values = {
        "external_id": "1", "username": "ada", "last_name": "=Løve", "mobile_phone": "+14155552671",
        "birth_date": "2012-02-29", "site": "maple", "patron_type": "Student", "country": "US",
        "access_level": "Patron", "status": "inactive", "homeroom": "5B", "grade_level": "5",
        "second_city": "Ålesund", "barcode": "-7", "additional_email": "a@b.example",
    }  # fmt: skip
    file = tmp_path / "out.csv"
    FORMAT.write([Record(1, values)], file)
    assert "'=Løve" in file.read_text("utf-8-sig")
    found = describe(world.operator, file)
    assert {field: text for field, text in found.first[0].values.items() if text} == values


def outcome(check: Callable[[str], str], text: str) -> str:
    try:
        return check(text)
    except InputError as error:
        return str(error)


def test_the_fast_way_is_the_same_as_the_rule() -> None:
    """What is plain beyond doubt is not looked at letter by letter, and comes out the same."""
    found = checks()
    for text in (
        "Ada@Example.ORG", "a.b+c@x.example", "a..b@x.example", "@x.example", "a@", "ä@ö.de",
        "a@x.example", f"{'a' * 65}@x.example", "a b@x.example", "a@-x.example",
    ):  # fmt: skip
        # The second time the domain is known.
        again = [outcome(check, text) for check in (found["email"], found["email"], rules.email)]
        assert len(set(again)) == 1, again
    for text, country in product(
        (
            "(415) 555-2671", "415.555.2671", "4155552671", "(415)5552671", "115 555 2671", "911",
            "415-555-267", "0415 5552671", "1 415 555 2671", "(415 555 2671", "٤١٥٥٥٥٢٦٧١",
        ),
        ("US", "CA", "DE"),
    ):  # fmt: skip
        strict = partial(rules.phone, field="home_phone", country=country)
        assert outcome(phone("home_phone", country), text) == outcome(strict, text)
    strict = partial(clean, field="last_name", limit=100)
    for text in (
        "Zoë", "e\u0301", "a\u0085", "a\x7f", "\u200b", "\ud800", "ﬀ", "Ⅲ", "A  B.", "a" * 101,
    ):  # fmt: skip
        assert outcome(found["last_name"], text) == outcome(strict, text)
    for text in ("x" * 150, "x" * 151, "a b", "ａda", "É"):
        assert outcome(found["username"], text) == outcome(rules.username, text)


def test_a_workbook_that_grows_out_of_measure_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bomb is seen by what the zip says of itself."""
    book = Workbook(write_only=True)
    book.create_sheet().append(["x" * 32_000])
    file = tmp_path / "bomb.xlsx"
    book.save(file)
    monkeypatch.setattr(sheet, "LARGEST", 1000)
    with pytest.raises(InputError, match="unpacks to"):
        FORMAT.table(file, Options())
