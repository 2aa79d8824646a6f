"""The OneRoster provider: all users page by page, and what is new, against SQL and JSON by hand.

What is delivered is written inside a transaction that is taken back, so that the others measure
the data as they were built.
"""

from __future__ import annotations

import json
import statistics
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.test import Client, override_settings
from django.utils import timezone

from benchmarks import dataset
from benchmarks.report import Measure, measure
from openpatron.access.actor import operator
from openpatron.organizations.models import Site
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.rostering.actions.create_target import WantedTarget, create_target
from openpatron.rostering.models import (
    PlatformSetup,
    SentClass,
    SentEnrollment,
    SentRole,
    SentUser,
)
from openpatron.rostering.payload import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openpatron.organizations.models import Organization

BASE, TOKEN = "/ims/oneroster/rostering/v1p2", "/ims/oneroster/token"
PAGE = 1_000
FLAT, RATIO, NEW = 1.3, 3.0, 1.0
_CHANGED = 100
_SOME = 5
# So often is each page asked for; the quickest counts, because others use the machine as well.
ROUNDS = 3
# What is pulled page by page, beside all users as they come: its name, path and words.
_PULLS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("users by family name", "users", {"sort": "familyName"}),
    ("users, latest first", "users", {"sort": "dateLastModified", "orderBy": "desc"}),
    ("active users", "users", {"filter": "status='active'"}),
    ("students", "students", {}),
    ("students of a school", "schools/{school}/students", {}),
    ("enrollments", "enrollments", {}),
    ("enrollments of a school, students’", "schools/{school}/enrollments",
     {"filter": "role='student'"}),
    ("demographics", "demographics", {}),
)  # fmt: skip
_BY_HAND = """
SELECT u.id, u.sourced_id, u.modified_at, u."values", r.role, s.sourced_id
FROM rostering_sentuser u
JOIN rostering_sentrole r ON r.sent_user_id = u.id AND r.site_id = %s
JOIN rostering_platformsetup s ON s.site_id = r.site_id
WHERE u.organization_id = %s AND u.id > %s ORDER BY u.id LIMIT %s
"""


@override_settings(ALLOWED_HOSTS=["*"], SECURE_SSL_REDIRECT=False)
def provider(n: int) -> list[Measure]:
    """Measure a full pull of ``n`` users, and "changed since" for a hundred of them."""
    with open_organization(find_organization(dataset.SLUG)) as organization, transaction.atomic():
        found = _measured(organization, n)
        transaction.set_rollback(True)
    return found


def _measured(organization: Organization, n: int) -> list[Measure]:
    actor = operator(organization)
    site = Site.objects.order_by("pk")[0]
    since = _deliver(organization, site, n)
    scopes = ("roster-core.readonly", "roster.readonly", "roster-demographics.readonly")
    wanted = WantedTarget("Bench", "oneroster-rest", [site], scopes=scopes)
    target, secret = create_target(actor, wanted)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client()
    words = {"grant_type": "client_credentials", "client_id": target.client_id}
    token = client.post(TOKEN, words | {"client_secret": secret}).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    def page(path: str = "users", **asked: Any) -> tuple[float, int]:
        begun = time.perf_counter()
        answer = client.get(f"{BASE}/{path}", asked, headers=bearer)
        rows = len(next(iter(json.loads(answer.content).values())))
        return time.perf_counter() - begun, rows

    def pull(places: Sequence[int], path: str = "users", **asked: Any) -> list[float]:
        """Read these pages in turn, several times; return the quickest of each."""
        best = [float("inf")] * len(places)
        for _turn in range(ROUNDS):
            pages = [page(path, limit=PAGE, offset=k * PAGE, **asked) for k in places]
            assert all(rows == PAGE for _seconds, rows in pages), path
            best = [min(was, now) for was, (now, _rows) in zip(best, pages, strict=True)]
        return best

    for _turn in range(2):
        page(limit=PAGE)
    pages = n // PAGE
    ours = pull(range(pages))
    by_hand = [
        min(_by_hand(site, organization, PAGE * k) for _turn in range(ROUNDS)) for k in range(pages)
    ]
    usual = statistics.median(ours)
    new, rows = min(
        page(limit=PAGE, filter=f"dateLastModified>'{moment(since)}'") for _turn in range(_SOME)
    )
    assert rows == _CHANGED, rows
    # Nobody has read up to there: a platform that begins anew in the middle.
    jump = min(
        page(limit=PAGE, offset=n - PAGE - turn, filter="familyName!='x'")[0]
        for turn in range(1, 1 + ROUNDS)
    )
    found = [
        _told("provider, a page of 1,000", n, usual * 1e3, "ms"),
        _told("provider, last pages against the first", n, _flat(ours), "×", FLAT),
        _told("provider, slowest page against the usual", n, max(ours) / usual, "×"),
        _told(
            "provider, a page against SQL and JSON by hand", n,
            usual / statistics.median(by_hand), "× by hand", RATIO,
        ),
        _told("provider, 100 changed, against a page", n, new / usual, "× page", NEW),
        _told("provider, a page far on that nobody led to", n, jump / usual, "× page"),
    ]  # fmt: skip
    # Of the others the first pages and the last.
    some = [*range(_SOME), *range(pages - _SOME - 1, pages)]
    for name, path, words in _PULLS:
        whole = pull(some, path.format(school=_school(site)), **words)
        found.append(_told(f"provider, {name}, last against first", n, _flat(whole), "×", FLAT))
    return found


def _flat(pages: list[float]) -> float:
    some = min(_SOME, len(pages))
    return statistics.median(pages[-some:]) / statistics.median(pages[:some])


def _school(site: Site) -> str:
    return str(PlatformSetup.objects.get(site=site).sourced_id)


def _told(name: str, n: int, value: float, unit: str, bar: float | None = None) -> Measure:
    return measure(name, connection.vendor, n, value, unit, bar)


def _deliver(organization: Organization, site: Site, n: int) -> Any:
    """Write n delivered users; return the time since when a hundred of them are new."""
    now = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    later = now + timedelta(minutes=1)
    rooms = SentClass.objects.bulk_create(
        SentClass(
            organization=organization, site=site, homeroom_id=10**9 + k, title=f"R{k}",
            modified_at=now,
        )
        for k in range(n // 25 + 1)
    )  # fmt: skip
    for begin in range(0, n, 10_000):
        users = SentUser.objects.bulk_create(
            SentUser(
                organization=organization,
                patron_id=10**9 + k,
                modified_at=later if k % (n // _CHANGED) == 0 else now,
                values={
                    "username": f"user{k}", "givenName": "Ada", "familyName": f"Lovelace{k}",
                    "email": f"user{k}@example.org", "identifier": str(k), "grades": "5",
                    "districtId": f"D{k}",
                },
            )
            for k in range(begin, min(n, begin + 10_000))
        )  # fmt: skip
        SentRole.objects.bulk_create(
            SentRole(organization=organization, sent_user=one, site=site, role="student")
            for one in users
        )
        SentEnrollment.objects.bulk_create(
            SentEnrollment(
                organization=organization, site=site, sent_user=one, role="student",
                sent_class=rooms[(one.patron_id - 10**9) // 25], modified_at=now,
            )
            for one in users
        )  # fmt: skip
    return now


def _by_hand(site: Site, organization: Organization, place: int) -> float:
    """Return how long it takes to read and write the same rows without anything around it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MIN(id) FROM rostering_sentuser")
        first = cursor.fetchone()[0]
        begun = time.perf_counter()
        cursor.execute(_BY_HAND, [site.pk, organization.pk, first + place - 1, PAGE])
        users = []
        for _pk, sourced_id, modified, values, role, org in cursor.fetchall():
            told = json.loads(values) if isinstance(values, str) else values
            users.append(
                {
                    "sourcedId": str(sourced_id), "status": "active",
                    "dateLastModified": str(modified), "enabledUser": "true",
                    "username": told["username"], "givenName": told["givenName"],
                    "familyName": told["familyName"], "email": told["email"],
                    "identifier": told["identifier"], "grades": [told["grades"]],
                    "userIds": [{"type": "districtId", "identifier": told["districtId"]}],
                    "roles": [{"roleType": "primary", "role": role, "org": {
                        "href": f"{BASE}/orgs/{org}", "sourcedId": str(org), "type": "org"}}],
                    "primaryOrg": {
                        "href": f"{BASE}/orgs/{org}", "sourcedId": str(org), "type": "org"},
                }
            )  # fmt: skip
        json.loads(json.dumps({"users": users}))
        return time.perf_counter() - begun
