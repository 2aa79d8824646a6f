"""What other files say about a user, joined on disk: memory stays flat, however many there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple, Self

from django.utils.translation import gettext as _

from openpatron.feeds.codes import day_of, iso_day, slashed
from openpatron.feeds.noted import Noted

from .package import Package

_TABLES = """
CREATE TABLE org (id TEXT PRIMARY KEY, name TEXT, kind TEXT, identifier TEXT) WITHOUT ROWID;
CREATE TABLE role (user TEXT, org TEXT, role TEXT, is_primary INT, ends TEXT, more TEXT);
CREATE TABLE profile (user TEXT, username TEXT, password TEXT);
CREATE TABLE person (user TEXT, born TEXT, sex TEXT, line INT);
CREATE TABLE class (id TEXT PRIMARY KEY, title TEXT, school TEXT) WITHOUT ROWID;
CREATE TABLE seat (user TEXT, class TEXT, is_teacher INT, is_primary INT);
CREATE TABLE name (user TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX role_user ON role (user);
CREATE INDEX profile_user ON profile (user);
CREATE INDEX person_user ON person (user);
CREATE INDEX seat_user ON seat (user);
CREATE INDEX seat_class ON seat (class) WHERE is_teacher;
"""
_GONE = "tobedeleted"
_SEPARATOR = "\x1f"


class Role(NamedTuple):
    """What a person is at a school; ``more``: the vendor's columns of roles.csv."""

    org: str
    role: str
    is_primary: bool
    ends: str
    more: tuple[str, ...]


class Room(NamedTuple):
    """A homeroom and who teaches there."""

    id: str
    title: str
    school: str
    teacher_id: str
    teacher: str


class Joined:
    """All files but users.csv, by the user they are about. Close it: it is a file on disk."""

    def __init__(self, package: Package, noted: Noted) -> None:
        # Without a name SQLite keeps it in a file that nobody else sees and that goes by itself.
        self._database = sqlite3.connect("", isolation_level=None)
        self._noted = noted
        self._day_first = 0
        self.more = [
            c for c in package.header("roles") if c.lower().startswith(("metadata.", "ext_"))
        ]
        try:
            self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;")
            self._database.executescript(_TABLES)
            self._fill(package)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._database.close()

    def org(self, number: str) -> tuple[str, str, str]:
        """Return name, kind and identifier of an organization; the id where it is unknown."""
        found = self._database.execute(
            "SELECT name, kind, identifier FROM org WHERE id=?", [number]
        )
        row = found.fetchone()
        return (number, "", "") if row is None else (row[0] or number, row[1], row[2])

    def roles(self, user: str) -> list[Role]:
        """Return the roles of a user, the primary first."""
        sql = "SELECT * FROM role WHERE user=? ORDER BY is_primary DESC, rowid"
        return [
            Role(org, role, bool(primary), ends, tuple(more.split(_SEPARATOR)) if more else ())
            for _user, org, role, primary, ends, more in self._database.execute(sql, [user])
        ]

    def profile(self, user: str) -> tuple[str, str]:
        """Return username and password of the first profile that has a username."""
        sql = "SELECT username, password FROM profile WHERE user=? ORDER BY username='' LIMIT 1"
        return self._database.execute(sql, [user]).fetchone() or ("", "")

    def person(self, user: str) -> tuple[str, str]:
        """Return birth date (ISO, or as it is) and sex."""
        sql = "SELECT born, sex, line FROM person WHERE user=? LIMIT 1"
        row = self._database.execute(sql, [user]).fetchone()
        return ("", "") if row is None else (self._day(row[0], row[2]), row[1])

    def rooms(self, user: str) -> Iterator[Room]:
        """Yield the homerooms that a person sits in."""
        sql = """SELECT class.id, class.title, class.school, teacher.user, name.name
            FROM seat JOIN class ON class.id = seat.class
            LEFT JOIN seat AS teacher ON teacher.rowid = (
                SELECT rowid FROM seat AS t WHERE t.class = class.id AND t.is_teacher
                ORDER BY t.is_primary DESC, t.rowid LIMIT 1)
            LEFT JOIN name ON name.user = teacher.user
            WHERE seat.user=? AND NOT seat.is_teacher ORDER BY seat.rowid"""
        for row in self._database.execute(sql, [user]):
            yield Room(*(value or "" for value in row))

    def _fill(self, package: Package) -> None:
        self._put("INSERT OR REPLACE INTO org VALUES (?,?,?,?)", self._orgs(package))
        self._put("INSERT INTO role VALUES (?,?,?,?,?,?)", self._roles(package))
        self._put("INSERT INTO profile VALUES (?,?,?)", self._profiles(package))
        self._put("INSERT INTO person VALUES (?,?,?,?)", self._people(package))
        self._put("INSERT OR REPLACE INTO class VALUES (?,?,?)", self._classes(package))
        self._put("INSERT INTO seat VALUES (?,?,?,?)", self._seats(package))
        self._database.executescript(_INDEXES)
        self._put("INSERT OR REPLACE INTO name VALUES (?,?)", self._teachers(package))

    def _put(self, sql: str, rows: Iterator[tuple[object, ...]]) -> None:
        self._database.execute("BEGIN")
        self._database.executemany(sql, rows)
        self._database.execute("COMMIT")

    def _rows(self, package: Package, name: str) -> Iterator[tuple[int, dict[str, str]]]:
        package.header(name, self._noted)
        for line, row in package.rows(name, self._noted):
            if row.get("status", "").lower() != _GONE:
                yield line, row

    def _orgs(self, package: Package) -> Iterator[tuple[object, ...]]:
        for _line, row in self._rows(package, "orgs"):
            name, kind = row.get("name", ""), row.get("type", "").lower()
            yield row.get("sourcedId", ""), name, kind, row.get("identifier", "")

    def _roles(self, package: Package) -> Iterator[tuple[object, ...]]:
        for _line, row in self._rows(package, "roles"):
            more = [row.get(name, "") for name in self.more]
            yield (
                row.get("userSourcedId", ""),
                row.get("orgSourcedId", ""),
                row.get("role", ""),
                row.get("roleType", "").lower() == "primary",
                iso_day(row.get("endDate", "")),
                _SEPARATOR.join(more) if any(more) else "",
            )

    def _profiles(self, package: Package) -> Iterator[tuple[object, ...]]:
        for _line, row in self._rows(package, "userProfiles"):
            yield row.get("userSourcedId", ""), row.get("username", ""), row.get("password", "")

    def _people(self, package: Package) -> Iterator[tuple[object, ...]]:
        for line, row in self._rows(package, "demographics"):
            born = row.get("birthDate", "")
            if parts := slashed(born):
                # One 13 or more says which of the two numbers is the day, for the whole file.
                self._day_first += (parts[0] > 12) - (parts[1] > 12)  # noqa: PLR2004  months
            yield row.get("sourcedId", ""), born, row.get("sex", "").lower(), line

    def _classes(self, package: Package) -> Iterator[tuple[object, ...]]:
        for line, row in self._rows(package, "classes"):
            kind = row.get("classType", "")
            if kind.lower() in {"homeroom", "scheduled"} and kind != kind.lower():
                text = _("classes.csv, line %(line)d: “%(kind)s” is taken as “%(lower)s”.")
                words = {"line": line, "kind": kind, "lower": kind.lower()}
                self._noted.note("word_case", text % words, None, "classType")
            if kind.lower() == "homeroom":
                yield row.get("sourcedId", ""), row.get("title", ""), row.get("schoolSourcedId", "")

    def _seats(self, package: Package) -> Iterator[tuple[object, ...]]:
        homerooms = self._database.cursor()
        sql = "SELECT 1 FROM class WHERE id=?"
        for _line, row in self._rows(package, "enrollments"):
            number = row.get("classSourcedId", "")
            if homerooms.execute(sql, [number]).fetchone():
                teaches = row.get("role", "").lower() == "teacher"
                first = row.get("primary", "").lower() == "true"
                yield row.get("userSourcedId", ""), number, teaches, first

    def _teachers(self, package: Package) -> Iterator[tuple[object, ...]]:
        sql = "SELECT 1 FROM seat WHERE user=? AND is_teacher"
        if not self._database.execute("SELECT 1 FROM seat WHERE is_teacher LIMIT 1").fetchone():
            return
        asked = self._database.cursor()
        for _line, row in package.rows("users", Noted([])):
            number = row.get("sourcedId", "")
            if asked.execute(sql, [number]).fetchone():
                yield number, f"{row.get('givenName', '')} {row.get('familyName', '')}".strip()

    def _day(self, text: str, line: int) -> str:
        if not text or (len(text) == 10 and iso_day(text)):  # noqa: PLR2004  2026-11-22
            return text
        found = iso_day(text)
        if not found and (parts := slashed(text)):
            month, day = parts[:2] if self._day_first <= 0 else parts[1::-1]
            found = day_of(parts[2], month, day)
        words = {"line": line, "found": text[:40], "day": found}
        if found:
            told = _("demographics.csv, line %(line)d: “%(found)s” is taken as %(day)s.")
        else:
            told = _("demographics.csv, line %(line)d: “%(found)s” is no date; write 2026-11-22.")
        self._noted.note("date", told % words, None, "birthDate")
        return found or text
