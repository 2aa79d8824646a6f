"""What goes out, in the standard's own objects: the one place that knows its names.

Each function takes rows of the ``Sent…`` tables and returns dictionaries as OneRoster 1.2 writes
them in JSON. No query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from openpatron.feeds.formats.oneroster.meaning import code_of_grade

from .models import PlatformSetup, SentClass, SentEnrollment, SentRole, SentUser, Status
from .rules import STUDENT
from .scopes import OF_STUDENTS, ROSTER, WIDER

# The school year begins with this month; a demo of a school elsewhere may want another.
_FIRST_MONTH = 8


def moment(value: datetime) -> str:
    """Return a time as the standard writes it: UTC, with milliseconds."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def school_year(today: date) -> int:
    """Return the year in which the school year of that day ends."""
    return today.year + (today.month >= _FIRST_MONTH)


def session_id(roster: UUID, year: int) -> str:
    """Return the identifier of a school year."""
    return str(uuid5(roster, f"year {year}"))


def course_id(site: UUID) -> str:
    """Return the identifier of the one course of a site: being in a homeroom."""
    return str(uuid5(site, "homeroom"))


def reference(kind: str, sourced_id: Any, base: str) -> dict[str, str]:
    """Return how one object points to another."""
    paths = {"org": "orgs", "user": "users", "class": "classes", "course": "courses"}
    path = paths.get(kind, "terms")
    return {"href": f"{base}/{path}/{sourced_id}", "sourcedId": str(sourced_id), "type": kind}


def _head(sourced_id: Any, status: str, modified: datetime) -> dict[str, Any]:
    return {
        "sourcedId": str(sourced_id),
        "status": str(status),
        "dateLastModified": moment(modified),
    }


def orgs(
    roster: UUID, name: str, setups: Iterable[PlatformSetup], base: str, modified: datetime
) -> list[dict[str, Any]]:
    """Return the organization and its sites."""
    schools = list(setups)
    parent = reference("org", roster, base)
    found = [
        _head(roster, Status.ACTIVE, modified)
        | {
            "name": name,
            "type": "district",
            "identifier": "",
            "children": [reference("org", one.sourced_id, base) for one in schools],
        }
    ]
    found += [
        _head(one.sourced_id, Status.ACTIVE, one.modified_at)
        | {
            "name": one.site.name,
            "type": "school",
            "identifier": one.site.short_name,
            "parent": parent,
            "children": [],
            "metadata": {"groupsManaged": one.groups_managed},
        }
        for one in schools
    ]
    return found


def sessions(roster: UUID, today: date, modified: datetime) -> list[dict[str, Any]]:
    """Return the school year that the day is in: one term."""
    year = school_year(today)
    return [
        _head(session_id(roster, year), Status.ACTIVE, modified)
        | {
            "title": f"{year - 1}–{year}",
            "type": "term",
            "startDate": date(year - 1, _FIRST_MONTH, 1).isoformat(),
            "endDate": date(year, _FIRST_MONTH - 1, 31).isoformat(),
            "schoolYear": str(year),
            "children": [],
        }
    ]


def courses(setups: Iterable[PlatformSetup], base: str) -> list[dict[str, Any]]:
    """Return the one course of each site."""
    return [
        _head(course_id(one.sourced_id), Status.ACTIVE, one.modified_at)
        | {
            "title": "Homeroom",
            "courseCode": "",
            "grades": [],
            "subjects": [],
            "subjectCodes": [],
            "org": reference("org", one.sourced_id, base),
        }
        for one in setups
    ]


def classes(
    rows: Iterable[SentClass], orgs_by_site: Mapping[int, UUID], term: str, base: str
) -> list[dict[str, Any]]:
    """Return homerooms."""
    return [
        _head(one.sourced_id, one.status, one.modified_at)
        | {
            "title": one.title,
            "classCode": "",
            "classType": "homeroom",
            "location": "",
            "grades": [],
            "subjects": [],
            "subjectCodes": [],
            "periods": [],
            "course": reference("course", course_id(orgs_by_site[one.site_id]), base),
            "school": reference("org", orgs_by_site[one.site_id], base),
            "terms": [reference("academicSession", term, base)],
        }
        for one in rows
    ]


def enrollments(
    rows: Iterable[SentEnrollment], orgs_by_site: Mapping[int, UUID], base: str
) -> list[dict[str, Any]]:
    """Return who is in which homeroom; class and user are read along."""
    return [
        _head(one.sourced_id, one.status, one.modified_at)
        | {
            "user": reference("user", one.sent_user.sourced_id, base),
            "class": reference("class", one.sent_class.sourced_id, base),
            "school": reference("org", orgs_by_site[one.site_id], base),
            "role": one.role,
            "primary": "true" if one.is_primary else "false",
        }
        for one in rows
    ]


def users(
    rows: Iterable[SentUser],
    roles: Mapping[int, list[SentRole]],
    orgs_by_site: Mapping[int, UUID],
    scopes: Collection[str],
    base: str,
) -> list[dict[str, Any]]:
    """Return persons, each with the roles at the sites that the client may see."""
    return [_user(one, roles.get(one.pk, []), orgs_by_site, scopes, base) for one in rows]


def _user(
    one: SentUser,
    held: list[SentRole],
    orgs_by_site: Mapping[int, UUID],
    scopes: Collection[str],
    base: str,
) -> dict[str, Any]:
    active = [role for role in held if role.status == Status.ACTIVE]
    # Of whom is withdrawn nobody needs more than that.
    values = outgoing(one.values, {role.role for role in active}, scopes) if active else {}
    shown = active or held
    places = [reference("org", orgs_by_site[role.site_id], base) for role in shown]
    return (
        _head(one.sourced_id, Status.ACTIVE if active else Status.GONE, one.modified_at)
        | {
            "enabledUser": "true" if active else "false",
            "username": values.get("username") or str(one.sourced_id),
            "userIds": (
                [{"type": "districtId", "identifier": values["districtId"]}]
                if values.get("districtId")
                else []
            ),
            "givenName": values.get("givenName") or "-",
            "familyName": values.get("familyName") or "-",
            "grades": [code] if (code := code_of_grade(values.get("grades") or "")) else [],
            "agents": [],
            "roles": [
                {
                    "roleType": "primary" if n == 0 else "secondary",
                    "role": role.role,
                    "org": places[n],
                }
                for n, role in enumerate(shown)
            ],
            "userProfiles": [],
        }
        | ({"primaryOrg": places[0]} if places else {})
        | {
            name: values[name]
            for name in ("middleName", "preferredFirstName", "email", "identifier")
            if values.get(name)
        }
    )


def outgoing(
    values: Mapping[str, Any], roles: Collection[str], scopes: Collection[str]
) -> dict[str, Any]:
    """Return of a person's values what the scopes need; birth date and sex are never among them."""
    hidden = {"birthDate", "sex"}
    if ROSTER not in scopes:
        hidden |= {*WIDER}
        if set(roles) <= {STUDENT}:
            hidden |= {*OF_STUDENTS}
    return {name: value for name, value in values.items() if name not in hidden}


def demographics(rows: Iterable[SentUser], active: Collection[int]) -> list[dict[str, Any]]:
    """Return birth dates and sexes; ``active``: who of them is delivered still."""
    found = []
    for one in rows:
        status = Status.ACTIVE if one.pk in active else Status.GONE
        values = _head(one.sourced_id, status, one.modified_at)
        told = one.values if status == Status.ACTIVE else {}
        if told.get("birthDate"):
            values["birthDate"] = told["birthDate"]
        sex = str(told.get("sex", "")).casefold()
        known = {"m": "male", "male": "male", "f": "female", "female": "female"}
        if sex:
            values["sex"] = known.get(sex, "other")
        found.append(values)
    return found
