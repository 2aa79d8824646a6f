"""Loading the demo: all of it in one transaction, in memory that does not grow with its size.

People are made in chunks (``people``), written into a temporary table, and from there by one
statement per table. A load that is killed leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.utils.translation import gettext as _

from openpatron.access.models import ResourceGroup
from openpatron.access.starting_levels import make_starting_levels
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import StateError
from openpatron.kernel.sql import Params, execute, statement
from openpatron.kernel.statistics import refresh_statistics
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron
from openpatron.patrons.search import search_text, sort_name
from openpatron.patrons.search_index import indexed_at_once

from .bulk import empty, lock, next_id, take_ids, write_rows
from .desk import stock_shelves
from .district import (
    CASCADIA,
    CREATED_AT,
    PATRON_TYPES,
    RAINIER,
    OrganizationPlan,
    cohorts,
    neighbour_size,
)
from .names import FullName, draw_names
from .people import Ground, Maker, People
from .platform import use_platform
from .sign_ins import (
    SIGN_INS,
    UNUSABLE_PASSWORD,
    make_accounts,
    register_shared,
    register_sign_ins,
    sign_ins_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DEFAULT_PATRONS = 6_000
MOST_PATRONS = 5_000_000

_HERE = "openpatron.demo"
_SEED = 20_260_504
_PLANS = (CASCADIA, RAINIER)
# So many different full names there are at most; beyond, people share them.
_NAMES = 20_000
# Faculty of Cascadia's first site who work in Rainier too: after those on the library's staff.
_SHARED = slice(3, 8)

_WRITTEN = (Organization, Account, Registration, Patron, Homeroom, Association, Barcode)
_PERSON = (
    "person", "name", "username", "email", "district_id", "status", "expires_on", "access_level",
    "resource_group", "homeroom", "value", "number", "codes",
)  # fmt: skip
_ROOM = ("id", "organization_id", "site_id", "name", "supervisor_id")
_ASSOCIATION = (
    "organization_id", "patron_id", "site_id", "patron_type_id", "access_level_id",
    "resource_group_id", "is_primary",
)  # fmt: skip
_BARCODE = ("organization_id", "patron_id", "site_id", "value", "state", "number")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was made of one organization."""

    name: str
    sites: int
    patrons: int


def demo_organizations() -> list[str]:
    """Return the short names that the demo uses and that are taken."""
    slugs = [plan.slug for plan in _PLANS]
    found = Organization.objects.filter(slug__in=slugs).order_by("slug")
    return list(found.values_list("slug", flat=True))


def demo_is_loaded() -> bool:
    """Tell whether both organizations and all the demo's sign-ins are here."""
    return all(
        Registration.objects.filter(
            account__username=person.username, organization__slug=person.slug
        ).exists()
        for person in SIGN_INS
    )


def load_demo(patrons: int, on_progress: Callable[[int], None] = lambda _n: None) -> list[Loaded]:
    """Make the demo with that many patrons in Cascadia, and report how many are written.

    At least the sign-ins are made. Raises ``StateError`` where one of its organizations exists.
    """
    with transaction.atomic():
        lock(_WRITTEN)
        taken = demo_organizations()
        if taken:
            raise StateError(
                _("The demo cannot be loaded: its organizations exist already (%s).")
                % ", ".join(taken)
            )
        with indexed_at_once():
            made = _load(patrons, on_progress)
    refresh_statistics()
    return made


def _load(patrons: int, on_progress: Callable[[int], None]) -> list[Loaded]:
    sizes = ((CASCADIA, patrons), (RAINIER, neighbour_size(patrons)))
    # First, because Argon2 takes as much memory as all the rest.
    accounts = make_accounts()
    loader = _Loader(sum(size for _plan, size in sizes), on_progress)
    crowds = [loader.crowd(plan, size) for plan, size in sizes]
    loader.close()
    made = [_complete(crowd, crowds[0].faculty[_SHARED], accounts) for crowd in crowds]
    on_progress(sum(one.patrons for one in made) - sum(crowd.size for crowd in crowds))
    return made


@dataclass(frozen=True, slots=True)
class _Made:
    """An organization with its crowd; ``faculty``: the accounts of its first site's."""

    plan: OrganizationPlan
    organization: Organization
    maker: Maker
    size: int
    faculty: range


def _complete(crowd: _Made, shared: range, accounts: dict[str, Account]) -> Loaded:
    """Register those who sign in, and in Rainier the faculty that it shares with Cascadia."""
    patrons = crowd.size
    with open_organization(crowd.organization):
        patrons += register_sign_ins(crowd.plan.slug, crowd.maker, accounts)
        if crowd.plan is RAINIER:
            patrons += register_shared(shared, crowd.maker)
        else:
            use_platform()
        stock_shelves(crowd.organization)
    return Loaded(crowd.plan.name, len(crowd.plan.sites), patrons)


class _Loader:
    """Writes one organization after the other; ids go on where they stand now."""

    def __init__(self, people: int, on_progress: Callable[[int], None]) -> None:
        self._on_progress = on_progress
        self._first_account = next_id(Account)
        self._first_patron = next_id(Patron)
        self._next_person = 0
        self._next_room = next_id(Homeroom)
        random = Random(_SEED)
        self._names = draw_names(min(max(people, 1), _NAMES), random)
        execute(statement(_HERE, "make_names"), {})
        execute(statement(_HERE, "make_people"), {})
        write_rows(
            "demo_name",
            ("id", "first_name", "middle_name", "last_name", "preferred_name", "search_text",
             "sort_name"),
            [(i, *columns) for i, columns in enumerate(_folded(self._names))],
        )  # fmt: skip

    def crowd(self, plan: OrganizationPlan, patrons: int) -> _Made:
        """Make an organization with everybody in it but those who sign in."""
        organization = Organization.objects.create(
            name=plan.name,
            slug=plan.slug,
            noun=plan.noun,
            locale=plan.locale,
            time_zone=plan.time_zone,
            barcode_scope=Organization.BarcodeScope.SITE,
        )
        with open_organization(organization):
            ground = _make_ground(organization, plan)
        maker = Maker(plan, ground, self._names, self._next_person, self._next_room)
        counted = cohorts(plan, max(patrons - len(sign_ins_of(plan.slug)), 0))
        for people in maker.make(counted):
            self._write(ground, people)
            self._on_progress(len(people.rows))
        first = self._first_account + self._next_person
        faculty = counted[0].size if counted and counted[0].is_faculty else 0
        size = maker.next_person - self._next_person
        self._next_person, self._next_room = maker.next_person, maker.next_room
        return _Made(plan, organization, maker, size, range(first, first + faculty))

    def close(self) -> None:
        """Let the tables count on, and take the temporary ones away."""
        take_ids(Account, Patron, Homeroom)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE demo_person")
            cursor.execute("DROP TABLE demo_name")

    def _write(self, ground: Ground, people: People) -> None:
        cohort = people.cohort
        site = ground.sites[cohort.site.short_name]
        organization, first = ground.organization, self._first_patron
        params: Params = {
            "organization": organization,
            "site": site,
            "patron_type": ground.patron_types[cohort.patron_type],
            "first_account": self._first_account,
            "first_patron": first,
            "grade_level": cohort.grade,
            "graduation_year": cohort.graduation_year,
            "password": UNUSABLE_PASSWORD,
            "created_at": CREATED_AT,
        }
        empty("demo_person")
        write_rows("demo_person", _PERSON, people.rows)
        for table in ("accounts", "registrations", "patrons"):
            execute(statement(_HERE, f"insert_{table}"), params)
        write_rows(
            "patrons_homeroom",
            _ROOM,
            [(r.id, organization, site, r.name, first + r.supervisor) for r in people.rooms],
        )
        execute(statement(_HERE, "insert_associations"), params)
        execute(statement(_HERE, "insert_barcodes"), params)
        write_rows(
            "patrons_association",
            _ASSOCIATION,
            [(organization, first + who, *row, False) for who, *row in people.associations],
        )
        write_rows(
            "patrons_barcode",
            _BARCODE,
            [(organization, first + who, *row) for who, *row in people.barcodes],
        )


def _folded(names: Iterable[FullName]) -> Iterator[tuple[str, ...]]:
    """Yield the columns of demo_name after the id."""
    account = Account()
    for name in names:
        account.first_name, account.middle_name, account.last_name, account.preferred_name = name[
            :4
        ]
        yield *name[:4], search_text(account, "", ()), sort_name(account)


def _make_ground(organization: Organization, plan: OrganizationPlan) -> Ground:
    """Write sites, patron types, access levels and resource groups."""
    sites = {
        site.short_name: Site.objects.create(
            organization=organization,
            name=site.name,
            short_name=site.short_name,
            kind=site.kind,
            barcode_prefix=site.prefix,
            barcode_digits=site.digits,
            barcode_check=site.check,
            # What other libraries send is fetched where the district keeps what all share.
            shares_resources=site.kind == Site.Kind.RESOURCE,
        )
        for site in plan.sites
    }
    patron_types = {
        name: PatronType.objects.create(organization=organization, name=name, **conditions)
        for name, conditions in PATRON_TYPES.items()
    }
    access_levels = make_starting_levels(organization)
    groups = {
        (site.short_name, group.access_level): ResourceGroup.objects.create(
            organization=organization,
            site=sites[site.short_name],
            access_level=access_levels[group.access_level],
            name=group.name,
            permissions=list(group.permissions),
        )
        for site in plan.sites
        for group in site.groups
    }
    return Ground(
        organization=organization.pk,
        sites={name: site.pk for name, site in sites.items()},
        patron_types={name: kind.pk for name, kind in patron_types.items()},
        access_levels={name: level.pk for name, level in access_levels.items()},
        groups={key: group.pk for key, group in groups.items()},
    )
