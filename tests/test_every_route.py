"""Every address, as every role, in the own and in a strange organization.

An address that is missing from ``ROUTES`` fails the test, and so does a view without a gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from openpatron.access.registry import permissions
from openpatron.accounts.models import Account
from openpatron.ledger.models import Change, Job
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import (
    Association,
    Barcode,
    Block,
    Patron,
    PossibleDuplicate,
    StaffRole,
)
from openpatron.web import gate

from .world import World

ANONYMOUS, STRANGER, PATRON, LIBRARIAN, MANAGER = ROLES = (
    "anonymous",
    "stranger",
    "patron",
    "librarian",
    "manager",
)
EVERYBODY = frozenset(ROLES)
SIGNED_IN = EVERYBODY - {ANONYMOUS}
MEMBERS = SIGNED_IN - {STRANGER}
STAFF = frozenset({LIBRARIAN, MANAGER})
ONLY_MANAGER = frozenset({MANAGER})


@dataclass(frozen=True)
class Route:
    """Who may come here, and the words of the address beside the organization."""

    allowed: frozenset[str]
    words: dict[str, str] = field(default_factory=dict)


ROUTES = {
    "start": Route(SIGNED_IN),
    "change_password": Route(SIGNED_IN),
    "erasure": Route(SIGNED_IN),
    "account_login": Route(EVERYBODY),
    "account_logout": Route(EVERYBODY),
    "account_inactive": Route(EVERYBODY),
    "home": Route(MEMBERS),
    "my_library": Route(MEMBERS),
    "patrons": Route(STAFF),
    "export_patrons": Route(STAFF),
    "register_patron": Route(STAFF),
    "erasure_wishes": Route(STAFF),
    "patron": Route(STAFF, {"number": "patron"}),
    "edit_patron": Route(STAFF, {"number": "patron"}),
    "block_patron": Route(STAFF, {"number": "patron"}),
    "lift_block": Route(STAFF, {"number": "patron", "block": "block"}),
    "give_staff_role": Route(STAFF, {"number": "patron"}),
    "end_staff_role": Route(STAFF, {"number": "patron", "role": "role"}),
    "set_password": Route(STAFF, {"number": "patron"}),
    "remove_patron": Route(STAFF, {"number": "patron"}),
    "sites": Route(STAFF),
    "site": Route(STAFF, {"short_name": "site"}),
    "update_patrons": Route(ONLY_MANAGER),
    "add_associations": Route(ONLY_MANAGER),
    "change_field": Route(ONLY_MANAGER),
    "promote": Route(ONLY_MANAGER),
    "expire_patrons": Route(ONLY_MANAGER),
    "remove_patrons": Route(ONLY_MANAGER),
    "possible_duplicates": Route(ONLY_MANAGER),
    "two_people": Route(ONLY_MANAGER, {"pair": "pair"}),
    "merge_patrons": Route(ONLY_MANAGER, {"kept": "patron", "other": "other"}),
    "jobs": Route(ONLY_MANAGER),
    **{
        name: Route(ONLY_MANAGER, {"number": "job"})
        for name in (
            "job", "job_csv", "job_json", "print_job", "plan_again",
            "confirm_job", "cancel_job", "undo_job", "resume_job",
        )
    },
}  # fmt: skip


def all_routes() -> Iterator[tuple[str, URLPattern]]:
    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str, URLPattern]]:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns)
            else:
                assert pattern.name, pattern
                yield pattern.name, pattern

    return walk(get_resolver().url_patterns)


@dataclass
class Stage:
    """The people of the roles, and the things that addresses name, here and next door."""

    world: World
    accounts: dict[str, Account]
    here: dict[str, Any]
    elsewhere: dict[str, Any]

    def client(self, role: str) -> Client:
        client = Client()
        if role in self.accounts:
            client.force_login(self.accounts[role])
        return client

    def address(self, name: str, things: dict[str, Any], organization: str = "cascadia") -> str:
        words = {word: things[thing] for word, thing in ROUTES[name].words.items()}
        if "organization" in dict(all_routes())[name].pattern.converters or name in INSIDE:
            words["organization"] = organization
        return reverse(name, kwargs=words)


INSIDE = set(ROUTES) - {
    "start", "change_password", "erasure", "account_login", "account_logout", "account_inactive",
}  # fmt: skip


@pytest.fixture
def stage(world: World) -> Stage:
    patron = world.patron(barcode="4711")
    job = world.plan()
    accounts = {
        STRANGER: world.neighbour("rolf"),
        PATRON: patron.account,
        LIBRARIAN: world.staff("Library administrator", world.maple, "leo"),
        MANAGER: world.staff("District patrons manager", None, "dora"),
    }
    with open_organization(world.rainier):
        stranger = Patron.objects.get(account=accounts[STRANGER])
        strange_job = Job.objects.create(
            organization=world.rainier, kind="add_associations", way="web", params=job.params
        )
        strange_role = StaffRole.objects.get(patron=stranger)
        strange_block = Block.objects.create(
            organization=world.rainier, patron=stranger, reason="theirs"
        )
        strange_other = world.patron(world.fir)
        strange_pair = PossibleDuplicate.objects.create(
            organization=world.rainier, one=stranger, other=strange_other, likeness=1
        )
    block = Block.objects.create(organization=world.cascadia, patron=patron, reason="ours")
    other = world.patron()
    pair = PossibleDuplicate.objects.create(
        organization=world.cascadia, one=patron, other=other, likeness=1
    )
    here = {
        "other": other.pk,
        "pair": pair.pk,
        "patron": patron.pk,
        "job": job.pk,
        "site": "maple",
        "block": block.pk,
    }
    here["role"] = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=world.levels["Patron"]
    ).pk
    elsewhere = {
        "other": strange_other.pk,
        "pair": strange_pair.pk,
        "patron": stranger.pk,
        "job": strange_job.pk,
        "site": "fir",
    }
    return Stage(
        world, accounts, here, elsewhere | {"block": strange_block.pk, "role": strange_role.pk}
    )


def test_no_route_is_missing_here() -> None:
    assert {name for name, _ in all_routes()} == set(ROUTES)


def test_every_view_has_a_gate() -> None:
    gates = {gate.PUBLIC, gate.SIGNED_IN, gate.MEMBER} | {p.name for p in permissions()}
    for name, pattern in all_routes():
        assert getattr(pattern.callback, "gate", None) in gates, name
        if name in INSIDE:
            assert pattern.callback.gate not in {gate.PUBLIC, gate.SIGNED_IN}, name  # type: ignore[attr-defined]


def is_refused(role: str, status: int, location: str) -> bool:
    """A stranger gets no sign that there is anything; who is not signed in is asked to."""
    if role == ANONYMOUS:
        return status == 302 and location.startswith("/sign-in/")
    return status == 404 if role == STRANGER else status in {403, 404}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", ROUTES)
def test_who_may_come_in(stage: Stage, name: str, role: str) -> None:
    before = [m.objects.count() for m in (Job, Change, Association, Barcode)]
    client = stage.client(role)
    address = stage.address(name, stage.here)
    for call in (client.get, client.post):
        answer = call(address)
        location = answer.headers.get("Location", "")
        if role in ROUTES[name].allowed:
            assert answer.status_code in {200, 302, 303, 405, 409, 422}, (call, answer.status_code)
            signing = name in {"account_login", "account_logout"}
            assert signing or role == ANONYMOUS or not location.startswith("/sign-in/")
        else:
            assert is_refused(role, answer.status_code, location), answer.status_code
    if role not in ROUTES[name].allowed:
        assert [m.objects.count() for m in (Job, Change, Association, Barcode)] == before


@pytest.mark.parametrize("role", sorted(MEMBERS))
@pytest.mark.parametrize("name", sorted(INSIDE))
def test_the_neighbours_organization_looks_like_none(stage: Stage, name: str, role: str) -> None:
    client = stage.client(role)
    strange = client.get(stage.address(name, stage.elsewhere, "rainier"))
    missing = client.get(stage.address(name, stage.elsewhere, "atlantis"))
    assert (strange.status_code, missing.status_code) == (404, 404)
    assert what_is_said(strange.content) == what_is_said(missing.content)


def what_is_said(page: bytes) -> bytes:
    """Return a page without the names that were asked for and the tokens of one answer."""
    page = page.replace(b"rainier", b"").replace(b"atlantis", b"")
    return re.sub(rb"[A-Za-z0-9]{64}", b"", page)


@pytest.mark.parametrize("role", sorted(STAFF))
@pytest.mark.parametrize("name", sorted(n for n in INSIDE if ROUTES[n].words))
def test_the_neighbours_things_look_like_none(stage: Stage, name: str, role: str) -> None:
    """A number of Rainier's under Cascadia's address answers as a number that nobody has."""
    client = stage.client(role)
    nothing = {
        "patron": 987_654_321,
        "job": 987_654_321,
        "site": "nowhere",
        "block": 1,
        "role": 1,
        "pair": 987_654_321,
        "other": 987_654_322,
    }
    for call in (client.get, client.post):
        strange = call(stage.address(name, stage.elsewhere))
        missing = call(stage.address(name, nothing))
        assert strange.status_code == missing.status_code
        assert strange.status_code in {403, 404, 405}


def test_a_librarian_sees_only_the_own_sites_patrons(stage: Stage) -> None:
    other = stage.world.patron(stage.world.cedar, "4712")
    client = stage.client(LIBRARIAN)
    for name in ("patron", "edit_patron", "block_patron", "set_password"):
        assert client.get(stage.address(name, {"patron": other.pk})).status_code == 404
