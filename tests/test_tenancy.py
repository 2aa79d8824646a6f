"""Tenancy fails closed, and no row points across organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models.fields.related import ForeignObject
from django.utils import timezone
from django_scopes import scopes_disabled
from django_scopes.exceptions import ScopeError

from openpatron.accounts.lookup import look_up_account
from openpatron.accounts.models import Account, Registration
from openpatron.administration.actions.edit_registration_template import (
    WantedTemplate,
    add_registration_template,
)
from openpatron.administration.queries import TEMPLATE
from openpatron.kernel.errors import NotFoundError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.ledger.nightly import start_night
from openpatron.ledger.record import record_change
from openpatron.notifications.models import Message, PasswordRequest
from openpatron.organizations.manager import OrganizationManager
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.note_patron import Noted, note_patron
from openpatron.patrons.models import (
    SUBJECT,
    Association,
    Barcode,
    Homeroom,
    LocalCode,
    Patron,
    PossibleDuplicate,
    RegistrationTemplate,
    RemovedPatron,
    SavedList,
    StaffRole,
)
from openpatron.patrons.selection import FIELDS, values_at
from openpatron.patrons.standing import Deed

from .filled import PARTS
from .world import World, build_world

# The tables that belong to no organization; a new one has to be thought about.
# (Of a message the organization may be none: then it is about the account alone.)
SHARED = {Account, Organization, Registration, Message, PasswordRequest}

OURS = [
    model
    for model in apps.get_models(include_auto_created=True)
    if model.__module__.startswith("openpatron.")
]
TENANTS = [model for model in OURS if model not in SHARED and not model._meta.auto_created]
by_name = pytest.mark.parametrize("model", TENANTS, ids=lambda m: m.__name__)

Read = Callable[["models.Manager[models.Model]"], object]
# Not evaluated: as part of another query it would be read all the same.
READS: dict[str, Read] = {
    "all": lambda m: m.all(),
    "filter": lambda m: m.filter(pk=1),
    "exclude": lambda m: m.exclude(pk=1),
    "get": lambda m: m.get(pk=1),
    "first": lambda m: m.first(),
    "count": lambda m: m.count(),
    "exists": lambda m: m.exists(),
    "iterator": lambda m: m.iterator(),
    "values": lambda m: m.values(),
    "values_list": lambda m: m.values_list("pk"),
    "order_by": lambda m: m.order_by("pk"),
    "in_bulk": lambda m: m.in_bulk([1]),
    "aggregate": lambda m: m.aggregate(models.Count("pk")),
    "select_related": lambda m: m.select_related("organization"),
    "select_for_update": lambda m: m.select_for_update(),
    "distinct": lambda m: m.distinct(),
    "only": lambda m: m.only("pk"),
    "defer": lambda m: m.defer("pk"),
    "alias": lambda m: m.alias(n=models.Count("pk")),
    "annotate": lambda m: m.annotate(n=models.Count("pk")),
    "prefetch_related": lambda m: m.prefetch_related("organization"),
    "union": lambda m: m.union(m.none()),
    "difference": lambda m: m.difference(m.none()),
    "dates": lambda m: m.dates("pk", "year"),
    "latest": lambda m: m.latest("pk"),
    "explain": lambda m: m.explain(),
    "contains": lambda m: m.contains(m.model(pk=1)),
    "raw": lambda m: m.raw("SELECT * FROM x"),
    "update": lambda m: m.update(pk=1),
    "delete": lambda m: m.all().delete(),
    "get_or_create": lambda m: m.get_or_create(pk=1),
    "update_or_create": lambda m: m.update_or_create(pk=1),
    "slice": lambda m: m.all()[:5],
    "bulk_update": lambda m: m.bulk_update([m.model(pk=1)], ["organization"]),
}


def test_all_tables_are_accounted_for() -> None:
    assert set(TENANTS) >= {Site, PatronType, Patron, Association, Barcode, StaffRole, Job, Change}
    for model in TENANTS:
        field = model._meta.get_field("organization")
        assert isinstance(field, models.ForeignKey), model
        assert field.remote_field.model is Organization
        assert not field.null, f"{model.__name__}: a row of no organization would be everybody's"


@pytest.mark.postgres
def test_outside_an_opened_organization_every_query_raises(db: None) -> None:
    unguarded = []
    for model in TENANTS:
        manager: models.Manager[models.Model] = model._default_manager
        for name, read in READS.items():
            told = f"{model.__name__}.{name}"
            try:
                read(manager)
            except ScopeError:
                continue
            except Exception as error:  # noqa: BLE001  whatever else it is, the scope let it by
                unguarded.append(f"{told} ({type(error).__name__})")
            else:
                unguarded.append(told)
    assert unguarded == []


@by_name
def test_no_manager_is_left_open(model: type[models.Model]) -> None:
    """Whatever managers a model has, each is scoped; ``_base_manager`` is Django's own affair."""
    for manager in model._meta.managers:
        assert isinstance(manager, OrganizationManager), manager


@pytest.mark.postgres
def test_relations_are_closed_outside_too(db: None) -> None:
    world = build_world()
    with open_organization(world.cascadia):
        patron = world.patron()
    for related in (
        patron.associations, patron.barcodes, patron.staff_roles, world.cascadia.sites,
        world.cascadia.patrons, world.maple.associations, patron.account.patrons,
    ):  # fmt: skip
        with pytest.raises(ScopeError):
            list(related.all())


@pytest.mark.postgres
def test_inside_an_organization_only_its_own_rows_exist(world: World) -> None:
    world.patron()
    stranger = world.stranger()
    with scopes_disabled():
        everywhere = {model: model._default_manager.count() for model in TENANTS}
    for organization in (world.cascadia, world.rainier):
        with open_organization(organization):
            for model in TENANTS:
                found = model._default_manager.values_list("organization", flat=True).distinct()
                assert set(found) <= {organization.pk}, model
    here = {model: model._default_manager.count() for model in TENANTS}
    with open_organization(world.rainier):
        there = {model: model._default_manager.count() for model in TENANTS}
        assert there[Patron] == stranger.patrons.count() == 1
    assert {model: here[model] + there[model] for model in TENANTS} == everywhere
    # Opened inside another, the inner counts, and the outer comes back.
    assert set(Site.objects.values_list("organization", flat=True)) == {world.cascadia.pk}


@pytest.mark.postgres
def test_a_person_of_two_organizations_is_two_patrons(world: World) -> None:
    account = world.stranger()
    Registration.objects.create(account=account, organization=world.cascadia)
    here = Patron.objects.create(organization=world.cascadia, account=account)
    assert list(account.patrons.all()) == [here]
    with open_organization(world.rainier):
        assert list(account.patrons.all()) != [here]
        assert account.patrons.count() == 1


@pytest.mark.postgres
def test_an_organization_is_found_by_its_short_name_alone(world: World) -> None:
    assert find_organization("cascadia") == world.cascadia
    for slug in ("Cascadia", "olympic", "", "cascadia ", str(world.cascadia.pk)):
        with pytest.raises(NotFoundError):
            find_organization(slug)


# Constraints


def unique_sets(model: type[models.Model]) -> Iterator[tuple[str, set[str]]]:
    """Yield each set of fields that must be unique, however it is declared."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            assert not constraint.expressions, f"{constraint.name}: say here what it is about"
            yield constraint.name, set(constraint.fields)
    for fields in model._meta.unique_together:
        yield str(fields), set(fields)
    for field in model._meta.local_fields:
        if field.unique and not field.primary_key:
            yield field.name, {field.name}


@by_name
def test_every_unique_constraint_stays_inside_one_organization(
    model: type[models.Model],
) -> None:
    """It names the organization, or a row that is itself of one organization."""
    for name, fields in unique_sets(model):
        targets = {
            model._meta.get_field(field).related_model
            for field in fields
            if model._meta.get_field(field).is_relation
        }
        assert targets & {Organization, *TENANTS}, f"{model.__name__}.{name} is unique everywhere"


@pytest.mark.postgres
def test_the_same_names_and_numbers_may_be_used_next_door(db: None) -> None:
    """The second world has all the same names; only slugs and usernames differ."""
    for slug, neighbour in (("cascadia", "rainier"), ("olympic", "tahoma")):
        world = build_world(slug, neighbour)
        with open_organization(world.cascadia):
            fill(world)
            empty = [m.__name__ for m in TENANTS if not m._default_manager.exists()]
            assert empty == [], "fill() makes no row of it"


def fill(world: World) -> None:
    """Make a row of every table of a tenant."""
    patron = world.patron(barcode="4711", district_id="D1")
    Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="5a", supervisor=patron
    )
    Barcode.objects.create(organization=world.cascadia, patron=patron, value="4711")
    block_patron(world.operator, patron.pk, [Deed.RENEW], "lost")
    note_patron(world.operator, patron.pk, Noted("lost"))
    LocalCode.objects.create(organization=world.cascadia, patron=patron, value="BUS 7")
    add_registration_template(world.operator, WantedTemplate("Summer", site=world.maple))
    SavedList.objects.create(organization=world.cascadia, name="Grade 5", filters={"grade": "5"})
    look_up_account(world.operator, "nobody", "", has_agreed=False)
    world.staff("Teacher")
    role = StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=world.levels["Teacher"]
    )
    role.sites.add(world.maple, world.alder)
    other = world.patron(world.cedar, "4711", grade="8")
    PossibleDuplicate.objects.create(
        organization=world.cascadia, one=patron, other=other, likeness=1
    )
    RemovedPatron.objects.create(
        organization=world.cascadia, patron=1, account=1, removed_at=timezone.now()
    )
    start_night(world.cascadia)
    job = world.planning(to="depot")
    Job.objects.filter(pk=job.pk).update(request_key="k")
    run(confirm_job(world.operator, run(job)))
    record_change(world.operator, "patron", patron.pk, {"a": 1}, {"a": 2})
    for fill_part in PARTS:
        fill_part(world, patron, other, job)


# Rows that point


def pointers() -> Iterator[tuple[type[models.Model], str, type[models.Model]]]:
    """Yield every foreign key from a table of a tenant, or a link table, to one of a tenant."""
    for model in OURS:
        for field in model._meta.local_fields:
            if isinstance(field, ForeignObject) and field.related_model in TENANTS:
                yield model, field.attname, field.related_model


def organization_of(model: type[models.Model]) -> str:
    """Return SQL: (pk, organization) of each row of a table; of a link table, one of its ends."""
    table = connection.ops.quote_name(model._meta.db_table)
    if model in TENANTS:
        return f"SELECT id AS pk, organization_id AS organization FROM {table}"  # noqa: S608  our own names
    ends = [f for f in model._meta.local_fields if f.related_model in TENANTS]
    assert ends, f"{model.__name__} points at tenants, but belongs to none"
    of_end = organization_of(ends[0].related_model)  # type: ignore[arg-type]
    return (
        f"SELECT link.id AS pk, e.organization FROM {table} link "  # noqa: S608
        f"JOIN ({of_end}) e ON e.pk = link.{ends[0].attname}"
    )


def crossing_rows() -> list[str]:
    """Return every row that points at a row of another organization."""
    found = []
    with connection.cursor() as cursor:
        for model, column, target in pointers():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(
                f"SELECT COUNT(*) FROM {table} t "  # noqa: S608
                f"JOIN ({organization_of(model)}) own ON own.pk = t.id "
                f"JOIN ({organization_of(target)}) other ON other.pk = t.{column} "
                "WHERE own.organization <> other.organization"
            )
            ((crossing,),) = cursor.fetchall()
            if crossing:
                found.append(f"{model.__name__}.{column}: {crossing}")
    return found


@pytest.mark.postgres
def test_no_row_points_across_organizations(db: None) -> None:
    worlds = [build_world("cascadia", "rainier"), build_world("olympic", "tahoma")]
    for world in worlds:
        with open_organization(world.cascadia):
            fill(world)
        world.stranger()
    assert len(list(pointers())) >= 15
    assert crossing_rows() == []
    # The check itself can fail.
    world = worlds[0]
    with scopes_disabled():
        Association.objects.filter(site=world.maple).update(
            patron_type=PatronType.objects.exclude(organization=world.cascadia)[0]
        )
        role = StaffRole.objects.filter(organization=world.cascadia)[0]
        role.sites.set(Site.objects.exclude(organization=world.cascadia)[:1])
    assert {row.partition(":")[0] for row in crossing_rows()} == {
        "Association.patron_type_id",
        "StaffRole_sites.site_id",
    }


@pytest.mark.postgres
def test_a_change_tells_of_a_subject_of_its_own_organization(world: World) -> None:
    """It points without a foreign key; the numbers must be those of its organization still."""
    fill(world)
    stranger = world.stranger()
    changes = Change.objects.all()
    subjects, templates = (
        set(changes.filter(subject_kind=kind).values_list("subject_id", flat=True))
        for kind in (SUBJECT, TEMPLATE)
    )
    assert subjects
    assert subjects <= set(Patron.objects.values_list("pk", flat=True))
    assert templates == set(RegistrationTemplate.objects.values_list("pk", flat=True))
    with open_organization(world.rainier):
        assert stranger.patrons.get().pk not in subjects
        assert not Change.objects.exists()


@pytest.mark.postgres
def test_the_statements_of_the_main_job_stay_in_their_organization(db: None) -> None:
    """Two organizations with the same people and numbers: a job in one leaves the other alone."""
    worlds = [build_world("cascadia", "rainier"), build_world("olympic", "tahoma")]
    for world in worlds:
        with open_organization(world.cascadia):
            world.crowd(20, barcode=lambda n: f"{100 + n}")
            world.crowd(5, world.cedar, lambda n: f"{100 + n}", grade="8")
    mine, other = worlds

    def rows(world: World) -> list[object]:
        with open_organization(world.cascadia):
            return [list(m._default_manager.order_by("pk").values()) for m in TENANTS]

    before = rows(other)
    with open_organization(mine.cascadia):
        counts = {v.typed: v.count for v in values_at(mine.maple, FIELDS["grade_level"])}
        assert counts == {"5": 20}
        job = run(confirm_job(mine.operator, mine.plan()))
        assert job.counts == {"applied": {"": 15, "taken": 5}}
    assert rows(other) == before
    assert crossing_rows() == []


def test_names_of_constraints_and_indexes_differ() -> None:
    """No two tables share a constraint's name: engines keep them in one namespace."""
    names = [
        constraint.name
        for model in OURS
        for constraint in [*model._meta.constraints, *model._meta.indexes]
    ]
    assert [a for a, b in combinations(sorted(names), 2) if a == b] == []
