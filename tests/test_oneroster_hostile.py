"""Who should not see something does not, whatever is asked, and by which way."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from openpatron.access.actor import operator
from openpatron.oneroster import tables
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Patron
from openpatron.rostering.actions.create_target import WantedTarget, create_target, delete_target
from openpatron.rostering.identity import identity_of
from openpatron.rostering.models import (
    Bookmark,
    PlatformSetup,
    SentClass,
    SentEnrollment,
    SentRole,
    SentUser,
)

from .rosters import School, school_of
from .test_oneroster import BASE, TOKEN, Platform, deliver, platform
from .world import World

pytestmark = pytest.mark.postgres

_BELOW = {
    "schools": ("classes", "courses", "enrollments", "students", "teachers", "terms"),
    "classes": ("students", "teachers"),
    "courses": ("classes",),
    "students": ("classes",),
    "teachers": ("classes",),
    "users": ("classes",),
}
_DEMOGRAPHICS = ("roster-core.readonly", "roster.readonly", "roster-demographics.readonly")


@pytest.fixture
def school(world: World) -> School:
    made = school_of(world)
    # The teacher is known at two sites.
    Association.objects.create(
        organization=world.cascadia, patron=made.teacher, site=world.alder,
        patron_type=world.types["Student"], access_level=world.levels["Patron"],
    )  # fmt: skip
    deliver(world)
    sent = SentUser.objects.get(patron_id=made.teacher.pk)
    SentRole.objects.create(
        organization=world.cascadia, sent_user=sent, site=world.alder, role="student"
    )
    return made


@pytest.mark.any_engine
def test_nothing_of_others_by_any_way(  # noqa: C901  one world, every way
    world: World, school: School
) -> None:
    reader = platform(world, *_DEMOGRAPHICS)
    alder = WantedTarget("Cedar’s", "oneroster-rest", [world.cedar], scopes=_DEMOGRAPHICS)
    other = Platform(*create_target(world.operator, alder))
    with open_organization(world.rainier):
        theirs = WantedTarget("Theirs", "oneroster-rest", [world.fir], scopes=_DEMOGRAPHICS)
        strange = Platform(*create_target(operator(world.rainier), theirs))
    ids = {
        name: [row["sourcedId"] for row in reader.rows(name)]
        for name in (
            "schools", "courses", "classes", "users", "students", "teachers", "enrollments",
            "demographics",
        )
    }  # fmt: skip
    assert all(ids.values())

    def unknown(path: str, number: str) -> None:
        """The answer is that for an identifier that nobody has."""
        random = str(uuid4())
        for stranger in (other, strange):
            ours = stranger.get(path.format(number), 404).content
            assert ours == stranger.get(path.format(random), 404).content.replace(
                random.encode(), number.encode()
            )

    for name, numbers in ids.items():
        unknown(f"{name}/{{}}", numbers[0])
        for below in _BELOW.get(name, ()):
            assert isinstance(reader.rows(f"{name}/{numbers[0]}/{below}"), list)
            unknown(f"{name}/{{}}/{below}", numbers[0])
    (school_id,), (class_id,) = ids["schools"], ids["classes"]
    for below in ("enrollments", "students", "teachers"):
        unknown(f"schools/{school_id}/classes/{{}}/{below}", class_id)
        for stranger in (other, strange):
            own = stranger.rows("schools")[0]["sourcedId"]
            stranger.get(f"schools/{own}/classes/{class_id}/{below}", 404)
    for stranger in (other, strange):
        for name in ("users", "students", "teachers", "classes", "enrollments", "demographics"):
            assert stranger.rows(name) == []
            answer = stranger.get(name, sort="dateLastModified", filter="status!='x'")
            assert answer.headers["X-Total-Count"] == "0"
        for words in (f"class.sourcedId='{class_id}'", f"user.sourcedId='{ids['users'][0]}'"):
            assert stranger.rows("enrollments", filter=words) == []
        assert stranger.rows("users", filter=f"sourcedId='{ids['users'][0]}'") == []
    # Of who is known at two sites each sees its own part.
    tess = SentUser.objects.get(patron_id=school.teacher.pk)
    both = Platform(
        *create_target(
            world.operator,
            WantedTarget("Both", "oneroster-rest", [world.maple, world.alder]),
        )
    )
    wanted = {(both, 2), (reader, 1)}
    for client, n in wanted:
        row = client.get(f"users/{tess.sourced_id}").json()["user"]
        assert len(row["roles"]) == n
    alder_only = Platform(
        *create_target(
            world.operator,
            WantedTarget(
                "Alder’s", "oneroster-rest", [world.alder], scopes=["roster-core.readonly"]
            ),
        )
    )
    (seen,) = alder_only.rows("users")
    # There a student is no teacher, and has no address.
    assert [role["role"] for role in seen["roles"]] == ["student"]
    assert "email" not in seen
    assert alder_only.rows("teachers") == alder_only.rows("classes") == []


def test_words_that_are_meant_to_break_something(
    world: World, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = platform(world, *_DEMOGRAPHICS)
    nasty = ("%_\\\\", "’ OR 1=1 --", "9" * 900, "\\'", "NaN", "", "-1")
    for path in ("users", "enrollments", "orgs"):
        whole = {row["sourcedId"] for row in reader.rows(path)}
        fields = reader.get(path, 400, filter="x='y'").json()["imsx_description"]
        known = fields.partition("There are: ")[2].strip(".").split(", ")
        for n, field in enumerate(filter(None, known)):
            words: dict[str, Any] = {"sort": field, "orderBy": ("asc", "desc")[n % 2], "limit": 3}
            pages = [reader.rows(path, offset=n, **words) for n in range(0, len(whole), 3)]
            found = [row["sourcedId"] for page in pages for row in page]
            assert (len(found), set(found)) == (len(whole), whole), (path, words)
            for place, sign in enumerate(("=", "!=", ">", ">=", "<", "<=", "~")):
                value = nasty[(n + place) % len(nasty)]
                said = reader.http.get(
                    f"{BASE}/{path}", {"filter": f"{field}{sign}'{value}'"},
                    headers={"Authorization": f"Bearer {reader.token}"},
                )  # fmt: skip
                assert said.status_code in {200, 400}, (path, field, sign, value)
    assert len(reader.rows("users", filter="status~'act'")) == 5
    assert reader.rows("users", filter="status='true'") == []
    assert len(reader.rows("users", filter="enabledUser='true' AND status='active'")) == 5
    assert reader.rows("users", filter="familyName~'%'") == []
    school_id = reader.rows("schools")[0]["sourcedId"]
    stamp = PlatformSetup.objects.get(site=world.maple).modified_at
    late = (stamp + timedelta(hours=2)).astimezone(timezone.get_fixed_timezone(600)).isoformat()
    assert reader.rows("schools", filter=f"dateLastModified>'{late}'") == []
    early = (stamp - timedelta(hours=2)).astimezone(timezone.get_fixed_timezone(-600)).isoformat()
    assert len(reader.rows("schools", filter=f"dateLastModified>'{early}'")) == 1
    for path in (
        "users/%00", "users/..%2f..", "users/a%0Ab", "users%0A",
        f"schools/{school_id}/classes/x/students", "Users",
    ):  # fmt: skip
        assert reader.get(path, 404).json()["imsx_codeMajor"] == "failure", path
    for way in (reader.http.post, reader.http.put, reader.http.delete):
        refused = way(f"{BASE}/users", headers={"Authorization": f"Bearer {reader.token}"})
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
        assert refused.json()["imsx_severity"] == "error"
    # Whoever asks for ever other things is remembered for the last of them only.
    monkeypatch.setattr(tables, "_BOOKMARKS", 3)
    for n in range(6):
        reader.rows("users", filter=f"familyName!='{n}'", limit=1)
    assert Bookmark.objects.filter(target=reader.target).count() == 3
    # From the middle, by somebody who remembers less than we do, or more.
    whole_list = [row["sourcedId"] for row in reader.rows("users")]
    for offset, limit in ((3, 2), (1, 1), (4, 9), (2, 2)):
        rows = reader.rows("users", limit=limit, offset=offset)
        assert [row["sourcedId"] for row in rows] == whole_list[offset : offset + limit]

    for body in ({"client_secret": "\ud800"}, {"client_id": "\ud800"}, {"scope": "\ud800"}):
        words = {"grant_type": "client_credentials", "client_id": reader.target.client_id}
        answer = reader.http.post(TOKEN, json.dumps(words | body), content_type="application/json")
        assert answer.status_code == 401, body
    # A token holds an hour, and as long as there is a target.
    real = time.time
    with monkeypatch.context() as later:
        later.setattr("django.core.signing.time.time", lambda: real() + 3601)
        assert "expired" in reader.get("users", 401).json()["imsx_description"]
    reader.get("users")
    delete_target(world.operator, reader.target.pk)
    reader.get("users", 401)
    assert (
        reader.ask(client_id=reader.target.client_id, client_secret=reader.secret).status_code
        == 401
    )


@pytest.mark.any_engine
def test_what_is_withdrawn_or_not_needed_stays_here(world: World, school: School) -> None:
    gone = school.students[0]
    gone.account.birth_date, gone.account.gender = timezone.localdate(), "F"
    gone.account.save()
    deliver(world)
    reader = platform(world, *_DEMOGRAPHICS)
    sent = SentUser.objects.get(patron_id=gone.pk)
    assert "birthDate" in reader.get(f"demographics/{sent.sourced_id}").json()["demographics"]
    core, _secret = create_target(
        world.operator,
        WantedTarget("Core", "oneroster-rest", [world.maple], scopes=["roster-core.readonly"]),
    )
    wide = identity_of(reader.target.client_id, gone.account)
    narrow = identity_of(core.client_id, gone.account)
    assert wide is not None
    assert narrow is not None
    assert (wide.sourced_id, wide.values["email"]) == (narrow.sourced_id, gone.account.email)
    assert not {"email", "birthDate", "sex", "identifier"} & narrow.values.keys()

    Patron.objects.filter(pk=gone.pk).update(status="inactive")
    deliver(world)
    row: dict[str, Any] = reader.get(f"users/{sent.sourced_id}").json()["user"]
    assert (row["status"], row["enabledUser"]) == ("tobedeleted", "false")
    said = json.dumps(row)
    for value in (gone.account.username, gone.account.last_name, gone.account.email, "districtId"):
        assert value not in said
    told = reader.get(f"demographics/{sent.sourced_id}").json()["demographics"]
    assert not {"birthDate", "sex"} & told.keys()
    assert identity_of(core.client_id, gone.account) is None
    assert SentEnrollment.objects.filter(sent_user=sent, status="active").count() == 0
    assert SentClass.objects.get().status == "active"
