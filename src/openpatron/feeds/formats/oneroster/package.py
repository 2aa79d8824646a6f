"""The files of a package and their columns, read leniently: what is odd is told, not refused."""

from __future__ import annotations

import io
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Self

from django.utils.translation import gettext as _

from openpatron.feeds.csv_text import Opener, csv_rows, encoding_of, head_of, separator_of
from openpatron.feeds.formats.delimited.format import REASON as REASON_COLUMN
from openpatron.feeds.noted import Noted
from openpatron.feeds.safe_zip import SafeZip
from openpatron.kernel.errors import InputError
from openpatron.kernel.spreadsheets import plain_cell

_ALL = ("sourcedId", "status", "dateLastModified")
FILES: dict[str, tuple[str, ...]] = {
    "manifest": ("propertyName", "value"),
    "orgs": (*_ALL, "name", "type", "identifier", "parentSourcedId"),
    "users": (
        *_ALL, "enabledUser", "username", "userIds", "givenName", "familyName", "middleName",
        "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
        "userMasterIdentifier", "preferredGivenName", "preferredMiddleName",
        "preferredFamilyName", "primaryOrgSourcedId", "pronouns",
    ),
    "roles": (
        *_ALL, "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId",
        "userProfileSourcedId",
    ),
    "userProfiles": (
        *_ALL, "userSourcedId", "profileType", "vendorId", "applicationId", "description",
        "credentialType", "username", "password",
    ),
    "classes": (
        *_ALL, "title", "grades", "courseSourcedId", "classCode", "classType", "location",
        "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods",
    ),
    "courses": (
        *_ALL, "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects",
        "subjectCodes",
    ),
    "enrollments": (
        *_ALL, "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary",
        "beginDate", "endDate",
    ),
    "academicSessions": (
        *_ALL, "title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear",
    ),
    "demographics": (*_ALL, "birthDate", "sex"),
}  # fmt: skip
"""The files that are read or written, with the columns of 1.2 in their order."""

# Of 1.1, and what real packages call them.
_MORE = {
    "users": ("orgSourcedIds", "role"),
    "demographics": (
        "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation",
        "cityOfBirth", "publicSchoolResidenceStatus",
    ),
}  # fmt: skip
_CALLED = {
    "userid": ("userSourcedId", "sourcedId"), "orgid": ("orgSourcedId", "orgSourcedIds"),
    "orgids": ("orgSourcedIds",), "orgsourcedid": ("orgSourcedIds",),
    "classid": ("classSourcedId",), "schoolid": ("schoolSourcedId",), "id": ("sourcedId",),
}  # fmt: skip
_NEAR = 0.85

REASON = f"metadata.{REASON_COLUMN}"
"""The column of rejected users that says why; only packages that we wrote have it."""


class Package:
    """An opened package."""

    def __init__(self, file: Path) -> None:
        self._zip = SafeZip(file)
        known = {name.lower(): name for name in FILES}
        self._members: dict[str, str] = {}
        # Encoding and separator of each file, found out once.
        self._manners: dict[str, tuple[str, str]] = {}
        for member in self._zip.names:
            path = PurePosixPath(member.replace("\\", "/"))
            name = known.get(path.stem.lower())
            if name and path.suffix.lower() == ".csv":
                self._members.setdefault(name, member)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def require_users(self) -> None:
        """Raise ``InputError`` where there is nobody in it."""
        if "users" not in self._members:
            raise InputError(
                "file",
                _("The zip file holds no users.csv, so it is no OneRoster package. Found: %s.")
                % (", ".join(self._zip.names[:10])[:200] or _("nothing")),
            )

    def member(self, name: str) -> str:
        """Return what the file is called in the package."""
        return self._members[name]

    def opener(self, name: str) -> Opener:
        """Return what opens one of the files."""
        if name not in self._members:
            return partial(io.BytesIO, b"")
        return partial(self._zip.open, self._members[name])

    def others(self) -> Iterator[tuple[str, str, Opener]]:
        """Yield all but manifest and users: path, name by the standard (or ""), opener."""
        known = {member: name for name, member in self._members.items()}
        for member in self._zip.names:
            if known.get(member) not in {"manifest", "users"}:
                yield member, known.get(member, ""), partial(self._zip.open, member)

    def raw(self, name: str) -> Iterator[tuple[int, list[str] | None]]:
        """Yield (line, cells) as they are, the header first."""
        opener = self.opener(name)
        if name not in self._manners:
            encoding = encoding_of(opener)
            self._manners[name] = encoding, separator_of(head_of(opener, encoding))
        rows = csv_rows(opener, *self._manners[name])
        return map(_plain, rows) if self._is_ours else rows

    @cached_property
    def _is_ours(self) -> bool:
        """Whether we wrote it, with an apostrophe before what a spreadsheet would run."""
        opener = self.opener("users")
        encoding = encoding_of(opener)
        head = next(csv_rows(opener, encoding, separator_of(head_of(opener, encoding))), (1, None))
        return REASON in (head[1] or [])

    def header(self, name: str, noted: Noted | None = None) -> list[str]:
        """Return the columns of a file by the standard's names, "" for one without a name.

        With ``noted`` it is told what had to be understood.
        """
        cells = next(self.raw(name), (1, None))[1]
        return [] if cells is None else _Header(name, noted).names(cells)

    def rows(self, name: str, noted: Noted) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield (line, cells by column); nothing where there is no such file."""
        columns = self.header(name)
        found = self.raw(name)
        next(found, None)
        for line, cells in found:
            place = {"file": f"{name}.csv", "line": line}
            if cells is None:
                self._note_unreadable(name, line, noted)
                continue
            if any(cells[len(columns) :]):
                text = _(
                    "%(file)s, line %(line)d has more cells than the header; they are left out."
                )
                noted.note("cells", text % place, None, name)
            elif len(cells) < len(columns):
                text = _("%(file)s, line %(line)d has fewer cells than the header; taken as empty.")
                noted.note("cells", text % place, None, name)
            values = [*cells, *[""] * (len(columns) - len(cells))]
            yield line, {c: v.strip() for c, v in zip(columns, values, strict=False) if c}

    def _note_unreadable(self, name: str, line: int, noted: Noted) -> None:
        text = _("%(file)s, line %(line)d cannot be read: a quotation mark may not be closed.")
        words = {"file": f"{name}.csv", "line": line}
        if name == "users":
            noted.reject("row", text % words, line)
        else:
            noted.note("row", text % words, None, name)


def _plain(row: tuple[int, list[str] | None]) -> tuple[int, list[str] | None]:
    line, cells = row
    return line, None if cells is None else [plain_cell(cell) for cell in cells]


class _Header:
    """Finds out what the columns of one file are meant to be."""

    def __init__(self, file: str, noted: Noted | None) -> None:
        self._file = file
        self._noted = noted
        self._known = (*FILES[file], *_MORE.get(file, ()))

    def names(self, cells: list[str]) -> list[str]:
        """Return the standard's name for each cell; those of vendors stay."""
        exact = {cell.strip() for cell in cells} & set(self._known)
        found: list[str] = []
        for cell in cells:
            name = self._name(cell.strip(), exact | set(found))
            found.append("" if name in found else name)
        if not all(found):
            self._tell("header_empty", _("%(file)s: columns without a name are left out."), "", "")
        return found

    def _name(self, cell: str, taken: set[str]) -> str:
        if not cell or cell in self._known or cell.lower().startswith(("metadata.", "ext_")):
            return cell
        bare = cell.lower()
        for known in self._known:
            if known.lower() == bare and known not in taken:
                text = _("%(file)s: the column “%(cell)s” is “%(name)s”, written in another case.")
                return self._tell("header_case", text, cell, known)
        called = _CALLED.get("".join(filter(str.isalnum, bare)), ())
        near = [name for name in called if name in self._known]
        near = near or get_close_matches(cell, self._known, 1, _NEAR)
        if near and near[0] not in taken:
            text = _("%(file)s: the column “%(cell)s” is taken as “%(name)s”.")
            return self._tell("header_name", text, cell, near[0])
        text = _("%(file)s: the column “%(cell)s” is not of the standard; it can be mapped.")
        return self._tell("header_more", text, cell, cell)

    def _tell(self, code: str, text: str, cell: str, name: str) -> str:
        if self._noted is not None:
            words = {"file": f"{self._file}.csv", "cell": cell[:60], "name": name}
            line = 1 if self._file == "users" else None
            self._noted.note(code, text % words, line, name[:60])
        return name
