"""Alma user XML v2. What it looks like and what is made of it: README.md beside this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext as _

from openpatron.feeds.formats.base import About, Format, Options, Table
from openpatron.feeds.formats.room import Room
from openpatron.feeds.noted import Noted
from openpatron.feeds.records import Problem, Record, Row
from openpatron.feeds.safe_xml import elements
from openpatron.feeds.safe_zip import SafeZip, is_zip
from openpatron.kernel.errors import InputError

from .person import COLUMNS, FIELDS, flat
from .writing import write_elements, write_users

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Alma(Format):
    """Alma's user file, as a student information system sends it."""

    name = "alma"
    label = "Alma"
    extensions: ClassVar[tuple[str, ...]] = ("xml", "zip")
    writes: ClassVar[bool] = True

    def likeness(self, file: Path, head: bytes) -> float:
        """Look for a list of users; in a zip file, in its first member."""
        if is_zip(head):
            try:
                with SafeZip(file) as package:
                    names = _xml_names(package)
                    if not names:
                        return 0.0
                    with package.open(names[0]) as stream:
                        head = stream.read(1 << 16)
            except InputError:
                return 0.0
        text = head.replace(b"\0", b"")
        found = sum(word in text for word in (b"<user", b"<primary_id", b"<user_group"))
        return (0.0, 0.3, 0.7, 0.98)[found] if b"<" in text[:10] else 0.0

    def table(self, file: Path, options: Options) -> Table:
        """Look whether a first user can be read; the columns are always the same."""
        del options
        next(_users(file), None)
        return Table(COLUMNS)

    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield a row for each user."""
        del options
        noted = Noted(table.problems)
        for number, element in enumerate(_users(file), start=1):
            found, internal = flat(element)
            if not any(found.values()):
                noted.reject("row", _("User %d is empty.") % number, number)
                continue
            if internal:
                text = _(
                    "User %d has internal entries. They are not the source’s and are left out."
                )
                noted.note("internal", text % number, number)
            yield Row(number, tuple(found.values()))
        noted.close()

    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return the format's own meaning."""
        return {field: name for field, name in FIELDS.items() if name in table.columns}

    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write those users as they were, the reason as a comment before each; never zipped."""
        del options
        numbered = enumerate(_users(file), start=1)
        write_elements(to, ((e, reasons[n]) for n, e in numbered if n in reasons))

    def write(self, records: Iterable[Record], to: Path, about: About) -> list[Problem]:
        """Write a user for each patron."""
        del about
        problems: list[Problem] = []
        room = Room(self.label, {}, ("last_name", "user_group"), problems)
        write_users(to, records, room, self.label)
        room.close()
        return problems


def _users(file: Path) -> Iterator[Element]:
    """Yield the users of an XML file, or of all of those in a zip file."""
    with file.open("rb") as stream:
        if not is_zip(stream.read(4)):
            stream.seek(0)
            yield from elements(stream, ("user",))
            return
    with SafeZip(file) as package:
        names = _xml_names(package)
        if not names:
            raise InputError("file", _("The zip file holds no XML file."))
        for name in names:
            with package.open(name) as member:
                yield from elements(member, ("user",))


def _xml_names(package: SafeZip) -> list[str]:
    return sorted(name for name in package.names if name.lower().endswith(".xml"))


FORMAT = Alma()
