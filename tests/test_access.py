"""Who may do what: the actor, where rights come from, and every action and query as a stranger."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.db.models import ProtectedError
from django.utils import timezone

from openpatron.access.actor import CLI, EVERYWHERE, JOB, WEB, Actor, operator
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.registry import UnknownPermissionError, declare, permission, permissions
from openpatron.accounts.models import Account, Registration
from openpatron.administration import actions as administration_actions
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.ledger import actions as ledger_actions, queries as ledger_queries
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.resume_job import resume_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import Change, Job
from openpatron.notifications import queries as told
from openpatron.notifications.models import Kind, Message, Place
from openpatron.notifications.post import About, Text, post
from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons import actions as patron_actions, likely_patrons, notes, queries
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.edit_patron import (
    EditedAssociation,
    EditedPatron,
    edit_patron,
    may_edit,
)
from openpatron.patrons.actions.edit_personal_data import edit_personal_data
from openpatron.patrons.actions.grant_staff_role import grant_staff_role
from openpatron.patrons.actions.note_patron import Noted, note_patron
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.actions.renew_patron import renew_patron
from openpatron.patrons.actions.replace_card import replace_card
from openpatron.patrons.actions.resend_message import resend_message
from openpatron.patrons.actions.reset_second_factor import reset_second_factor
from openpatron.patrons.actions.set_password import set_password
from openpatron.patrons.actions.set_password_link import set_password_link
from openpatron.patrons.actors import actor_for
from openpatron.patrons.likely_patrons import Sought
from openpatron.patrons.messages import responsible_site
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron, StaffRole
from openpatron.patrons.queries import PatronFilter, patron as patron_of
from openpatron.patrons.staff_roles import no_rights_because, sources_of_rights
from openpatron.patrons.standing import Deed

from .access_of import PARTS
from .world import World

MAPLE, ALDER = Site(pk=1, name="Maple"), Site(pk=2, name="Alder")
WIDE = "patrons.manage_district"


def actor(rights: dict[int | None, set[str]]) -> Actor:
    return Actor(
        Organization(pk=1), None, WEB, {where: frozenset(names) for where, names in rights.items()}
    )


# The actor


def test_a_right_at_a_site_holds_there_and_nowhere_else() -> None:
    someone = actor({1: {"patrons.view"}})
    assert someone.may("patrons.view", MAPLE)
    assert not someone.may("patrons.view", ALDER)
    assert not someone.may("patrons.view")
    assert not someone.may("patrons.edit", MAPLE)
    assert someone.may_anywhere("patrons.view")
    assert not someone.may_anywhere("patrons.edit")
    assert someone.sites_with("patrons.view") == frozenset({1})
    assert someone.sites_with("patrons.edit") == frozenset()
    someone.require("patrons.view", MAPLE)
    someone.require_anywhere("patrons.view")


def test_a_right_in_the_organization_holds_everywhere() -> None:
    someone = actor({EVERYWHERE: {"patrons.view", WIDE}, 1: {"patrons.edit"}})
    assert someone.may("patrons.view")
    assert someone.may("patrons.view", ALDER)
    assert someone.may(WIDE)
    assert someone.sites_with("patrons.view") is None
    assert someone.sites_with(WIDE) is None
    assert someone.sites_with("patrons.edit") == frozenset({1})


def test_an_organization_wide_right_counts_for_nothing_at_a_site() -> None:
    someone = actor({1: {WIDE}})
    assert not someone.may(WIDE)
    assert not someone.may(WIDE, MAPLE)
    assert not someone.may_anywhere(WIDE)
    assert someone.sites_with(WIDE) == frozenset()
    with pytest.raises(NotAllowedError):
        someone.require(WIDE, MAPLE)


@pytest.mark.parametrize("name", [p.name for p in permissions()])
def test_a_refusal_says_which_right_is_missing(name: str) -> None:
    nobody = actor({})
    for ask in (nobody.require, nobody.require_anywhere):
        with pytest.raises(NotAllowedError) as caught:
            ask(name)
        assert caught.value.permission == name
        assert str(permission(name).label) in str(caught.value)
        assert name not in str(caught.value), "the name in code is nobody's word"


def test_an_unknown_permission_raises_whoever_asks() -> None:
    for someone in (actor({}), actor({EVERYWHERE: {"patrons.fly"}}), operator(Organization(pk=1))):
        for ask in (
            someone.may,
            someone.may_anywhere,
            someone.sites_with,
            someone.require,
            someone.require_anywhere,
        ):
            with pytest.raises(UnknownPermissionError):
                ask("patrons.fly")


def test_nobody_grants_a_right_that_the_program_does_not_know() -> None:
    """A level may be older, or newer, than the program."""
    with pytest.raises(NotAllowedError, match=r"patrons\.fly"):
        operator(Organization(pk=1)).require_grant(["patrons.view", "patrons.fly"], MAPLE)


def test_whoever_asked_for_a_job_cannot_be_deleted_from_it(world: World) -> None:
    """A job of nobody is the operator's, who may do everything."""
    world.crowd(1)
    account = world.staff("District patrons manager")
    job = world.plan(world.actor(account))
    Patron.objects.filter(account=account).delete()

    with pytest.raises(ProtectedError):
        account.delete()

    with pytest.raises(NotAllowedError):
        kind_of(job).require(job)


def test_a_permission_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        declare("patrons.view", "again")


def test_permissions_are_named_by_app_and_verb() -> None:
    apps = {
        "access", "accounts", "administration", "circulation", "feeds", "ledger",
        "notifications", "organizations", "patrons", "reading", "rostering",
    }  # fmt: skip
    for known in permissions():
        app, _dot, verb = known.name.partition(".")
        assert app in apps, known.name
        assert verb.isidentifier()
        assert str(known.label)[0].isupper()


def test_nobody_grants_more_than_they_hold() -> None:
    someone = actor({EVERYWHERE: {"patrons.view"}, 1: {"patrons.edit"}})
    someone.require_grant(["patrons.view", "patrons.edit"], MAPLE)
    someone.require_grant([], ALDER)
    assert not someone.may_grant(["patrons.view", "patrons.edit"], ALDER)
    with pytest.raises(NotAllowedError) as caught:
        someone.require_grant(["patrons.view", "patrons.edit"], ALDER)
    assert caught.value.permission == "patrons.edit"
    assert "Alder" in str(caught.value)


def test_the_operator_holds_every_right_and_no_account() -> None:
    someone = operator(Organization(pk=1))
    assert all(someone.may(p.name) for p in permissions())
    assert (someone.account_id, someone.name, someone.way) == (None, "operator", CLI)


# Where rights come from


def rights(world: World, account: Account) -> dict[int | None, frozenset[str]]:
    found = actor_for(account, world.cascadia, WEB).rights
    return {where: names for where, names in found.items() if names}


def level(world: World, *names: str) -> AccessLevel:
    return AccessLevel.objects.create(
        organization=world.cascadia,
        name=f"Level {'+'.join(names)}"[:30],
        permissions=list(names),
        grants=["*"],
    )


def role(world: World, patron: Patron, granted: AccessLevel, *sites: Site, **more: Any) -> None:
    made = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=granted, **more
    )
    made.sites.set(sites)


@pytest.mark.postgres
def test_rights_of_associations_and_roles_add_up(world: World) -> None:
    someone = world.patron(level="Teacher")
    world.tie(someone, world.alder, level="Library administrator")
    role(world, someone, level(world, "patrons.view"), world.maple, world.cedar)
    role(world, someone, level(world, "ledger.view_jobs"), is_organization_wide=True)

    assert rights(world, someone.account) == {
        world.maple.pk: {"organizations.view_home", "patrons.view"},
        world.alder.pk: frozenset(world.levels["Library administrator"].permissions),
        world.cedar.pk: {"patrons.view"},
        EVERYWHERE: {"ledger.view_jobs"},
    }


@pytest.mark.postgres
def test_a_role_without_sites_gives_nothing(world: World) -> None:
    someone = world.patron()
    role(world, someone, level(world, "patrons.view"))
    assert rights(world, someone.account) == {}


@pytest.mark.postgres
def test_at_a_resource_site_the_group_counts_and_not_the_level(world: World) -> None:
    someone = world.patron()
    tie = world.tie(someone, world.depot, level="Library administrator")
    assert "patrons.edit" in rights(world, someone.account)[world.depot.pk]

    Association.objects.filter(pk=tie.pk).update(resource_group=world.groups["Staff lending"])
    assert rights(world, someone.account) == {world.depot.pk: {"patrons.view"}}

    Association.objects.filter(pk=tie.pk).update(resource_group=world.groups["Self checkout"])
    assert rights(world, someone.account) == {}


@pytest.mark.postgres
@pytest.mark.parametrize(("days", "lasts"), [(-1, False), (0, True), (1, True), (None, True)])
def test_a_role_lasts_to_the_end_of_its_last_day(
    days: int | None, lasts: bool, world: World
) -> None:
    someone = world.patron()
    end = None if days is None else timezone.localdate() + timedelta(days=days)
    role(world, someone, level(world, "patrons.view"), is_organization_wide=True, ends_on=end)
    assert bool(rights(world, someone.account)) == lasts


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("zone", "lasts"), [("Pacific/Kiritimati", False), ("UTC", True), ("Pacific/Honolulu", True)]
)
def test_the_day_is_that_of_the_organization(
    zone: str, lasts: bool, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: datetime(2026, 6, 30, 12, tzinfo=UTC))
    someone = world.patron()
    role(
        world, someone, level(world, "patrons.view"), is_organization_wide=True,
        ends_on=date(2026, 6, 30),
    )  # fmt: skip
    world.cascadia.time_zone = zone
    with open_organization(world.cascadia):
        assert bool(rights(world, someone.account)) == lasts


@pytest.mark.postgres
@pytest.mark.parametrize("status", ["inactive", "restricted"])
def test_a_patron_who_is_not_active_has_no_rights(status: str, world: World) -> None:
    someone = world.patron(level="Library administrator", status=status)
    role(world, someone, level(world, "patrons.view"), is_organization_wide=True)
    assert rights(world, someone.account) == {}


@pytest.mark.postgres
def test_a_patron_who_has_expired_has_no_rights_before_any_night(world: World) -> None:
    someone = world.patron(level="Library administrator")
    role(world, someone, level(world, "patrons.view"), is_organization_wide=True)
    today = timezone.localdate()
    for last, expected in ((today, True), (today - timedelta(days=1), False)):
        Patron.objects.filter(pk=someone.pk).update(expires_on=last)
        assert bool(rights(world, someone.account)) is expected
        found = patron_of(world.operator, someone.pk)
        assert bool(sources_of_rights(found, [])) is expected
        assert ("has expired" in no_rights_because(found)) is not expected


@pytest.mark.postgres
def test_an_account_that_is_not_active_has_no_rights(world: World) -> None:
    someone = world.patron(level="Library administrator", is_active=False)
    assert rights(world, someone.account) == {}


@pytest.mark.postgres
def test_names_in_a_level_that_no_code_knows_are_nothing(world: World) -> None:
    someone = world.patron()
    role(
        world, someone, level(world, "patrons.view", "patrons.fly", "", "x"),
        is_organization_wide=True,
    )  # fmt: skip
    assert rights(world, someone.account) == {EVERYWHERE: {"patrons.view"}}


@pytest.mark.postgres
def test_rights_do_not_cross_organizations(world: World) -> None:
    manager = world.stranger()
    assert rights(world, manager) == {}
    # The same person, now a plain patron of Cascadia as well.
    Registration.objects.create(account=manager, organization=world.cascadia)
    Patron.objects.create(organization=world.cascadia, account=manager)
    assert rights(world, manager) == {}
    with open_organization(world.rainier):
        there = actor_for(manager, world.rainier, WEB)
    assert there.may(WIDE)
    assert there.organization == world.rainier


@pytest.mark.postgres
def test_the_actor_says_who_acts_and_how(world: World) -> None:
    account = world.staff("Teacher")
    someone = actor_for(account, world.cascadia, JOB)
    assert (someone.account_id, someone.name) == (account.pk, account.full_name)
    assert (someone.way, someone.organization) == (JOB, world.cascadia)
    # Who reads a log must not read rights there.
    assert "patrons" not in repr(someone)


# Every query, as everybody

Everything = Callable[[Actor, Patron, Job], Any]


def a_level() -> AccessLevel:
    return AccessLevel.objects.filter(name="Teacher").get()


def edited(patron: Patron) -> EditedPatron:
    return EditedPatron("active", "9", 2030, None)


def letter_to(patron: Patron) -> int:
    """Return the number of a letter to a patron that could not be delivered."""
    found = Message.objects.filter(patron_id=patron.pk)
    if not found.exists():
        site = responsible_site(patron)
        post(
            Kind.REGISTERED,
            About(patron.account_id, patron.organization, patron.pk, site),
            Text("Welcome", "Hello"),
            "",
            language="en",
            place=Place.SITE,
            problem="no address",
        )
    return found.order_by("pk")[0].pk


def likely(who: Actor) -> list[Patron]:
    found = likely_patrons.likely_patrons(who, Sought(last_name="Lovelace", barcode="4711"))
    return [one.patron for one in found]


QUERIES: dict[str, Everything] = {
    "patrons.visible": lambda who, _p, _j: queries.visible(who),
    "patrons.patrons": lambda who, _p, _j: queries.patrons(who, PatronFilter()),
    "patrons.number_of_patrons": lambda who, _p, _j: queries.number_of_patrons(who, PatronFilter()),
    "patrons.patron": lambda who, p, _j: queries.patron(who, p.pk),
    "patrons.patron_to_edit": lambda who, p, _j: queries.patron_to_edit(who, p.pk),
    "patrons.holders_of": lambda who, _p, _j: list(queries.holders_of(who, "4711")),
    "patrons.patrons_by_barcode": lambda who, _p, _j: queries.patrons_by_barcode(who, "4711"),
    "patrons.cards_in_sight": lambda who, p, _j: queries.cards_in_sight(who, p),
    "patrons.erasure_wishes": lambda who, _p, _j: queries.erasure_wishes(who),
    "patrons.history": lambda who, p, _j: queries.history(who, p),
    "patrons.grades_and_years": lambda who, _p, _j: queries.grades_and_years(who),
    "patrons.sites_in_sight": lambda who, _p, _j: queries.sites_in_sight(who),
    "patrons.patrons_per_site_and_type": (
        lambda who, _p, _j: queries.patrons_per_site_and_type(who)
    ),
    "patrons.patron_counts": lambda who, _p, _j: queries.patron_counts(who),
    "patrons.site_overviews": lambda who, _p, _j: queries.site_overviews(who),
    "patrons.local_codes": lambda who, _p, _j: queries.local_codes(who),
    "patrons.notes_of": lambda who, p, _j: notes.notes_of(who, p),
    "patrons.own_patron": lambda who, _p, _j: queries.own_patron(who),
    "patrons.patrons_per_site": lambda who, _p, _j: queries.patrons_per_site(who),
    "patrons.likely_patrons": lambda who, _p, _j: likely(who),
    "notifications.messages_in_sight": lambda who, _p, _j: told.messages_in_sight(who),
    "notifications.undelivered_messages": lambda who, _p, _j: told.undelivered_messages(who),
    "notifications.waiting_messages": lambda who, _p, _j: told.waiting_messages(who),
    "ledger.jobs": lambda who, _p, _j: ledger_queries.jobs(who),
    "ledger.job": lambda who, _p, j: ledger_queries.job(who, j.pk),
    "ledger.jobs_at_work": lambda who, _p, _j: ledger_queries.jobs_at_work(who),
    "ledger.jobs_by_state": lambda who, _p, _j: ledger_queries.jobs_by_state(who),
}
ACTIONS: dict[str, Everything] = {
    "patrons.edit_patron": lambda who, p, _j: edit_patron(who, p.pk, edited(p)),
    "patrons.edit_personal_data": (
        lambda who, p, _j: edit_personal_data(who, p.pk, {"first_name": "New"}, {})
    ),
    "patrons.grant_staff_role": (
        lambda who, p, _j: grant_staff_role(who, p.pk, a_level(), list(Site.objects.all()[:1]))
    ),
    "patrons.remove_patron": lambda who, p, _j: remove_patron(who, p.pk),
    "patrons.set_password": lambda who, p, _j: set_password(who, p.pk),
    "patrons.set_password_link": lambda who, p, _j: set_password_link(who, p.pk),
    "patrons.reset_second_factor": lambda who, p, _j: reset_second_factor(who, p.pk),
    "patrons.resend_message": lambda who, p, _j: resend_message(who, letter_to(p)),
    "patrons.note_patron": lambda who, p, _j: note_patron(who, p.pk, Noted("lost")),
    "patrons.replace_card": lambda who, p, _j: replace_card(who, p.pk, p.barcodes.get().pk),
    "patrons.renew_patron": lambda who, p, _j: renew_patron(who, p.pk),
    "patrons.block_patron": lambda who, p, _j: block_patron(who, p.pk, [Deed.RENEW], "lost"),
    "ledger.confirm_job": lambda who, _p, j: confirm_job(who, j),
    "ledger.cancel_job": lambda who, _p, j: cancel_job(who, j),
    "ledger.undo_job": lambda who, _p, j: undo_job(who, j),
    "ledger.resume_job": lambda who, _p, j: resume_job(who, j),
}
# ``ask`` and ``plan_associations`` are asked as everybody in test_add_associations.
# ``register_patron`` and ``look_up_person`` in test_register_patron, ``ask`` and ``plan_…`` of
# the other jobs in the files of their names.
ELSEWHERE = {
    "patrons.add_associations", "patrons.register_patron", "patrons.look_up_person",
    "patrons.update_patrons", "patrons.promote", "patrons.expire_patrons",
    "patrons.edit_own_contact",
    # As everybody in test_administration.
    "administration.edit_access_level", "administration.edit_organization",
    "administration.edit_patron_type", "administration.edit_registration_template",
    "administration.edit_site",
    "patrons.remove_associations", "patrons.transfer", "patrons.block_patrons",
    "patrons.unblock_patrons", "patrons.save_list",
    "patrons.remove_patrons", "patrons.erase_accounts", "patrons.forget_history",
    "patrons.find_duplicates", "patrons.merge_patrons",
}  # fmt: skip


# What a person does with their own account needs no right, so it takes no actor.
OWN = {
    "patrons.change_password", "patrons.use_password_link", "patrons.change_email",
    "patrons.edit_own_data", "patrons.wish_erasure",
}  # fmt: skip


WRITTEN = (
    ("patrons", patron_actions),
    ("ledger", ledger_actions),
    ("administration", administration_actions),
    *(written for part in PARTS for written in part.WRITTEN),
)
for part in PARTS:
    QUERIES |= part.QUERIES
    ACTIONS |= part.ACTIONS
    ELSEWHERE |= part.ELSEWHERE
    OWN |= part.OWN


def with_actor(module: Any, app: str) -> set[str]:
    """Return the names of a module's own public functions whose first argument is the actor."""
    return {
        f"{app}.{name}"
        for name, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and next(iter(inspect.signature(function).parameters), "") == "actor"
    }


def test_no_query_and_no_action_is_left_out() -> None:
    read = (
        (queries, "patrons"), (notes, "patrons"), (likely_patrons, "patrons"),
        (ledger_queries, "ledger"), (told, "notifications"),
        *(read for part in PARTS for read in part.READ),
    )  # fmt: skip
    # It is asked about a patron whom the actor was shown; the page of the same name asks first.
    found = set().union(*(with_actor(module, app) for module, app in read))
    assert found - {"notifications.messages_of_patron"} == set(QUERIES)
    written = {
        f"{app}.{module.name}"
        for app, package in WRITTEN
        for module in pkgutil.iter_modules(package.__path__)
    }
    assert written == set(ACTIONS) | ELSEWHERE | OWN
    for app, package in WRITTEN:
        for module in pkgutil.iter_modules(package.__path__):
            has_actor = with_actor(import_module(f"{package.__name__}.{module.name}"), app)
            assert bool(has_actor) != (f"{app}.{module.name}" in OWN)


@pytest.fixture
def scene(world: World) -> tuple[Patron, Job]:
    """A patron of alder with card 4711, jobs, and somebody at maple."""
    patron = world.patron(world.alder, "4711", grade="7", year=2031)
    world.patron(world.maple, "1000", grade="5", year=2034)
    Homeroom.objects.create(organization=world.cascadia, site=world.alder, name="7a")
    return queries.patron(world.operator, patron.pk), world.plan()


def seen(result: Any) -> list[Any]:
    """Return the rows in a result; what is empty or zero shows nothing."""
    if hasattr(result, "model"):
        return list(result)
    if isinstance(result, dict):
        return [value for value in result.values() if value]
    if isinstance(result, tuple):
        return [part for part in result if part]
    if isinstance(result, list):
        return result
    return [result] if result else []


def tables() -> list[Any]:
    return [
        list(model._base_manager.order_by("pk").values())
        for model in (Account, Job, Change, Patron, Association, Barcode, StaffRole)
    ]


def refused(do: Callable[[], Any]) -> list[Any]:
    """Return what is seen all the same; a refusal tells nothing about what it refuses."""
    try:
        return seen(do())
    except (NotAllowedError, NotFoundError) as error:
        sentence = str(error)
    assert "Lovelace" not in sentence
    assert "4711" not in sentence
    return []


@pytest.mark.any_engine
@pytest.mark.postgres
@pytest.mark.parametrize("who", ["stranger", "plain patron", "teacher", "shut out"])
def test_who_has_no_rights_sees_and_does_nothing(
    who: str, world: World, scene: tuple[Patron, Job]
) -> None:
    made: dict[str, Callable[[], Account]] = {
        "stranger": world.stranger,
        "plain patron": lambda: world.patron(grade="").account,
        "teacher": lambda: world.patron(grade="", level="Teacher").account,
        "shut out": lambda: (
            world.patron(grade="", level="Library administrator", status="inactive").account
        ),
    }
    account = made[who]()
    before = tables()
    for name, do in (QUERIES | ACTIONS).items():
        found = refused(partial(do, world.actor(account), *scene))
        # Oneself is no stranger.
        others = [row for row in found if getattr(row, "account_id", None) != account.pk]
        assert others == [], name
    for act in ACTIONS.values():
        with pytest.raises((NotAllowedError, NotFoundError)):
            act(world.actor(account), *scene)
    assert tables() == before


@pytest.mark.postgres
def test_a_librarian_of_another_site_sees_and_does_nothing_here(
    world: World, scene: tuple[Patron, Job]
) -> None:
    """At maple they see their own; the patron of alder and the jobs do not exist for them."""
    account = world.staff("Library administrator", world.maple)
    here = set(Association.objects.filter(site=world.maple).values_list("patron", flat=True))
    before = tables()
    shown = set()
    for name, do in (QUERIES | ACTIONS).items():
        for row in refused(partial(do, world.actor(account), *scene)):
            shown.add(name)
            match row:
                case Patron():
                    assert row.pk in here, name
                case Site():
                    assert row == world.maple, name
                case queries.SiteOverview():
                    assert row.site == world.maple, name
                case (int(), str(), int()):
                    assert row[0] == world.maple.pk, name
                case int():
                    assert row <= len(here), name
                case list():
                    assert not {"7", 2031} & set(row), name
                case _:
                    pytest.fail(f"{name} shows {row!r}")
    assert tables() == before
    assert {"patrons.visible", "patrons.patrons", "patrons.site_overviews"} <= shown
    assert not {name for name in shown if name.startswith("ledger")} | (shown & set(ACTIONS))


def of_rainier(row: Any, patrons: set[int]) -> bool:
    match row:
        case Patron():
            return row.pk in patrons
        case Site():
            return row.name == "Fir"
        case queries.SiteOverview():
            return row.site.name == "Fir"
        case (int(), str(), int()):
            return Site.objects.filter(pk=row[0]).exists()
        case int():
            return row <= len(patrons)
        case _:
            return False


@pytest.mark.postgres
def test_in_another_organization_nothing_of_this_one_exists(
    world: World, scene: tuple[Patron, Job]
) -> None:
    """With all rights at home in Rainier: Cascadia's numbers lead nowhere."""
    manager = world.stranger()
    patron, job = scene
    before = tables()
    with open_organization(world.rainier):
        own = set(Patron.objects.values_list("pk", flat=True))
        for who in (actor_for(manager, world.rainier, WEB), operator(world.rainier)):
            for name, do in (QUERIES | ACTIONS).items():
                try:
                    found = seen(do(who, patron, job))
                except (NotAllowedError, NotFoundError, StateError, Job.DoesNotExist):
                    continue
                assert name not in ACTIONS, name
                # (The cards of a patron that somebody else handed in, in its own organization.)
                strange = [
                    r for r in found if not of_rainier(r, own) and not isinstance(r, Barcode)
                ]
                assert strange == [], name
    assert tables() == before


@pytest.mark.postgres
def test_a_librarian_sees_and_edits_the_patrons_of_the_own_site(
    world: World, scene: tuple[Patron, Job]
) -> None:
    librarian = world.actor(world.staff("Library administrator", world.alder))
    patron, _job = scene
    assert patron in queries.visible(librarian)
    assert queries.patron(librarian, patron.pk) == patron
    assert queries.patrons_by_barcode(librarian, "4711") == [patron]
    assert queries.patrons_by_barcode(librarian, "1000") == []
    assert may_edit(librarian, patron)
    edit_patron(librarian, patron.pk, edited(patron))
    patron.refresh_from_db()
    assert patron.grade_level == "9"


@pytest.mark.postgres
def test_filters_speak_of_the_sites_in_sight(world: World) -> None:
    """Who may see maple does not learn by a filter what somebody is at alder."""
    someone = world.patron(patron_type="Student")
    world.tie(someone, world.alder, patron_type="Faculty", level="Teacher")
    librarian = world.actor(world.staff("Library administrator", world.maple))
    narrowed: dict[str, Any] = {
        "patron_type": world.types["Faculty"].pk,
        "access_level": world.levels["Teacher"].pk,
        "site": world.alder.pk,
    }
    for name, value in narrowed.items():
        one = replace(PatronFilter(), **{name: value})
        assert someone not in queries.patrons(librarian, one), name
        assert someone in queries.patrons(world.operator, one)


# Giving rights by an edit


def relevel(world: World, who: Actor, patron: Patron, site: Site, to: str) -> None:
    tie = Association.objects.get(patron=patron, site=site)
    wanted = EditedAssociation(tie.pk, tie.patron_type, world.levels[to], None)
    record = EditedPatron(
        patron.status, patron.grade_level, patron.graduation_year, None, (wanted,)
    )
    edit_patron(who, patron.pk, record)


@pytest.mark.postgres
def test_an_edit_gives_no_level_with_more_rights_than_the_editors(world: World) -> None:
    someone = world.patron()
    world.tie(someone, world.alder)
    librarian = world.actor(world.staff("Library administrator", world.maple))

    relevel(world, librarian, someone, world.maple, "Teacher")
    relevel(world, librarian, someone, world.maple, "Library administrator")
    before = tables()
    with pytest.raises(NotAllowedError) as caught:
        relevel(world, librarian, someone, world.maple, "District patrons manager")
    assert caught.value.permission in {"ledger.view_jobs", WIDE}
    # Nor at a site where they have none, nor for themselves.
    with pytest.raises(NotAllowedError, match="Alder"):
        relevel(world, librarian, someone, world.alder, "Teacher")
    assert librarian.account is not None
    own = librarian.account.patrons.get()
    with pytest.raises(NotAllowedError):
        relevel(world, librarian, own, world.maple, "District patrons manager")
    assert tables() == before


@pytest.mark.postgres
def test_an_edit_takes_no_level_away_that_the_editor_could_not_give(world: World) -> None:
    someone = world.patron(level="District patrons manager")
    librarian = world.actor(world.staff("Library administrator", world.maple))
    with pytest.raises(NotAllowedError):
        relevel(world, librarian, someone, world.maple, "Patron")


@pytest.mark.postgres
def test_an_edit_reaches_only_the_patrons_own_associations(world: World) -> None:
    someone, other = world.patron(), world.patron()
    tie = Association.objects.get(patron=other)
    wanted = EditedAssociation(tie.pk, world.types["Faculty"], world.levels["Patron"], None)
    record = EditedPatron("active", "5", 2034, None, (wanted,))
    with pytest.raises(InputError, match="removed meanwhile"):
        edit_patron(world.operator, someone.pk, record)
    tie.refresh_from_db()
    assert tie.patron_type == world.types["Student"]


@pytest.mark.postgres
def test_a_homeroom_is_one_of_the_site(world: World) -> None:
    someone = world.patron()
    tie = Association.objects.get(patron=someone)
    rooms = [
        Homeroom.objects.create(organization=world.cascadia, site=site, name="5a")
        for site in (world.maple, world.alder)
    ]
    for room in rooms:
        wanted = EditedAssociation(tie.pk, tie.patron_type, tie.access_level, room)
        record = EditedPatron("active", "5", 2034, None, (wanted,))
        if room.site == world.maple:
            edit_patron(world.operator, someone.pk, record)
        else:
            with pytest.raises(InputError, match="not at Maple"):
                edit_patron(world.operator, someone.pk, record)
    tie.refresh_from_db()
    assert tie.homeroom == rooms[0]


@pytest.mark.postgres
def test_a_new_level_at_a_resource_site_takes_its_group_along(world: World) -> None:
    someone = world.patron()
    tie = world.tie(someone, world.depot, level="Patron")
    Association.objects.filter(pk=tie.pk).update(resource_group=world.groups["Self checkout"])

    relevel(world, world.operator, someone, world.depot, "Teacher")
    tie.refresh_from_db()
    assert tie.resource_group == world.groups["Staff lending"]
    relevel(world, world.operator, someone, world.depot, "Library administrator")
    assert Association.objects.get(pk=tie.pk).resource_group is None

    ResourceGroup.objects.create(
        organization=world.cascadia, site=world.depot, name="Makers",
        access_level=world.levels["Patron"],
    )  # fmt: skip
    with pytest.raises(InputError, match="Makers, Self checkout") as caught:
        relevel(world, world.operator, someone, world.depot, "Patron")
    assert caught.value.field == "access_level"


@pytest.mark.postgres
def test_at_a_resource_site_an_edit_gives_the_rights_of_the_group(world: World) -> None:
    someone = world.patron()
    world.tie(someone, world.depot, level="Patron")
    role_of = level(world, "patrons.view", "patrons.edit")
    editor = world.patron(grade="")
    role(world, editor, role_of, world.depot)
    who = world.actor(editor.account)
    # The level "Teacher" holds organizations.view_home, its group at the depot patrons.view.
    relevel(world, who, someone, world.depot, "Teacher")
    with pytest.raises(NotAllowedError):
        relevel(world, who, someone, world.depot, "Library administrator")
