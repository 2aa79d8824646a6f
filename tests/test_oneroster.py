"""The OneRoster 1.2 provider: clients and tokens, collections, and what each scope shows."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from openpatron.access.actor import operator
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.organizations.scope import open_organization
from openpatron.rostering.actions.create_target import (
    WantedTarget,
    create_target,
    renew_target_secret,
)
from openpatron.rostering.actions.sync_site import sync_site
from openpatron.rostering.models import PlatformSetup, SentRole, SentUser, Target

from .rosters import School, school_of
from .world import World

pytestmark = pytest.mark.postgres

BASE = "/ims/oneroster/rostering/v1p2"
TOKEN = "/ims/oneroster/token"
SCOPE = "https://purl.imsglobal.org/spec/or/v1p2/scope/"


class Platform:
    """A platform that fetches."""

    def __init__(self, target: Target, secret: str) -> None:
        self.target, self.secret = target, secret
        self.http = Client()
        self.token = self.ask(client_id=target.client_id, client_secret=secret).json()[
            "access_token"
        ]

    def ask(self, **words: str) -> Any:
        return self.http.post(TOKEN, {"grant_type": "client_credentials"} | words)

    def get(self, path: str, status: int = 200, **words: Any) -> Any:
        answer = self.http.get(
            f"{BASE}/{path}", words, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == status, answer.content
        return answer

    def rows(self, path: str, **words: Any) -> list[dict[str, Any]]:
        (rows,) = self.get(path, **words).json().values()
        return list(rows)


@pytest.fixture
def school(world: World) -> School:
    made = school_of(world)
    deliver(world)
    return made


def deliver(world: World) -> None:
    job = run(sync_site(world.operator, world.maple, at_once=True))
    run(confirm_job(world.operator, job))


def platform(world: World, *scopes: str) -> Platform:
    wanted = WantedTarget(
        f"Reader {uuid4()}", "oneroster-rest", [world.maple],
        scopes=scopes or ("roster-core.readonly", "roster.readonly"),
    )  # fmt: skip
    return Platform(*create_target(world.operator, wanted))


@pytest.mark.any_engine
def test_a_token_is_given_to_the_client_alone(world: World, school: School) -> None:
    reader = platform(world)
    target, secret = reader.target, reader.secret
    assert secret not in target.secret_hash
    assert target.secret_hash.startswith("argon2")
    pair = base64.b64encode(f"{target.client_id}:{secret}".encode()).decode()
    words = {"grant_type": "client_credentials", "client_id": target.client_id}
    for answer in (
        reader.http.post(
            TOKEN, {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"}
        ),
        reader.http.post(
            TOKEN, json.dumps(words | {"client_secret": secret}), content_type="application/json"
        ),
    ):
        assert answer.status_code == 200
        assert (answer.json()["token_type"], answer.json()["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["Cache-Control"].count("no-store") == 1
    only = reader.ask(
        client_id=target.client_id, client_secret=secret, scope=SCOPE + "roster-core.readonly"
    )
    assert only.json()["scope"] == SCOPE + "roster-core.readonly"
    for refused, status, error in (
        (reader.ask(client_id=target.client_id, client_secret="wrong"), 401, "invalid_client"),
        (reader.ask(client_id="nowhere.1", client_secret=secret), 401, "invalid_client"),
        (reader.ask(client_id="\x00", client_secret=secret), 401, "invalid_client"),
        (
            reader.ask(client_id=target.client_id, client_secret=secret, scope="all"),
            400, "invalid_scope",
        ),
        (reader.ask(grant_type="password"), 400, "unsupported_grant_type"),
        (
            reader.http.post(TOKEN, b"[1", content_type="application/json"),
            400, "invalid_request",
        ),
    ):  # fmt: skip
        assert (refused.status_code, refused.json()["error"]) == (status, error)

    # A token is void with its secret, and with its target.
    reader.get("users")
    renew_target_secret(world.operator, target.pk)
    said = reader.get("users", 401).json()
    assert said["imsx_codeMajor"] == "failure"
    assert reader.get("users", 401).headers["WWW-Authenticate"].startswith("Bearer")
    reader.token = "nonsense"
    reader.get("users", 401)
    gone = platform(world)
    Target.objects.filter(pk=gone.target.pk).update(is_active=False)
    gone.get("users", 401)


@pytest.mark.any_engine
def test_the_collections(world: World, school: School) -> None:
    reader = platform(world)
    district, maple = reader.rows("orgs")
    assert (district["type"], maple["type"], maple["identifier"]) == ("district", "school", "maple")
    assert maple["parent"]["sourcedId"] == district["sourcedId"]
    (room,) = reader.rows("classes")
    assert (room["title"], room["classType"], room["status"]) == ("5A", "homeroom", "active")
    assert room["school"]["sourcedId"] == maple["sourcedId"]
    (term,) = reader.rows("terms")
    assert room["terms"][0]["sourcedId"] == term["sourcedId"]
    assert room["course"]["sourcedId"] == reader.rows("courses")[0]["sourcedId"]
    people = reader.rows("users")
    assert len(people) == 5
    assert len(reader.rows("students")) == 3
    (tess,) = reader.rows("teachers")
    assert tess["roles"][0]["role"] == "teacher"
    assert tess["email"] == "tess@example.org"
    assert reader.get(f"users/{tess['sourcedId']}").json()["user"] == tess
    there = reader.rows("enrollments")
    assert sorted((e["role"], e["primary"]) for e in there) == [
        ("student", "false"), ("student", "false"), ("student", "false"), ("teacher", "true"),
    ]  # fmt: skip
    assert {e["class"]["sourcedId"] for e in there} == {room["sourcedId"]}
    school_id, class_id = maple["sourcedId"], room["sourcedId"]
    for path, n in {
        "schools": 1, "academicSessions": 1, "gradingPeriods": 0,
        f"schools/{school_id}/classes": 1, f"schools/{school_id}/courses": 1,
        f"schools/{school_id}/enrollments": 4, f"schools/{school_id}/students": 3,
        f"schools/{school_id}/teachers": 1, f"schools/{school_id}/terms": 1,
        f"schools/{school_id}/classes/{class_id}/enrollments": 4,
        f"schools/{school_id}/classes/{class_id}/students": 3,
        f"schools/{school_id}/classes/{class_id}/teachers": 1,
        f"classes/{class_id}/students": 3, f"classes/{class_id}/teachers": 1,
        f"teachers/{tess['sourcedId']}/classes": 1, f"users/{tess['sourcedId']}/classes": 1,
        f"terms/{term['sourcedId']}/classes": 1, f"terms/{term['sourcedId']}/gradingPeriods": 0,
        f"courses/{room['course']['sourcedId']}/classes": 1,
    }.items():  # fmt: skip
        assert len(reader.rows(path)) == n, path
    for path in (
        "users/x", f"users/{uuid4()}", "nothing", f"users/{tess['sourcedId']}/x", "users/x/classes",
        f"students/{tess['sourcedId']}", f"schools/{district['sourcedId']}/classes", "a/b/c/d",
    ):  # fmt: skip
        minor = reader.get(path, 404).json()["imsx_CodeMinor"]["imsx_codeMinorField"][0]
        assert minor["imsx_codeMinorFieldValue"] == "unknownobject", path
    assert reader.http.get(
        f"{BASE}/discovery/onerosterv1p2rostersservice_openapi3_v1p0.json"
    ).json()
    assert reader.http.get("/ims/oneroster/sync").status_code == 401
    bearer = {"Authorization": f"Bearer {reader.token}"}
    (told,) = reader.http.post("/ims/oneroster/sync", headers=bearer).json()["sites"]
    assert (told["name"], told["leftOut"], told["peopleReady"]) == ("Maple", [], 4)
    assert PlatformSetup.objects.get(site=world.maple).asked_at is not None


def test_pages_filters_and_what_is_new(world: World, school: School) -> None:
    reader = platform(world)
    whole = reader.rows("users")
    pages: list[Any] = []
    ways: tuple[dict[str, Any], ...] = (
        {}, {"sort": "familyName"}, {"sort": "dateLastModified", "orderBy": "desc"},
    )  # fmt: skip
    for words in ways:
        pages = [reader.get("users", limit=2, offset=n, **words) for n in (0, 2, 4)]
        found = [row["sourcedId"] for one in pages for row in one.json()["users"]]
        assert sorted(found) == sorted(row["sourcedId"] for row in whole)
        assert [one.headers["X-Total-Count"] for one in pages] == ["5"] * 3
    assert 'rel="next"' in pages[0].headers["Link"]
    assert "offset=4" in pages[0].headers["Link"]
    assert 'rel="next"' not in pages[2].headers["Link"]
    names = [row["familyName"] for row in reader.rows("users", sort="familyName", orderBy="desc")]
    assert names == sorted(names, reverse=True)

    def named(text: str) -> list[str]:
        return sorted(row["familyName"] for row in reader.rows("users", filter=text))

    assert named("familyName='Teacher'") == ["Teacher"]
    assert named("familyName~'student'") == ["Student0", "Student1", "Student2"]
    assert named("familyName='Teacher' OR familyName='Student1'") == ["Student1", "Teacher"]
    assert named("familyName>'Student0' AND familyName<='Student2'") == ["Student1", "Student2"]
    assert named("status='tobedeleted'") == []
    assert len(named("status!='tobedeleted'")) == 5
    assert named(f"sourcedId='{whole[0]['sourcedId']}'") == [whole[0]["familyName"]]
    assert named("sourcedId='x'") == []
    assert named("familyName='\\'; DROP TABLE x; --'") == []
    last = max(row["dateLastModified"] for row in whole)
    school.students[1].account.last_name = "Newer"
    school.students[1].account.save()
    deliver(world)
    assert named(f"dateLastModified>'{last}'") == ["Newer"]
    assert reader.rows("users", fields="sourcedId,givenName", limit=1)[0].keys() == {
        "sourcedId", "givenName",
    }  # fmt: skip
    for words, minor in (
        ({"filter": "nonsense"}, "invalid_filter_field"),
        ({"filter": "password='x'"}, "invalid_filter_field"),
        ({"filter": "values__email='x'"}, "invalid_filter_field"),
        (
            {"filter": "familyName='a' AND familyName='b' AND familyName='c'"},
            "invalid_filter_field",
        ),
        ({"filter": "familyName='\x00'"}, "invalid_filter_field"),
        ({"filter": "dateLastModified>'soon'"}, "invalid_filter_field"),
        ({"filter": "dateLastModified>'2026-13-45'"}, "invalid_filter_field"),
        ({"fields": "password"}, "invalid_selection_field"),
        ({"fields": ""}, "invalid_selection_field"),
        ({"limit": "-1"}, "invaliddata"),
        ({"limit": "x"}, "invaliddata"),
        ({"offset": "²"}, "invaliddata"),
        ({"orderBy": "up"}, "invaliddata"),
    ):
        said = reader.get("users", 400, **words).json()
        field = said["imsx_CodeMinor"]["imsx_codeMinorField"][0]
        assert field["imsx_codeMinorFieldValue"] == minor, words
    # What is unknown to sort by sorts by nothing; what is too much is cut to what is allowed.
    odd: tuple[dict[str, Any], ...] = (
        {"sort": "password"}, {"limit": "99999999999999"}, {"limit": "0"},
        {"offset": "99999999999999"}, {"sort": "id); DROP TABLE x"},
    )  # fmt: skip
    for words in odd:
        reader.get("users", **words)
    assert reader.rows("orgs", filter="type='school'")[0]["name"] == "Maple"
    assert reader.rows("enrollments", filter="role='teacher'")[0]["primary"] == "true"
    room = reader.rows("classes")[0]["sourcedId"]
    assert len(reader.rows("enrollments", filter=f"class.sourcedId='{room}'")) == 4


@pytest.mark.any_engine
def test_no_scope_shows_more_than_it_needs(world: World, school: School) -> None:
    core = platform(world, "roster-core.readonly")
    people = {row["familyName"]: row for row in core.rows("users")}
    student, tess = people["Student0"], people["Teacher"]
    assert "email" not in student
    assert tess["email"]
    for row in people.values():
        assert not {"identifier", "birthDate", "sex", "password"} & row.keys()
        assert row["userIds"] == []
    core.get("users", 400, filter="email='s0@example.org'")
    core.get(f"users/{tess['sourcedId']}/classes", 403)
    core.get("demographics", 403)
    wide = {row["familyName"]: row for row in platform(world).rows("users")}
    assert wide["Student0"]["email"] == "s0@example.org"
    assert wide["Student0"]["identifier"]
    ages = platform(world, "roster-demographics.readonly")
    ages.get("users", 403)
    assert {UUID(row["sourcedId"]) for row in ages.rows("demographics")} == set(
        SentUser.objects.values_list("sourced_id", flat=True)
    )


def test_a_client_sees_its_own_sites_alone(world: World, school: School) -> None:
    reader = platform(world)
    alder = WantedTarget("Alder’s", "oneroster-rest", [world.alder])
    other = Platform(*create_target(world.operator, alder))
    with open_organization(world.rainier):
        theirs = WantedTarget("Theirs", "oneroster-rest", [world.fir])
        strange = Platform(*create_target(operator(world.rainier), theirs))
    one = reader.rows("users")[0]["sourcedId"]
    for stranger in (other, strange):
        assert stranger.rows("users") == stranger.rows("classes") == []
        assert stranger.rows("enrollments") == []
        stranger.get(f"users/{one}", 404)
        stranger.get(f"classes/{reader.rows('classes')[0]['sourcedId']}", 404)
        stranger.get(f"schools/{reader.rows('schools')[0]['sourcedId']}/students", 404)
    assert [row["name"] for row in other.rows("schools")] == ["Alder"]
    assert [row["name"] for row in strange.rows("orgs")] == ["Rainier", "Fir"]


def test_a_page_asks_the_same_of_the_database_wherever_it_is(world: World, school: School) -> None:
    now = timezone.now()
    sent = SentUser.objects.bulk_create(
        SentUser(
            organization=world.cascadia, patron_id=10_000 + n, modified_at=now,
            values={"username": f"u{n}", "givenName": "A", "familyName": "B"},
        )
        for n in range(60)
    )  # fmt: skip
    SentRole.objects.bulk_create(
        SentRole(organization=world.cascadia, sent_user=one, site=world.maple, role="student")
        for one in sent
    )
    reader = platform(world)
    reader.get("users", limit=10)
    asked = []
    for offset in (10, 20, 30, 40, 50):
        with CaptureQueriesContext(connection) as queries:
            reader.get("users", limit=10, offset=offset)
        asked.append(len(queries))
        assert not any("OFFSET 1" in q["sql"] or "OFFSET 5" in q["sql"] for q in queries)
    assert len(set(asked)) == 1
    assert asked[0] <= 12
