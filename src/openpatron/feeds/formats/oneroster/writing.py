"""Writing a bulk package of version 1.2: every column, every reference, the standard's words."""

from __future__ import annotations

import csv
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path
from typing import Any

from openpatron.feeds.codes import of, person_id
from openpatron.feeds.formats.base import About
from openpatron.feeds.formats.room import Room
from openpatron.feeds.records import Problem, Record

from .meaning import BESIDE, NO_NAME, OF_ROLES, code_of_grade
from .package import FILES

_WRITTEN = tuple(name for name in FILES if name not in {"manifest", "userProfiles"})
_OF_THE_STANDARD = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItemLearningObjectiveIds", "lineItems",
    "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results",
    "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users",
)  # fmt: skip
_MORE = {
    "users": [f"metadata.{name}" for name in (*BESIDE.values(), "gradeLevel", "status")],
    "roles": [f"metadata.{name}" for name in OF_ROLES.values()],
}
_TERM, _YEAR, _COURSE = "term", "year", "homeroom"


def write_package(records: Iterable[Record], to: Path, about: About, label: str) -> list[Problem]:
    """Write the package; memory is needed for the homerooms alone."""
    problems: list[Problem] = []
    room = Room(label, {}, ("username", "familyName"), problems)
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder, f"{name}.csv") for name in _WRITTEN}
        with ExitStack() as stack:
            writers = {}
            for name, path in paths.items():
                out = stack.enter_context(path.open("w", encoding="utf-8", newline=""))
                columns = [*FILES[name], *_MORE.get(name, [])]
                writers[name] = csv.DictWriter(out, columns, restval="", lineterminator="\r\n")
                writers[name].writeheader()
            _Writing(writers, about).write(records, room)
        with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("manifest.csv", _manifest(about))
            for name, path in paths.items():
                package.write(path, f"{name}.csv")
    room.close()
    return problems


def _manifest(about: About) -> str:
    lines = {
        "manifest.version": "1.0",
        "oneroster.version": "1.2",
        **{f"file.{name}": "bulk" if name in _WRITTEN else "absent" for name in _OF_THE_STANDARD},
        "source.systemName": "OpenPatron",
        "source.systemCode": about.code,
    }
    return "".join(
        f"{name},{value}\r\n" for name, value in {"propertyName": "value", **lines}.items()
    )


class _Writing:
    def __init__(self, writers: Mapping[str, csv.DictWriter[str]], about: About) -> None:
        self._writers = writers
        self._about = about
        taken = about.code in about.sites
        self._district = f"district-{about.code}" if taken else about.code
        # (site, homeroom) → its sourcedId, and who supervises it.
        self._rooms: dict[tuple[str, str], str] = {}
        self._supervisors: dict[str, list[tuple[str, str]]] = {}
        self._seen: set[str] = set()

    def write(self, records: Iterable[Record], room: Room) -> None:
        """Write everybody, then what they refer to."""
        for number, group in groupby(records, key=lambda record: record.line):
            ties = list(group)
            user = _user(ties[0])
            if room.fit(number, user):
                self._put("users", user)
                self._person(user["sourcedId"], ties)
        for name, rooms in self._supervisors.items():
            # Who is not in the package cannot be referred to.
            if name in self._seen:
                for site, number in rooms:
                    self._seat(name, site, number, teaches=True)
        self._surroundings()

    def _put(self, file: str, row: Mapping[str, Any]) -> None:
        self._writers[file].writerow(row)

    def _person(self, number: str, ties: list[Record]) -> None:
        first = of(ties[0])
        self._put(
            "demographics",
            {
                "sourcedId": number,
                "birthDate": first["birth_date"],
                "sex": _sex(first["gender"]),
            },
        )
        for place, record in enumerate(ties):
            values = of(record)
            site = values["site"] or self._district
            self._put(
                "roles",
                {
                    "sourcedId": f"{number}-{site}",
                    "userSourcedId": number,
                    "roleType": "secondary" if place else "primary",
                    "role": values["role"] or "student",
                    "orgSourcedId": site,
                    **{f"metadata.{name}": values[field] for field, name in OF_ROLES.items()},
                },
            )
            if values["homeroom"]:
                self._homeroom(number, values)
        if first["role"] != "student":
            self._seen.add(number)

    def _homeroom(self, number: str, values: Mapping[str, str]) -> None:
        key = values["site"], values["homeroom"]
        room = self._rooms.get(key)
        if room is None:
            room = self._rooms[key] = f"homeroom-{key[0]}-{len(self._rooms) + 1}"
            if values["homeroom_supervisor"]:
                self._supervisors.setdefault(values["homeroom_supervisor"], []).append(
                    (key[0], room)
                )
            self._put(
                "classes",
                {
                    "sourcedId": room,
                    "title": key[1],
                    "courseSourcedId": _COURSE,
                    "classType": "homeroom",
                    "schoolSourcedId": key[0],
                    "termSourcedIds": _TERM,
                },
            )
        self._seat(number, key[0], room, teaches=False)

    def _seat(self, user: str, site: str, room: str, *, teaches: bool) -> None:
        self._put(
            "enrollments",
            {
                "sourcedId": f"{room}-{user}",
                "classSourcedId": room,
                "schoolSourcedId": site,
                "userSourcedId": user,
                "role": "teacher" if teaches else "student",
                "primary": "true" if teaches else "false",
            },
        )

    def _surroundings(self) -> None:
        about = self._about
        district = {"sourcedId": self._district, "name": about.organization, "type": "district"}
        self._put("orgs", district)
        for short_name, name in about.sites.items():
            self._put(
                "orgs",
                {
                    "sourcedId": short_name,
                    "name": name,
                    "type": "school",
                    "identifier": short_name,
                    "parentSourcedId": self._district,
                },
            )
        year = about.year_ends[:4]
        span = {"startDate": about.year_begins, "endDate": about.year_ends, "schoolYear": year}
        for number, kind, parent in ((_YEAR, "schoolYear", ""), (_TERM, "term", _YEAR)):
            self._put(
                "academicSessions",
                {
                    "sourcedId": number,
                    "title": year,
                    "type": kind,
                    "parentSourcedId": parent,
                    **span,
                },
            )
        self._put(
            "courses",
            {
                "sourcedId": _COURSE,
                "schoolYearSourcedId": _YEAR,
                "title": "Homeroom",
                "orgSourcedId": self._district,
            },
        )


def _user(record: Record) -> dict[str, str]:
    values = of(record)
    code = code_of_grade(values["grade_level"])
    status = values["status"]
    return {
        "sourcedId": person_id(record),
        "enabledUser": "false" if status == "inactive" else "true",
        "username": values["username"],
        "givenName": values["first_name"] or NO_NAME,
        "familyName": values["last_name"],
        "middleName": values["middle_name"],
        "identifier": values["district_id"],
        "email": values["email"],
        "sms": values["mobile_phone"],
        "phone": values["home_phone"],
        "grades": code,
        "preferredGivenName": values["preferred_name"],
        "primaryOrgSourcedId": values["site"],
        **{f"metadata.{name}": values[field] for field, name in BESIDE.items()},
        "metadata.gradeLevel": "" if code else values["grade_level"],
        "metadata.status": status if status == "restricted" else "",
    }


def _sex(gender: str) -> str:
    if not gender:
        return "unspecified"
    return gender.lower() if gender.lower() in {"male", "female"} else "other"
