"""Every address, as every role, in the own and in a strange organization.

An address that is missing from ``ROUTES`` fails the test, and so does a view without a gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import DjangoDbBlocker

from openpatron.access.registry import permissions
from openpatron.accounts.models import Account
from openpatron.ledger.models import Change, Job
from openpatron.notifications.models import Kind, Message
from openpatron.notifications.post import About, Text, post
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import (
    Association,
    Barcode,
    Block,
    Note,
    Patron,
    PossibleDuplicate,
    RegistrationTemplate,
    SavedList,
    StaffRole,
)
from openpatron.web import errors, gate

from .routes import PARTS
from .routes.base import (
    ANONYMOUS,
    EVERYBODY,
    LIBRARIAN,
    MANAGER,
    MEMBERS,
    ONLY_MANAGER,
    PATRON,
    ROLES,
    SIGNED_IN,
    STAFF,
    STRANGER,
    Route,
)
from .world import World, build_world

ROUTES = {
    "start": Route(SIGNED_IN),
    "change_password": Route(SIGNED_IN),
    "forgotten_password": Route(EVERYBODY),
    "use_password_link": Route(EVERYBODY, {"key": "key"}),
    "my_messages": Route(SIGNED_IN),
    "change_email": Route(SIGNED_IN),
    "confirm_email": Route(EVERYBODY, {"key": "key"}),
    "account_reauthenticate": Route(SIGNED_IN),
    **{
        name: Route(SIGNED_IN)
        for name in (
            "mfa_index", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_activate_totp",
            "mfa_deactivate_totp", "mfa_list_webauthn", "mfa_add_webauthn",
            "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
            "mfa_download_recovery_codes",
        )
    },
    "mfa_edit_webauthn": Route(SIGNED_IN, {"pk": "passkey"}),
    "mfa_remove_webauthn": Route(SIGNED_IN, {"pk": "passkey"}),
    "mfa_authenticate": Route(EVERYBODY),
    "mfa_login_webauthn": Route(EVERYBODY),
    "erasure": Route(SIGNED_IN),
    "account_login": Route(EVERYBODY),
    "account_logout": Route(EVERYBODY),
    "account_inactive": Route(EVERYBODY),
    "my_libraries": Route(SIGNED_IN),
    "edit_own_data": Route(SIGNED_IN),
    "what_is_known": Route(SIGNED_IN),
    "what_is_known_json": Route(SIGNED_IN),
    "what_is_known_pdf": Route(SIGNED_IN),
    "home": Route(MEMBERS),
    "my_library": Route(MEMBERS),
    "edit_own_contact": Route(MEMBERS),
    "patrons": Route(STAFF),
    "export_patrons": Route(STAFF, {"form": "form"}),
    "saved_lists": Route(STAFF),
    "save_list": Route(STAFF),
    # The list is the librarian's own.
    "rename_list": Route(STAFF, {"number": "list"}),
    "delete_list": Route(STAFF, {"number": "list"}),
    "register_patron": Route(STAFF),
    "erasure_wishes": Route(STAFF),
    "patron": Route(STAFF, {"number": "patron"}),
    "edit_patron": Route(STAFF, {"number": "patron"}),
    "edit_personal_data": Route(STAFF, {"number": "patron"}),
    "block_patron": Route(STAFF, {"number": "patron"}),
    "lift_block": Route(STAFF, {"number": "patron", "block": "block"}),
    "note_patron": Route(STAFF, {"number": "patron"}),
    "edit_note": Route(STAFF, {"number": "patron", "note": "note"}),
    "delete_note": Route(STAFF, {"number": "patron", "note": "note"}),
    "card": Route(STAFF, {"number": "patron", "card": "card"}),
    "print_card": Route(STAFF, {"number": "patron", "card": "card"}),
    "replace_card": Route(STAFF, {"number": "patron", "card": "card"}),
    "renew_patron": Route(STAFF, {"number": "patron"}),
    "undo_renewal": Route(STAFF, {"number": "patron"}),
    "give_staff_role": Route(STAFF, {"number": "patron"}),
    "end_staff_role": Route(STAFF, {"number": "patron", "role": "role"}),
    "set_password": Route(STAFF, {"number": "patron"}),
    "set_password_link": Route(STAFF, {"number": "patron"}),
    "reset_second_factor": Route(STAFF, {"number": "patron"}),
    "patron_messages": Route(STAFF, {"number": "patron"}),
    "undelivered_messages": Route(STAFF),
    "resend_message": Route(STAFF, {"message": "message"}),
    "resend_messages": Route(STAFF),
    "remove_patron": Route(STAFF, {"number": "patron"}),
    "sites": Route(STAFF),
    "site": Route(STAFF, {"short_name": "site"}),
    "edit_site": Route(ONLY_MANAGER, {"short_name": "site"}),
    **{
        name: Route(ONLY_MANAGER)
        for name in (
            "administration", "edit_organization", "patron_types", "add_patron_type",
            "access_levels", "add_access_level", "registration_templates",
            "add_registration_template",
        )
    },
    **{
        name: Route(ONLY_MANAGER, {"number": thing})
        for name, thing in (
            ("edit_patron_type", "type"), ("delete_patron_type", "type"),
            ("edit_access_level", "level"), ("delete_access_level", "level"),
            ("edit_registration_template", "template"),
            ("delete_registration_template", "template"),
        )
    },
    "update_patrons": Route(ONLY_MANAGER),
    "add_associations": Route(ONLY_MANAGER),
    "change_field": Route(ONLY_MANAGER),
    "transfer": Route(ONLY_MANAGER),
    "remove_associations": Route(ONLY_MANAGER),
    "block_patrons": Route(ONLY_MANAGER),
    "unblock_patrons": Route(ONLY_MANAGER),
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
    **{name: route for part in PARTS for name, route in part.ROUTES.items()},
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


@cache
def patterns() -> dict[str, URLPattern]:
    return dict(all_routes())


def written() -> tuple[int, ...]:
    """Count, in one statement, what nobody may write who is refused."""
    tables = [m._meta.db_table for m in (Job, Change, Association, Barcode)]
    counts = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in tables)  # noqa: S608  our names
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {counts}")
        found: tuple[int, ...] = cursor.fetchone()
    return found


@dataclass
class Stage:
    """The people of the roles, and the things that addresses name, here and next door."""

    world: World
    accounts: dict[str, Account]
    here: dict[str, Any]
    elsewhere: dict[str, Any]

    # The cookies of those who are signed in.
    sessions: dict[str, str]
    # How many rows there are of what must not grow.
    written: tuple[int, ...] = ()
    # What each role reads of an organization that there is none of.
    missing: dict[str, bytes] = field(default_factory=dict)

    def client(self, role: str) -> Client:
        client = Client()
        if role in self.sessions:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[role]
        return client

    def address(self, name: str, things: dict[str, Any], organization: str = "cascadia") -> str:
        words = {word: things[thing] for word, thing in ROUTES[name].words.items()}
        if name in INSIDE or "organization" in patterns()[name].pattern.converters:
            words["organization"] = organization
        return reverse(name, kwargs=words)


OUTSIDE = {
    "start", "change_password", "erasure", "account_login", "account_logout", "account_inactive",
    "my_libraries", "edit_own_data", "what_is_known", "what_is_known_json", "what_is_known_pdf",
    "forgotten_password", "use_password_link", "my_messages", "change_email", "confirm_email",
    "account_reauthenticate", *(name for name in ROUTES if name.startswith("mfa_")),
    *(name for name, route in ROUTES.items() if route.is_outside),
}  # fmt: skip
INSIDE = set(ROUTES) - OUTSIDE


@contextmanager
def taken_back() -> Iterator[None]:
    """Take back what is written inside, so that the next role finds the same things."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """Build the stage once, in a transaction around those of the tests."""
    with django_db_blocker.unblock(), taken_back():
        world = build_world()
        with open_organization(world.cascadia):
            stage = build_stage(world)
        stage.written = written()
        yield stage


@pytest.fixture
def stage(built: Stage, db: None) -> Iterator[Stage]:
    """Return the stage, with Cascadia opened; what a test does to it is taken back."""
    with open_organization(built.world.cascadia):
        yield built


def build_stage(world: World) -> Stage:
    """Make the people and the things."""
    patron = world.patron(barcode="4711")
    job = world.plan()
    accounts = {
        STRANGER: world.neighbour("rolf"),
        PATRON: patron.account,
        LIBRARIAN: world.staff("Library administrator", world.maple, "leo"),
        MANAGER: world.staff("District patrons manager", None, "dora"),
    }
    for account in accounts.values():
        TOTP.activate(account, "JBSWY3DPEHPK3PXP")
        RecoveryCodes.activate(account)
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
        strange_note = Note.objects.create(
            organization=world.rainier, patron=stranger, text="theirs"
        )
        strange_card = world.card(stranger, world.fir, "4711")
        strange_template = RegistrationTemplate.objects.create(
            organization=world.rainier, name="theirs"
        )
        strange_list = SavedList.objects.create(
            organization=world.rainier, name="Theirs", filters={}
        )
    ours_list = SavedList.objects.create(
        organization=world.cascadia, name="Ours", filters={}, saved_by=accounts[LIBRARIAN].pk
    )
    block = Block.objects.create(organization=world.cascadia, patron=patron, reason="ours")
    for organization, site, told in (
        (world.cascadia, world.maple, patron),
        (world.rainier, None, stranger),
    ):
        post(
            Kind.REGISTERED,
            About(told.account_id, organization, told.pk, site),
            Text("Welcome", "Hello"),
            "",
            language="en",
            problem="no address",
        )
    ours, theirs = Message.objects.order_by("pk").values_list("pk", flat=True)
    here = {"key": "x-y-z", "passkey": 1, "message": ours}
    here |= {"patron": patron.pk, "job": job.pk, "site": "maple", "block": block.pk}
    other = world.patron()
    pair = PossibleDuplicate.objects.create(
        organization=world.cascadia, one=patron, other=other, likeness=1
    )
    here |= {"list": ours_list.pk, "form": "csv", "other": other.pk, "pair": pair.pk}
    here["note"] = Note.objects.create(organization=world.cascadia, patron=patron, text="ours").pk
    here["card"] = patron.barcodes.get().pk
    here |= {"type": world.types["Student"].pk, "level": world.levels["Teacher"].pk}
    here["template"] = RegistrationTemplate.objects.create(
        organization=world.cascadia, name="ours"
    ).pk
    here["role"] = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=world.levels["Patron"]
    ).pk
    elsewhere = {"message": theirs, "patron": stranger.pk, "job": strange_job.pk, "site": "fir"}
    elsewhere |= {
        "list": strange_list.pk,
        "form": "csv",
        "other": strange_other.pk,
        "pair": strange_pair.pk,
        "note": strange_note.pk,
        "card": strange_card.pk,
        "type": world.neighbour_types["Student"].pk,
        "level": world.neighbour_levels["Teacher"].pk,
        "template": strange_template.pk,
    }
    elsewhere |= {"block": strange_block.pk, "role": strange_role.pk}
    for part in PARTS:
        more_here, more_elsewhere = part.things(world, patron, stranger)
        here, elsewhere = here | more_here, elsewhere | more_elsewhere
    sessions = {}
    for role, account in accounts.items():
        client = Client()
        client.force_login(account)
        sessions[role] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return Stage(world, accounts, here, elsewhere, sessions)


DRAWN: dict[tuple[Any, ...], str] = {}


@pytest.fixture
def _refusals_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw each page that refuses once for each person: of thousands only the status is read."""

    def draw(template: str, context: dict[str, Any], request: HttpRequest) -> str:
        key = (template, *context.values(), request.user.pk)
        if key not in DRAWN:
            DRAWN[key] = render_to_string(template, context, request)
        return DRAWN[key]

    monkeypatch.setattr(errors, "render_to_string", draw)


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


@pytest.mark.usefixtures("_refusals_drawn_once")
@pytest.mark.parametrize("name", ROUTES)
def test_who_may_come_in(stage: Stage, name: str) -> None:
    address = stage.address(name, stage.here)
    for role in ROLES:
        with taken_back():
            comes_in(name, role, address, stage.client(role))
            if role not in ROUTES[name].allowed:
                assert written() == stage.written, role


def comes_in(name: str, role: str, address: str, client: Client) -> None:
    """Ask for the page, and send its form, as one role."""
    for call in (client.get, client.post):
        answer = call(address)
        location = answer.headers.get("Location", "")
        told = (role, call.__name__, answer.status_code)
        if ROUTES[name].is_protocol:
            assert answer.status_code in {400, 401, 405}, told
        elif role in ROUTES[name].allowed:
            assert answer.status_code in {200, 302, 303, 405, 409, 422}, told
            signing = name in {
                "account_login", "account_logout", "mfa_authenticate", "mfa_login_webauthn",
            }  # fmt: skip
            assert signing or role == ANONYMOUS or not location.startswith("/sign-in/"), told
        else:
            assert is_refused(role, answer.status_code, location), told


@pytest.mark.postgres
def test_every_page_answers(stage: Stage) -> None:
    """No page is missing on PostgreSQL, where the other tests of this file do not go."""
    if connection.vendor == "sqlite":
        pytest.skip("test_who_may_come_in opens them")
    client = stage.client(MANAGER)
    for name, route in ROUTES.items():
        if MANAGER in route.allowed and not route.is_protocol:
            with taken_back():
                answer = client.get(stage.address(name, stage.here))
            assert answer.status_code in {200, 302, 303, 405, 409, 422}, name


@pytest.mark.parametrize("name", sorted(INSIDE))
def test_the_neighbours_organization_looks_like_none(stage: Stage, name: str) -> None:
    for role in sorted(MEMBERS):
        client = stage.client(role)
        strange = client.get(stage.address(name, stage.elsewhere, "rainier"))
        assert strange.status_code == 404, role
        # What is said of an organization that is missing is the same at all addresses.
        if role not in stage.missing or role == MANAGER:
            missing = client.get(stage.address(name, stage.elsewhere, "atlantis"))
            assert missing.status_code == 404, role
            stage.missing.setdefault(role, what_is_said(missing.content))
            assert what_is_said(missing.content) == stage.missing[role]
        assert what_is_said(strange.content) == stage.missing[role], role


def what_is_said(page: bytes) -> bytes:
    """Return a page without the names that were asked for and the tokens of one answer."""
    page = page.replace(b"rainier", b"").replace(b"atlantis", b"")
    return re.sub(rb"[A-Za-z0-9]{64}", b"", page)


@pytest.mark.usefixtures("_refusals_drawn_once")
@pytest.mark.parametrize("name", sorted(n for n in INSIDE if set(ROUTES[n].words) - {"form"}))
def test_the_neighbours_things_look_like_none(stage: Stage, name: str) -> None:
    """A number of Rainier's under Cascadia's address answers as a number that nobody has."""
    nothing = {
        thing: 987_654_321 if isinstance(number, int) else "nowhere"
        for thing, number in stage.elsewhere.items()
    } | {"form": "csv", "other": 987_654_322}
    # Whom the address refuses anyway never comes to ask for a thing: test_who_may_come_in.
    for role in sorted(STAFF & ROUTES[name].allowed) or [MANAGER]:
        client = stage.client(role)
        for call in (client.get, client.post):
            strange = call(stage.address(name, stage.elsewhere))
            missing = call(stage.address(name, nothing))
            assert strange.status_code == missing.status_code, role
            assert strange.status_code in {403, 404, 405}, role


def test_a_librarian_sees_only_the_own_sites_patrons(stage: Stage) -> None:
    other = stage.world.patron(stage.world.cedar, "4712")
    client = stage.client(LIBRARIAN)
    for name in (
        "patron", "edit_patron", "edit_personal_data", "block_patron", "set_password",
    ):  # fmt: skip
        assert client.get(stage.address(name, {"patron": other.pk})).status_code == 404
