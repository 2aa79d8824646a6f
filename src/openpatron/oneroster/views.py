"""The addresses of the provider: a token, the collections of the standard, and what there is."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from openpatron.access.actor import SCHEDULE, operator
from openpatron.kernel.errors import StateError
from openpatron.organizations.scope import open_organization
from openpatron.rostering import payload
from openpatron.rostering.actions.sync_site import ask_for_sync
from openpatron.rostering.models import PlatformSetup, SentEnrollment, Status
from openpatron.rostering.packages import roster_of
from openpatron.rostering.queries import readiness
from openpatron.rostering.rules import STUDENT, TEACHER
from openpatron.rostering.schedule import next_run
from openpatron.rostering.scopes import CORE, DEMOGRAPHICS, ROSTER, SCOPES
from openpatron.rostering.targets.oneroster_rest.deliver import BASE, TOKEN

from . import lists, tables
from .asked import Asked, parse
from .clients import Client, TokenError, client_of, fetched, give_token, has_pulled
from .errors import (
    BROKEN,
    FORBIDDEN,
    INVALID_SELECTION,
    UNKNOWN,
    RosterError,
    answer,
    refused_method,
)
from .tables import Page, Table, View

log = logging.getLogger(__name__)

# What a collection is called in an answer: many, and one.
_NAMES = {
    "orgs": ("orgs", "org"),
    "schools": ("orgs", "org"),
    "academicSessions": ("academicSessions", "academicSession"),
    "terms": ("academicSessions", "academicSession"),
    "gradingPeriods": ("academicSessions", "academicSession"),
    "courses": ("courses", "course"),
    "classes": ("classes", "class"),
    "users": ("users", "user"),
    "students": ("users", "user"),
    "teachers": ("users", "user"),
    "enrollments": ("enrollments", "enrollment"),
    "demographics": ("demographics", "demographics"),
}
_BELOW = {
    "schools": ("classes", "courses", "enrollments", "students", "teachers", "terms"),
    "classes": ("students", "teachers"),
    "courses": ("classes",),
    "terms": ("classes", "gradingPeriods"),
    "students": ("classes",),
    "teachers": ("classes",),
    "users": ("classes",),
}
_BELOW_CLASS_OF_SCHOOL = ("enrollments", "students", "teachers")
_READING = ("GET", "HEAD")
_ONE, _BELOW_ONE, _BELOW_TWO = 2, 3, 5


@dataclass(frozen=True, slots=True)
class _Rows:
    """A collection that is a table, or a list."""

    name: str
    table: Table | None = None
    rows: list[dict[str, Any]] | None = None

    def page(self, view: View, asked: Asked, path: str) -> Page:
        if self.table is not None:
            return self.table.page(view, asked, path)
        return Page(*lists.page(self.rows or [], asked))

    def one(self, sourced_id: UUID) -> dict[str, Any] | None:
        if self.table is not None:
            return self.table.one(sourced_id)
        rows = self.rows or []
        return next((row for row in rows if row["sourcedId"] == str(sourced_id)), None)


@csrf_exempt
@require_POST
@never_cache
def token(request: HttpRequest) -> HttpResponse:
    """Give a client a token (OAuth 2, client credentials)."""
    try:
        return JsonResponse(give_token(request), headers={"Pragma": "no-cache"})
    except TokenError as refused:
        response = JsonResponse(
            {"error": refused.error, "error_description": str(refused)}, status=refused.status
        )
        if refused.status == 401:  # noqa: PLR2004  unauthorized
            response.headers["WWW-Authenticate"] = 'Basic realm="oneroster"'
        return response


@require_safe
def discovery(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  the same for all
    """Say what there is: addresses and scopes, as an OpenAPI document."""
    flow = {
        "tokenUrl": settings.OPENPATRON_BASE_URL + TOKEN,
        "scopes": {full: short for short, full in SCOPES.items()},
    }
    paths = [f"/{name}" for name in _NAMES]
    paths += [f"/{name}/{{sourcedId}}" for name in _NAMES]
    paths += [f"/{one}/{{sourcedId}}/{two}" for one, below in _BELOW.items() for two in below]
    paths += [
        f"/schools/{{schoolSourcedId}}/classes/{{classSourcedId}}/{name}"
        for name in _BELOW_CLASS_OF_SCHOOL
    ]
    return JsonResponse(
        {
            "openapi": "3.0.1",
            "info": {"title": "OneRoster Rostering Service", "version": "1.2"},
            "servers": [{"url": settings.OPENPATRON_BASE_URL + BASE}],
            "paths": {path: {"get": {"operationId": path}} for path in paths},
            "components": {
                "securitySchemes": {
                    "OAuth2CC": {"type": "oauth2", "flows": {"clientCredentials": flow}}
                }
            },
        }
    )


@csrf_exempt
@never_cache
def rostering(request: HttpRequest, path: str) -> HttpResponse:
    """Answer for one address below ``BASE``."""
    if request.method not in _READING:
        return refused_method(", ".join(_READING))
    try:
        client = client_of(request)
        with open_organization(client.organization):
            return _answer(request, client, path)
    except RosterError as refused:
        return answer(refused)
    except DatabaseError:
        log.exception("the provider could not answer")
        return answer(RosterError(BROKEN, "This cannot be answered now. Try again later."))


@csrf_exempt
@never_cache
def sync(request: HttpRequest) -> HttpResponse:
    """Tell the client how its sites stand, and who is left out; POST: have them synchronized.

    No part of the standard: beside it, for platforms that show both sides.
    """
    if request.method not in (*_READING, "POST"):
        return refused_method(", ".join((*_READING, "POST")))
    try:
        client = client_of(request)
        with open_organization(client.organization):
            return _synchronization(client, asks=request.method == "POST")
    except RosterError as refused:
        return answer(refused)


def _synchronization(client: Client, *, asks: bool) -> HttpResponse:
    actor, now = operator(client.organization, SCHEDULE), timezone.now()
    setups = PlatformSetup.objects.filter(site__targets=client.target).select_related("site")
    told = []
    for found in setups.order_by("pk"):
        setup, problem = found, ""
        if asks:
            try:
                setup = ask_for_sync(actor, found.site)
            except StateError as refused:
                problem = str(refused)
        due = next_run(setup, now)
        ready = readiness(actor, found.site)
        told.append(
            {
                "sourcedId": str(found.sourced_id),
                "name": found.site.name,
                "lastRun": setup.last_run_at and payload.moment(setup.last_run_at),
                "nextRun": due and payload.moment(due),
                "problem": problem,
                "people": ready.people,
                "peopleReady": ready.people_ready,
                "leftOut": [
                    {"code": c.rule.code, "text": str(c.rule.text), "count": len(c.failing)}
                    for c in ready.conditions
                    if not c.holds
                ],
            }
        )
    return _json({"sites": told})


def _answer(request: HttpRequest, client: Client, path: str) -> HttpResponse:
    parts = path.strip("/").split("/")
    _require(client, parts)
    words = {name: request.GET[name] for name in request.GET}
    asked = parse(words)
    setups = PlatformSetup.objects.filter(site__targets=client.target).select_related("site")
    view = View(
        client,
        roster_of(client.organization).sourced_id,
        list(setups.order_by("pk")),
        settings.OPENPATRON_BASE_URL + BASE,
    )
    fetched(client)
    rows = _rows(view, parts)
    many, single = _NAMES[parts[-1] if len(parts) != _ONE else parts[0]]
    if len(parts) == _ONE:
        found = rows.one(_uuid(parts[1]))
        if found is None:
            raise _missing(parts[1])
        return _json({single: _selected([found], asked)[0]})
    page = rows.page(view, asked, path)
    if page.begun_at is not None:
        has_pulled(client, path, asked, page.begun_at)
    response = _json({many: _selected(page.rows, asked)})
    response.headers["X-Total-Count"] = str(page.total)
    if links := _links(path, words, asked, page.total):
        response.headers["Link"] = links
    return response


def _json(value: dict[str, Any]) -> HttpResponse:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return HttpResponse(text, content_type="application/json")


def _require(client: Client, parts: list[str]) -> None:
    """Raise where there is no such address, or the scopes do not allow it."""
    known = _NAMES.keys()
    fits = {
        1: lambda: parts[0] in known,
        2: lambda: parts[0] in known,
        3: lambda: parts[2] in _BELOW.get(parts[0], ()),
        5: lambda: (
            (parts[0], parts[2]) == ("schools", "classes") and parts[4] in _BELOW_CLASS_OF_SCHOOL
        ),
    }
    if not fits.get(len(parts), lambda: False)():
        raise RosterError(UNKNOWN, "There is no such address here.")
    needed = {CORE, ROSTER} if len(parts) <= _ONE else {ROSTER}
    if parts[0] == "demographics":
        needed = {DEMOGRAPHICS}
    if not needed & client.scopes:
        raise RosterError(FORBIDDEN, f"This needs the scope {min(needed)}.")


def _rows(view: View, parts: list[str]) -> _Rows:
    if len(parts) <= _ONE:
        return _collection(view, parts[0])
    above = _collection(view, parts[0]).one(_uuid(parts[1]))
    if above is None:
        raise _missing(parts[1])
    if len(parts) == _BELOW_ONE:
        return _below(view, parts[0], above, parts[2])
    room = tables.classes(view, site=_site(view, above)).one(_uuid(parts[3]))
    if room is None:
        raise _missing(parts[3])
    return _below(view, "classes", room, parts[4])


def _collection(view: View, name: str) -> _Rows:
    now = max((one.modified_at for one in view.setups), default=timezone.now())
    made: dict[str, Callable[[], Table | list[dict[str, Any]]]] = {
        "orgs": lambda: _orgs(view),
        "schools": lambda: [one for one in _orgs(view) if one["type"] == "school"],
        "academicSessions": lambda: payload.sessions(view.roster, timezone.localdate(), now),
        "terms": lambda: payload.sessions(view.roster, timezone.localdate(), now),
        "gradingPeriods": list,
        "courses": lambda: payload.courses(view.setups, view.base),
        "classes": lambda: tables.classes(view),
        "users": lambda: tables.users(view),
        "students": lambda: tables.users(view, [STUDENT]),
        "teachers": lambda: tables.users(view, [TEACHER]),
        "enrollments": lambda: tables.enrollments(view),
        "demographics": lambda: tables.demographics(view),
    }
    found = made[name]()
    return _Rows(name, table=found) if isinstance(found, Table) else _Rows(name, rows=found)


def _orgs(view: View) -> list[dict[str, Any]]:
    modified = max((one.modified_at for one in view.setups), default=timezone.now())
    name = view.client.organization.name
    return payload.orgs(view.roster, name, view.setups, view.base, modified)


def _below(view: View, above: str, row: dict[str, Any], name: str) -> _Rows:
    if above == "schools":
        return _of_school(view, row, name)
    if above == "classes":
        return _of_class(view, row, name)
    if name == "gradingPeriods":
        return _Rows(name, rows=[])
    if above == "terms":
        return _collection(view, "classes")
    if above == "courses":
        site = next(
            one.site_id for one in view.setups if str(one.sourced_id) == row["org"]["sourcedId"]
        )
        return _Rows(name, table=tables.classes(view, site=site))
    taken = SentEnrollment.objects.filter(
        sent_user__sourced_id=row["sourcedId"], status=Status.ACTIVE
    )
    return _Rows(name, table=tables.classes(view, pk__in=taken.values("sent_class")))


def _of_school(view: View, row: dict[str, Any], name: str) -> _Rows:
    site = _site(view, row)
    narrow = View(
        view.client,
        view.roster,
        [one for one in view.setups if one.site_id == site],
        view.base,
    )
    return _collection(narrow, name)


def _of_class(view: View, row: dict[str, Any], name: str) -> _Rows:
    room = {"sent_class__sourced_id": row["sourcedId"]}
    if name == "enrollments":
        return _Rows(name, table=tables.enrollments(view, **room))
    role = STUDENT if name == "students" else TEACHER
    there = SentEnrollment.objects.filter(**room, role=role, status=Status.ACTIVE)
    return _Rows(name, table=tables.users(view, pk__in=there.values("sent_user")))


def _site(view: View, school: dict[str, Any]) -> int:
    return next(one.site_id for one in view.setups if str(one.sourced_id) == school["sourcedId"])


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _missing(text) from None


def _missing(text: str) -> RosterError:
    return RosterError(UNKNOWN, f"There is nothing with the identifier “{text[:60]}” here.")


def _selected(rows: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    if not asked.fields:
        return rows
    known = {name for row in rows for name in row}
    unknown = [name for name in asked.fields if name not in known]
    if rows and len(unknown) == len(asked.fields):
        raise RosterError(INVALID_SELECTION, f"There is no field “{unknown[0][:60]}” here.")
    return [{name: row[name] for name in asked.fields if name in row} for row in rows]


def _links(path: str, words: dict[str, str], asked: Asked, total: int) -> str:
    """Return the Link header: first, prev, next, last, as far as there are such pages."""
    places: dict[str, int] = {}
    if asked.offset:
        places |= {"first": 0, "prev": max(0, asked.offset - asked.limit)}
    if asked.offset + asked.limit < total:
        last = (total - 1) // asked.limit * asked.limit
        places |= {"next": asked.offset + asked.limit, "last": last}
    base = f"{settings.OPENPATRON_BASE_URL}{BASE}/{path.strip('/')}"
    return ", ".join(
        f'<{base}?{urlencode(words | {"limit": asked.limit, "offset": place})}>; rel="{name}"'
        for name, place in places.items()
    )
