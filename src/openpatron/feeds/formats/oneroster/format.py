"""OneRoster CSV. What it looks like and what is made of it: README.md beside this file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.feeds.codes import NO, YES
from openpatron.feeds.csv_text import number_of_lines
from openpatron.feeds.formats.base import About, Format, Options, Table
from openpatron.feeds.noted import Noted
from openpatron.feeds.records import Problem, Record, Row
from openpatron.feeds.safe_zip import is_zip
from openpatron.kernel.errors import InputError

from .joined import Joined, Role
from .meaning import BESIDE, FIELDS, NO_NAME, OF_ROLES, our_grade
from .package import FILES, Package
from .rejected import write_rejected_package
from .writing import write_package

COLUMNS = (
    *FILES["users"], "orgSourcedId", "orgName", "orgIdentifier", "otherOrgs", "role", "birthDate",
    "sex", "homeroom", "homeroomSourcedId", "homeroomTeacher", "homeroomTeacherSourcedId",
    "profileUsername", "profilePassword", "gradeLevel", "standing",
)  # fmt: skip


class OneRoster(Format):
    """A OneRoster package."""

    name = "oneroster"
    label = "OneRoster"
    extensions: ClassVar[tuple[str, ...]] = ("zip",)
    writes: ClassVar[bool] = True

    def likeness(self, file: Path, head: bytes) -> float:
        """Look for the files of a package."""
        if not is_zip(head):
            return 0.0
        try:
            with Package(file) as package:
                if "users" not in package:
                    return 0.0
                return 0.99 if "manifest" in package or "orgs" in package else 0.7
        except InputError:
            return 0.0

    def table(self, file: Path, options: Options) -> Table:
        """Read the manifest and the columns of the users."""
        del options
        table = Table(())
        noted = Noted(table.problems)
        with Package(file) as package:
            package.require_users()
            header = package.header("users", noted)
            if "sourcedId" not in header:
                raise InputError(
                    "file", _("users.csv has no column “sourcedId”, so nobody in it can be known.")
                )
            more = [name for name in header if name and name not in COLUMNS]
            of_roles = [n for n in package.header("roles") if n.lower().startswith("metadata.")]
            beside = [f"roles.{name}" for name in of_roles]
            table.columns = (*COLUMNS, *dict.fromkeys(more), *dict.fromkeys(beside))
            manifest = _manifest(package, noted)
        table.coverage = {"bulk": "full", "delta": "incremental"}.get(
            manifest.get("file.users", "").lower(), ""
        )
        return table

    def number_of_rows(self, file: Path, options: Options) -> int:
        """Return how many lines of users there are."""
        del options
        with Package(file) as package, package.opener("users")() as stream:
            return number_of_lines(stream, has_header=True)

    def rows(self, file: Path, table: Table, options: Options) -> Iterator[Row]:
        """Yield a row for each user, with the primary school; other schools are told."""
        del options
        noted = Noted(table.problems)
        with Package(file) as package:
            package.require_users()
            with Joined(package, noted) as others:
                for line, user in package.rows("users", noted):
                    found = _person(line, user, others, noted)
                    if found:
                        yield Row(line, tuple(found.get(name, "") for name in table.columns))
        noted.close()

    def suggest(self, table: Table) -> Mapping[str, str]:
        """Return the format's own meaning; vendors' columns by the names that we write."""
        wide = {field: f"metadata.{name}" for field, name in BESIDE.items()}
        narrow = {field: f"roles.metadata.{name}" for field, name in OF_ROLES.items()}
        of_users = {field: f"metadata.{name}" for field, name in OF_ROLES.items()}
        known = {name.lower(): name for name in table.columns}
        return {
            field: known[name.lower()]
            for meaning in (wide, of_users, narrow, FIELDS)
            for field, name in meaning.items()
            if name.lower() in known
        }

    def write_rejected(
        self, file: Path, reasons: Mapping[int, str], to: Path, options: Options
    ) -> None:
        """Write a delta package with those users; the reason is a column of their own."""
        del options
        with Package(file) as package:
            write_rejected_package(package, reasons, to)

    def write(self, records: Iterable[Record], to: Path, about: About) -> list[Problem]:
        """Write a bulk package of version 1.2."""
        return write_package(records, to, about, self.label)


def _manifest(package: Package, noted: Noted) -> dict[str, str]:
    if "manifest" not in package:
        noted.note(
            "manifest", _("The package has no manifest.csv: it does not say what it covers.")
        )
        return {}
    package.header("manifest", noted)
    found = {}
    for _line, row in package.rows("manifest", noted):
        name = row.get("propertyName", "").lower()
        if name.startswith("fiel."):
            text = _("manifest.csv: “%s” is taken as “file.…”.")
            noted.note("manifest", text % name[:60])
            name = "file." + name.removeprefix("fiel.")
        found[name] = row.get("value", "")
    return found


def _person(line: int, user: dict[str, str], others: Joined, noted: Noted) -> dict[str, str]:
    """Return all that is known of a user, at the primary school; nothing where nobody is named."""
    number = user.get("sourcedId", "")
    if not number:
        text = _("users.csv, line %d: without a sourcedId nobody can tell who that is.")
        noted.reject("sourcedId", text % line, line, "sourcedId")
        return {}
    birth, sex = others.person(number)
    username, password = others.profile(number)
    enabled = user.get("enabledUser", "")
    if enabled.lower() in YES | NO and enabled not in {"true", "false"}:
        text = _("users.csv, line %(line)d: enabledUser “%(found)s” is taken as “%(taken)s”.")
        taken = "true" if enabled.lower() in YES else "false"
        words = {"line": line, "found": enabled, "taken": taken}
        noted.note("word_case", text % words, None, "enabledUser")
    gone = user.get("status", "").lower() == "tobedeleted" or enabled.lower() in NO
    standing = "inactive" if gone else user.get("metadata.status", "") or "active"
    given = user.get("givenName", "")
    shared = {
        **user,
        "givenName": "" if given == NO_NAME else given,
        "birthDate": birth,
        "sex": "" if sex == "unspecified" else sex,
        "profileUsername": username,
        "profilePassword": password,
        "gradeLevel": user.get("metadata.gradeLevel") or our_grade(user.get("grades", "")),
        "standing": standing,
    }
    roles = _schools(user, others, line, noted)
    name, _kind, identifier = others.org(roles[0].org)
    found = shared | {
        "orgSourcedId": roles[0].org,
        "orgName": name,
        "orgIdentifier": identifier,
        "otherOrgs": "; ".join(others.org(role.org)[0] for role in roles[1:]),
        "role": roles[0].role,
        **{f"roles.{n}": v for n, v in zip(others.more, roles[0].more, strict=False)},
    }
    if found["otherOrgs"]:
        text = _("users.csv, line %(line)d: beside %(school)s, the user has roles at: %(others)s.")
        words = {"line": line, "school": name, "others": found["otherOrgs"]}
        noted.note("other_schools", text % words, line, "otherOrgs")
    rooms = (r for r in others.rooms(number) if r.school in {roles[0].org, ""} or not roles[1:])
    for room in islice(rooms, 1):
        found |= {
            "homeroom": room.title,
            "homeroomSourcedId": room.id,
            "homeroomTeacher": room.teacher,
            "homeroomTeacherSourcedId": room.teacher_id,
        }
    return found


def _schools(user: dict[str, str], others: Joined, line: int, noted: Noted) -> list[Role]:
    """Return one role for each school of a user, the primary first; districts only if no school."""
    found = others.roles(user.get("sourcedId", ""))
    primary = user.get("primaryOrgSourcedId", "")
    if not found:
        orgs = [primary, *(o.strip() for o in user.get("orgSourcedIds", "").split(","))]
        orgs = [org for org in orgs if org]
        found = [Role(o, user.get("role", ""), not n, "", ()) for n, o in enumerate(orgs)]
    today = timezone.localdate().isoformat()
    found = [r for r in found if not r.ends or r.ends >= today] or found
    schools = [r for r in found if others.org(r.org)[1] != "district"] or found
    schools.sort(key=lambda r: (r.org != primary if primary else False, not r.is_primary))
    if not schools:
        text = _("users.csv, line %d: the user has no role at any school.")
        noted.note("no_role", text % line, line, "role")
        return [Role("", user.get("role", ""), True, "", ())]
    return list({role.org: role for role in reversed(schools)}.values())[::-1]


FORMAT = OneRoster()
