"""What was delivered, as a OneRoster package: a zip of CSV files, the whole truth (*bulk*).

In bulk files ``status`` and ``dateLastModified`` are empty; whoever is withdrawn is not in them.
"""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone

from openpatron.feeds.formats.oneroster.meaning import code_of_grade
from openpatron.organizations.models import Organization, Site

from . import payload
from .models import (
    PlatformSetup,
    Roster,
    SentClass,
    SentEnrollment,
    SentRole,
    SentUser,
    Status,
    Target,
)
from .rules import SUPERVISOR
from .scopes import DEMOGRAPHICS, SCOPES

V1P1, V1P2 = Target.Version.V1P1.value, Target.Version.V1P2.value
VERSIONS = (V1P1, V1P2)
"""What a package can be written as."""

_CHUNK = 2_000
_HEAD = ("sourcedId", "status", "dateLastModified")
_FILES_1P1 = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItems", "orgs", "resources", "results", "users",
)  # fmt: skip
_FILES_1P2 = (
    "academicSessions", "categories", "classes", "classResources", "courses", "courseResources",
    "demographics", "enrollments", "lineItemLearningObjectiveIds", "lineItems",
    "lineItemScoreScales", "orgs", "resources", "resultLearningObjectiveIds", "results",
    "resultScoreScales", "roles", "scoreScales", "userProfiles", "userResources", "users",
)  # fmt: skip
_USERS_1P1 = (
    "enabledUser", "orgSourcedIds", "role", "username", "userIds", "givenName", "familyName",
    "middleName", "identifier", "email", "sms", "phone", "agentSourcedIds", "grades", "password",
)  # fmt: skip
_USERS_1P2 = (
    "enabledUser", "username", "userIds", "givenName", "familyName", "middleName", "identifier",
    "email", "sms", "phone", "agentSourcedIds", "grades", "password", "userMasterIdentifier",
    "preferredGivenName", "preferredMiddleName", "preferredFamilyName", "primaryOrgSourcedId",
    "pronouns",
)  # fmt: skip
_COLUMNS: dict[str, tuple[str, ...]] = {
    "academicSessions": ("title", "type", "startDate", "endDate", "parentSourcedId", "schoolYear"),
    "orgs": ("name", "type", "identifier", "parentSourcedId"),
    "courses": (
        "schoolYearSourcedId", "title", "courseCode", "grades", "orgSourcedId", "subjects",
        "subjectCodes",
    ),
    "classes": (
        "title", "grades", "courseSourcedId", "classCode", "classType", "location",
        "schoolSourcedId", "termSourcedIds", "subjects", "subjectCodes", "periods",
    ),
    "enrollments": (
        "classSourcedId", "schoolSourcedId", "userSourcedId", "role", "primary", "beginDate",
        "endDate",
    ),
    "roles": (
        "userSourcedId", "roleType", "role", "beginDate", "endDate", "orgSourcedId",
        "userProfileSourcedId",
    ),
    "demographics": (
        "birthDate", "sex", "americanIndianOrAlaskaNative", "asian", "blackOrAfricanAmerican",
        "nativeHawaiianOrOtherPacificIslander", "white", "demographicRaceTwoOrMoreRaces",
        "hispanicOrLatinoEthnicity", "countryOfBirthCode", "stateOfBirthAbbreviation",
        "cityOfBirth", "publicSchoolResidenceStatus",
    ),
}  # fmt: skip
_SESSION = ("sourcedId", "title", "type", "startDate", "endDate", "schoolYear")
_1P1_ROLES = {SUPERVISOR: "administrator"}

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Package:
    organization: Organization
    setups: list[PlatformSetup]
    roster: UUID
    version: str
    scopes: Collection[str]

    @property
    def sites(self) -> list[int]:
        return [one.site_id for one in self.setups]

    @property
    def orgs(self) -> dict[int, UUID]:
        return {one.site_id: one.sourced_id for one in self.setups}


def roster_of(organization: Organization) -> Roster:
    """Return by which identifier platforms know the opened organization."""
    return Roster.objects.get_or_create(organization=organization)[0]


def write_package(
    organization: Organization, sites: Iterable[Site], version: str, to: Path, scopes: Iterable[str]
) -> dict[str, int]:
    """Write the zip, beside its place first, and return how many rows each file has.

    ``scopes``: short names of what may go out. Raises ``OSError`` where it cannot be written.
    """
    setups = PlatformSetup.objects.filter(site__in=list(sites)).select_related("site")
    package = _Package(
        organization,
        list(setups.order_by("pk")),
        roster_of(organization).sourced_id,
        version,
        {SCOPES[name] for name in scopes if name in SCOPES},
    )
    aside = to.with_name(f".{to.name}.{os.getpid()}")
    counts = {}
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as file:
            for name, (columns, rows) in _files(package).items():
                counts[name] = _write(file, name, columns, rows())
            _write(file, "manifest", ("propertyName", "value"), _manifest(package, counts))
        aside.replace(to)
    finally:
        aside.unlink(missing_ok=True)
    return counts


def _files(package: _Package) -> dict[str, tuple[tuple[str, ...], Callable[[], Iterator[Row]]]]:
    is_old = package.version == V1P1
    files: dict[str, tuple[tuple[str, ...], Callable[[], Iterator[Row]]]] = {
        "orgs": (_COLUMNS["orgs"], lambda: _orgs(package)),
        "academicSessions": (_COLUMNS["academicSessions"], lambda: _sessions(package)),
        "courses": (_COLUMNS["courses"], lambda: _courses(package)),
        "classes": (_COLUMNS["classes"], lambda: _classes(package)),
        "users": (_USERS_1P1 if is_old else _USERS_1P2, lambda: _users(package)),
        "enrollments": (_COLUMNS["enrollments"], lambda: _enrollments(package)),
    }
    if not is_old:
        files["roles"] = (_COLUMNS["roles"], lambda: _roles(package))
    if DEMOGRAPHICS in package.scopes:
        files["demographics"] = (_COLUMNS["demographics"], lambda: _demographics(package))
    return {name: ((*_HEAD, *columns), rows) for name, (columns, rows) in files.items()}


def _write(file: zipfile.ZipFile, name: str, columns: tuple[str, ...], rows: Iterable[Row]) -> int:
    n = 0
    with (
        file.open(f"{name}.csv", "w") as raw,
        io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
    ):
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(columns)
        for row in rows:
            n += 1
            writer.writerow([row.get(column, "") for column in columns])
    return n


def _manifest(package: _Package, counts: Mapping[str, int]) -> Iterator[Row]:
    is_old = package.version == V1P1
    lines = {"manifest.version": "1.0", "oneroster.version": "1.1" if is_old else "1.2"}
    for name in _FILES_1P1 if is_old else _FILES_1P2:
        lines[f"file.{name}"] = "bulk" if name in counts else "absent"
    lines |= {"source.systemName": "OpenPatron", "source.systemCode": package.organization.slug}
    yield from ({"propertyName": name, "value": value} for name, value in lines.items())


def _orgs(package: _Package) -> Iterator[Row]:
    yield {"sourcedId": package.roster, "name": package.organization.name, "type": "district"}
    for one in package.setups:
        yield {
            "sourcedId": one.sourced_id,
            "name": one.site.name,
            "type": "school",
            "identifier": one.site.short_name,
            "parentSourcedId": package.roster,
        }


def _sessions(package: _Package) -> Iterator[Row]:
    for one in payload.sessions(package.roster, timezone.localdate(), timezone.now()):
        yield {name: one[name] for name in _SESSION}


def _courses(package: _Package) -> Iterator[Row]:
    for one in package.setups:
        yield {
            "sourcedId": payload.course_id(one.sourced_id),
            "title": "Homeroom",
            "orgSourcedId": one.sourced_id,
        }


def _classes(package: _Package) -> Iterator[Row]:
    term = payload.session_id(package.roster, payload.school_year(timezone.localdate()))
    rows = SentClass.objects.filter(site__in=package.sites, status=Status.ACTIVE).order_by("pk")
    for one in rows.iterator(chunk_size=_CHUNK):
        school = package.orgs[one.site_id]
        yield {
            "sourcedId": one.sourced_id,
            "title": one.title,
            "courseSourcedId": payload.course_id(school),
            "classType": "homeroom",
            "schoolSourcedId": school,
            "termSourcedIds": term,
        }


def _enrollments(package: _Package) -> Iterator[Row]:
    rows = SentEnrollment.objects.filter(site__in=package.sites, status=Status.ACTIVE)
    read = ("sourced_id", "sent_class__sourced_id", "site", "sent_user__sourced_id", "role")
    found = rows.order_by("pk").values_list(*read, "is_primary")
    for number, room, site, user, role, first in found.iterator(chunk_size=_CHUNK):
        yield {
            "sourcedId": number,
            "classSourcedId": room,
            "schoolSourcedId": package.orgs[site],
            "userSourcedId": user,
            "role": role,
            "primary": "true" if first else "false",
        }


def _chunks(package: _Package) -> Iterator[list[tuple[SentUser, list[SentRole]]]]:
    """Yield the active users with their active roles, some at a time."""
    roles = SentRole.objects.filter(site__in=package.sites, status=Status.ACTIVE)
    after = 0
    while True:
        users = list(
            SentUser.objects.filter(pk__gt=after, pk__in=roles.values("sent_user"))
            .order_by("pk")[:_CHUNK]
        )  # fmt: skip
        if not users:
            return
        held: dict[int, list[SentRole]] = defaultdict(list)
        for role in roles.filter(sent_user__in=users).order_by("pk"):
            held[role.sent_user_id].append(role)
        yield [(one, held[one.pk]) for one in users]
        after = users[-1].pk


def _users(package: _Package) -> Iterator[Row]:
    for chunk in _chunks(package):
        for one, roles in chunk:
            names = {role.role for role in roles}
            values = payload.outgoing(one.values, names, package.scopes)
            places = [str(package.orgs[role.site_id]) for role in roles]
            district = values.get("districtId")
            yield {
                "sourcedId": one.sourced_id,
                "enabledUser": "true",
                "orgSourcedIds": ",".join(dict.fromkeys(places)),
                "role": _1P1_ROLES.get(roles[0].role, roles[0].role),
                "username": values.get("username", ""),
                "userIds": f"{{districtId:{district}}}" if district else "",
                "givenName": values.get("givenName", ""),
                "familyName": values.get("familyName", ""),
                "middleName": values.get("middleName", ""),
                "identifier": values.get("identifier", ""),
                "email": values.get("email", ""),
                "grades": code_of_grade(values.get("grades") or ""),
                "preferredGivenName": values.get("preferredFirstName", ""),
                "primaryOrgSourcedId": places[0],
            }


def _roles(package: _Package) -> Iterator[Row]:
    for chunk in _chunks(package):
        for one, roles in chunk:
            for n, role in enumerate(roles):
                yield {
                    "sourcedId": f"{one.sourced_id}-{role.pk}",
                    "userSourcedId": one.sourced_id,
                    "roleType": "primary" if n == 0 else "secondary",
                    "role": role.role,
                    "orgSourcedId": package.orgs[role.site_id],
                }


def _demographics(package: _Package) -> Iterator[Row]:
    known = {"male", "female"} if package.version == V1P1 else {"male", "female", "other"}
    for chunk in _chunks(package):
        users = [one for one, _roles_held in chunk]
        for row in payload.demographics(users, {one.pk for one in users}):
            yield {
                "sourcedId": row["sourcedId"],
                "birthDate": row.get("birthDate", ""),
                "sex": row.get("sex", "") if row.get("sex") in known else "",
            }
