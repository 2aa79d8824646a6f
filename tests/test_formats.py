"""What each format makes of a file: clean ones, dirty ones, hostile ones, and rejected rows."""

from __future__ import annotations

import csv
import gc
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from openpatron.feeds import formats as formats_package, safe_zip
from openpatron.feeds.formats import formats
from openpatron.feeds.formats.base import Options, Table
from openpatron.feeds.formats.koha.format import attributes, written_attributes
from openpatron.kernel.errors import InputError

OURS = ("alma", "destiny", "folio", "koha", "oneroster")


def fixture(format_: str, name: str) -> Path:
    (found,) = Path(formats_package.__path__[0], format_, "fixtures").glob(f"{name}.*")
    return found


def read(format_: str, file: Path) -> tuple[Table, list[tuple[int, dict[str, str]]]]:
    """Return the table and (line, values by our field) of each row, empty ones left out."""
    found = formats()[format_]
    table = found.table(file, Options())
    meaning = found.suggest(table)
    place = {field: table.columns.index(column) for field, column in meaning.items()}
    rows = [
        (row.line, {f: row.cells[at] for f, at in place.items() if row.cells[at]})
        for row in found.rows(file, table, Options())
    ]
    return table, rows


ADA = {
    "username": "amina.diallo", "first_name": "Amina", "middle_name": "Rose", "last_name": "Diallo",
    "preferred_name": "Mina", "birth_date": "2015-03-14", "status": "active",
    "email": "amina.diallo@example.org",
}  # fmt: skip
HOME = {"street": "118 Oak Street, Apt 4", "city": "Salem", "postal_code": "97301"}
CLEAN: dict[str, dict[str, str]] = {
    "alma": ADA | HOME | {
        "external_id": "amina.diallo", "district_id": "S1001", "barcode": "23529000035676",
        "gender": "female", "patron_type": "Student", "site": "maple", "language": "es",
        "expires_on": "2033-06-30", "role": "student", "home_phone": "+15035550101",
        "grade_level": "5", "country": "US", "second_street": "PO Box 7", "second_city": "Bend",
        "second_postal_code": "97701", "second_country": "US",
    },
    "destiny": ADA | HOME | {
        "site": "maple", "barcode": "P 1001", "district_id": "S1001", "patron_type": "Student",
        "access_level": "Patron", "gender": "female", "homeroom": "Okafor 5", "grade_level": "5",
        "expires_on": "2033-06-30", "graduation_year": "2034", "role": "student",
        "additional_email": "parent@example.org", "home_phone": "(503) 555-0101",
        "mobile_phone": "(503) 555-0102",
    },
    "folio": ADA | HOME | {
        "external_id": "111_112", "barcode": "1234567", "patron_type": "Student",
        "expires_on": "2033-06-30", "home_phone": "+15035550101", "country": "US",
        "second_street": "PO Box 7", "second_city": "Bend", "second_postal_code": "97701",
        "second_country": "US", "role": "patron", "site": "maple", "grade_level": "5",
    },
    "koha": HOME | {
        "barcode": "23529000035676", "last_name": "Acosta", "first_name": "Edna",
        "middle_name": "María", "preferred_name": "Eddie", "country": "US", "language": "es",
        "email": "edna.acosta@example.org", "home_phone": "+15035550101",
        "birth_date": "1980-04-24", "site": "maple", "patron_type": "Student",
        "expires_on": "2027-08-31", "gender": "female", "username": "edna.acosta",
        "district_id": "S2001", "grade_level": "5", "homeroom": "Okafor, blue",
    },
    "oneroster": ADA | {
        "external_id": "u-1001", "district_id": "S1001", "gender": "female",
        "home_phone": "503-555-0101", "grade_level": "5", "site": "Maple", "role": "student",
        "homeroom": "Okafor 5", "homeroom_supervisor": "u-2001",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_a_clean_file_is_known_and_read_whole(name: str) -> None:
    file = fixture(name, "clean")
    head = file.read_bytes()[: 1 << 16]
    assert max(formats().values(), key=lambda f: f.likeness(file, head)).name == name
    table, rows = read(name, file)
    assert not [p for p in table.problems if p.rejects]
    assert rows[0][1] == CLEAN[name]
    assert table.coverage == {"oneroster": "full", "folio": "full"}.get(name, "")
    assert file.suffix.removeprefix(".") in formats()[name].extensions


@pytest.mark.parametrize("name", OURS)
def test_a_dirty_file_is_known_and_every_oddity_is_told(name: str) -> None:
    file = fixture(name, "dirty")
    head = file.read_bytes()[: 1 << 16]
    assert max(formats().values(), key=lambda f: f.likeness(file, head)).name == name
    table, rows = read(name, file)
    rejected = {p.line for p in table.problems if p.rejects}
    assert rejected == {
        "alma": {2}, "destiny": {4}, "folio": {2, 4}, "koha": {4, 5}, "oneroster": {6},
    }[name]  # fmt: skip
    assert not rejected & {line for line, _values in rows}
    assert rows[0][1]["status" if name != "koha" else "last_name"]


def test_a_dirty_oneroster_package_is_understood() -> None:
    table, rows = read("oneroster", fixture("oneroster", "dirty"))
    assert table.coverage == "incremental"
    first, gone, again, teacher = (values for _line, values in rows)
    assert first == {
        "external_id": "u-1", "username": "amina.diallo", "email": "amina@example.org",
        "district_id": "S1001", "first_name": "Amina", "last_name": "Diallo",
        "preferred_name": "Mina", "birth_date": "2015-05-01", "gender": "female",
        "grade_level": "5", "status": "active", "site": "Maple", "role": "Student",
        "homeroom": "Okafor 5", "homeroom_supervisor": "u-3", "barcode": "004711",
    }  # fmt: skip
    assert (gone["status"], again["status"], teacher["role"]) == ("inactive", "active", "teacher")
    said = " ".join(p.text for p in table.problems)
    for oddity in (
        "prefferedGivenName", "dataLastModified", "fiel.demographics", "“TRUE”", "“Scheduled”",
        "1/05/2015", "without a name", "fewer cells", "yesterday", "“orgId”",
    ):  # fmt: skip
        assert oddity in said


@pytest.mark.parametrize("name", OURS)
def test_rejected_rows_come_back_in_the_file_s_own_format(name: str, tmp_path: Path) -> None:
    found = formats()[name]
    for kind in ("clean", "dirty"):
        file = fixture(name, kind)
        _table, rows = read(name, file)
        line, values = rows[-1]
        reason = "Patron type “x” -- is unknown, see line\u202f9; mend it"
        mended = tmp_path / file.name
        found.write_rejected(file, {line: reason}, mended, Options())
        assert found.likeness(mended, mended.read_bytes()[: 1 << 16]) > 0.25
        again, (only, *others) = read(name, mended)
        assert not others
        assert values.items() <= (only[1] | {"homeroom_supervisor": ""}).items() | values.items()
        assert {f: v for f, v in only[1].items() if f in values} == values
        # What is fed again is never the whole truth: nobody else is gone.
        assert again.coverage in {"", "incremental"}
        twice = tmp_path / f"twice{file.suffix}"
        found.write_rejected(mended, {only[0]: "second reason"}, twice, Options())
        if name != "oneroster":
            data = twice.read_bytes()
            assert b"second" in data.replace(b"\0", b"")
            assert data.replace(b"\0", b"").count(b"mend it") == 0
        assert read(name, twice)[1][0][1] == only[1]


@pytest.mark.parametrize("name", ["koha", "destiny"])
def test_rejected_rows_run_nothing_in_a_spreadsheet(name: str, tmp_path: Path) -> None:
    """And what is fed again is what it was."""
    found, file = formats()[name], fixture(name, "clean")
    evil, mended = tmp_path / "evil.csv", tmp_path / "mended.csv"
    rows = read(name, file)[1]
    text = file.read_text(encoding="utf-8-sig")
    evil.write_text(text.replace(rows[0][1]["first_name"], " =HYPERLINK(1)"), encoding="utf-8")
    reasons = {line: "=why" for line, _values in rows}
    found.write_rejected(evil, reasons, mended, Options())
    written = mended.read_text(encoding="utf-8-sig")
    cells = [cell for row in csv.reader(written.splitlines()) for cell in row]
    assert not [cell for cell in cells if cell.lstrip(" ").startswith(("=", "+", "-", "@"))]
    assert "' =HYPERLINK(1)" in cells
    again = [values for _line, values in read(name, mended)[1]]
    assert again == [values for _line, values in read(name, evil)[1]]


def test_rejected_rows_of_a_table_run_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    found, file, mended = formats()["delimited"], tmp_path / "a.csv", tmp_path / "b.csv"
    file.write_text("name,phone\n=1+1,+1 415\n -2,'x\n", encoding="utf-8")
    found.write_rejected(file, {2: "why", 3: "@why"}, mended, Options())
    assert mended.read_text().splitlines()[1:] == ["'=1+1,'+1 415,why", "' -2,'x,'@why"]
    rows = found.rows(mended, found.table(mended, Options()), Options())
    assert [row.cells[:2] for row in rows] == [("=1+1", "+1 415"), (" -2", "'x")]


def test_rejected_users_of_a_package_run_nothing_in_a_spreadsheet(tmp_path: Path) -> None:
    """In none of its files; and what is fed again is what it was."""
    found, file = formats()["oneroster"], fixture("oneroster", "clean")
    evil, mended, twice = (tmp_path / f"{name}.zip" for name in ("evil", "mended", "twice"))
    rows = read("oneroster", file)[1]
    first, room = rows[0][1]["first_name"], next(v["homeroom"] for _n, v in rows if "homeroom" in v)
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(evil, "w") as new:
        for name in old.namelist():
            text = old.read(name).decode().replace(first, "=HYPERLINK(1)").replace(room, "@SUM(1)")
            new.writestr(name, text)
    reasons = {line: "=why" for line, _values in rows}
    found.write_rejected(evil, reasons, mended, Options())
    with zipfile.ZipFile(mended) as package:
        for name in package.namelist():
            cells = [c for row in csv.reader(package.read(name).decode().splitlines()) for c in row]
            assert not [c for c in cells if c.lstrip(" ").startswith(("=", "+", "-", "@"))], name
    values = [values for _line, values in read("oneroster", evil)[1]]
    assert "=HYPERLINK(1)" in {one.get("first_name") for one in values}
    assert "@SUM(1)" in {one.get("homeroom") for one in values}
    assert [one for _line, one in read("oneroster", mended)[1]] == values
    found.write_rejected(mended, dict.fromkeys(reasons, "-again"), twice, Options())
    assert [one for _line, one in read("oneroster", twice)[1]] == values


def test_a_broken_workbook_is_not_left_open(tmp_path: Path) -> None:
    file = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(file, "w") as package:
        package.writestr("[Content_Types].xml", "<Types/>")
    with pytest.raises(InputError):
        formats()["delimited"].table(file, Options())
    gc.collect()


def test_koha_attributes_may_hold_commas_colons_and_quotes() -> None:
    pairs = [("A", "1"), ("B", 'x, "y": z'), ("C", "12:30"), ("D", "")]
    text = written_attributes(pairs)
    assert list(attributes(text)) == pairs[:3]
    assert list(attributes('A:1,"B:two, three",C:"4",junk, :5')) == [
        ("A", "1"), ("B", "two, three"), ("C", "4"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_what_is_no_such_file_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    whole = fixture(name, "clean").read_bytes()
    empty = [b"", b"\0" * 100, b"PK\x03\x04 nothing"]
    for data in [*empty, whole[: len(whole) // 2]]:
        file.write_bytes(data)
        # Half a table is a table; what is missing is missing in its last row.
        if data and name in {"koha", "destiny"}:
            read(name, file)
        else:
            with pytest.raises(InputError, match=r"\.$"):
                read(name, file)


def test_a_header_only_is_nobody_and_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for name, text in {
        "koha": "cardnumber,surname,branchcode,categorycode\r\n",
        "destiny": "Site Short Name,Barcode,District ID,Last Name",
        "folio": '{"users": []}',
        "alma": "<users/>",
    }.items():
        file.write_text(text)
        assert read(name, file)[1] == []


# Hostile files


def zipped(file: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, data in files.items():
            package.writestr(name, data)
    return file


def test_zips_cannot_bomb_or_climb_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"sourcedId,username\n"
    bomb = zipped(tmp_path / "bomb.zip", {"users.csv": header + b"a" * 3_000_000})
    with pytest.raises(InputError, match="unpacks to far more"):
        read("oneroster", bomb)
    rows = b"".join(b"u%d,n%d\n" % (n, n * 7919) for n in range(5_000))
    fine = zipped(tmp_path / "fine.zip", {"users.csv": header + rows})
    assert len(read("oneroster", fine)[1]) == 5_000
    monkeypatch.setattr(safe_zip, "MOST_BYTES", 30_000)
    with pytest.raises(InputError, match="unpacks to far more"):
        read("oneroster", fine)
    for name in ("../users.csv", "/etc/users.csv", "a/../../users.csv", "C:\\users.csv"):
        file = zipped(tmp_path / "out.zip", {name: header})
        with pytest.raises(InputError, match="outside of itself"):
            read("oneroster", file)
    many = zipped(tmp_path / "many.zip", {f"{n}.csv": b"" for n in range(1_001)})
    with pytest.raises(InputError, match="1001 files"):
        read("oneroster", many)
    with zipfile.ZipFile(tmp_path / "other.zip", "w", zipfile.ZIP_BZIP2) as package:
        package.writestr("users.csv", header)
    with pytest.raises(InputError, match="unusual way"):
        read("oneroster", tmp_path / "other.zip")
    locked = bytearray(zipped(tmp_path / "locked.zip", {"users.csv": header}).read_bytes())
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    with pytest.raises(InputError, match="password"):
        read("oneroster", tmp_path / "locked.zip")


def test_xml_cannot_reach_out_or_explode(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    laughs = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "ha">' for n in range(10)
    )
    file = tmp_path / "file.xml"
    for head, body in (
        (f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>', "&x;"),
        (f"<!DOCTYPE a [{laughs}]>", "&l9;"),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1:9/x.dtd">', "x"),
        ('<!DOCTYPE a [<!ENTITY % p SYSTEM "file:///dev/zero">%p;]>', "x"),
    ):
        file.write_text(f"{head}<users><user><last_name>{body}</last_name></user></users>")
        for given in (file, zipped(tmp_path / "file.zip", {"a.xml": file.read_bytes()})):
            with pytest.raises(InputError, match="DOCTYPE"):
                read("alma", given)
    file.write_text("<users>" + "<a>" * 100_000)
    with pytest.raises(InputError, match="deeper"):
        read("alma", file)
    file.write_text("<users><user><last_name>" + "x" * 10_000_000)
    with pytest.raises(InputError, match="holds more"):
        read("alma", file)


def test_json_cannot_exhaust_the_memory(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    for text in (
        "[" * 1_000_000, '{"users": [' + '{"a":' * 1_000_000,
        '{"users": [{"a": "' + "x" * 2_000_000,
        '{"users": [{"a": "b"}' + " " * 5_000_000,
        '[{"username": ' + "9" * 100_000 + "}]", '{"users": ' + "1" * 6_000,
    ):  # fmt: skip
        file.write_text(text)
        with pytest.raises(InputError):
            read("folio", file)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alma", "folio", "koha", "oneroster"])
def test_memory_stays_flat_whatever_the_size(name: str, tmp_path: Path) -> None:
    peaks = []
    for size in (400, 1_600):
        file = tmp_path / f"{size}"
        many(name, file, size)
        found = formats()[name]
        tracemalloc.start()
        table = found.table(file, Options())
        assert sum(1 for _row in found.rows(file, table, Options())) == size
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5 + 200_000


def many(name: str, file: Path, size: int) -> None:
    if name == "alma":
        # Long enough that the parser's pieces of 64 KiB hold fewer than all of them.
        user = f"<user><primary_id>p%d</primary_id><last_name>{'L' * 300}</last_name></user>"
        file.write_text(f"<users>{''.join(user % n for n in range(size))}</users>")
    elif name == "folio":
        user = '{"username": "p%d", "personal": {"lastName": "' + "L" * 300 + '"}}'
        file.write_text(f'{{"users": [{",".join(user % n for n in range(size))}]}}')
    elif name == "koha":
        lines = "".join(f"p{n},L,maple,S,GRADE:5\n" for n in range(size))
        file.write_text("userid,surname,branchcode,categorycode,patron_attributes\n" + lines)
    else:
        users = "".join(f"p{n},n{n},s\n" for n in range(size))
        seats = "".join(f"e{n},c,p{n},student\n" for n in range(size))
        zipped(
            file,
            {
                "users.csv": f"sourcedId,username,orgSourcedIds\n{users}".encode(),
                "classes.csv": b"sourcedId,title,classType\nc,1a,homeroom\n",
                "enrollments.csv": (
                    f"sourcedId,classSourcedId,userSourcedId,role\n{seats}".encode()
                ),
            },
        )
