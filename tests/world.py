"""Two organizations for tests: Cascadia, in which things happen, and Rainier beside it.

``build_world`` makes the sites and levels; ``World.patron`` makes people as a test needs them,
``World.crowd`` thousands of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

from openpatron.access.actor import CLI, Actor, operator
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.accounts.models import Account, Registration
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.add_associations import Asked, ask, plan_associations
from openpatron.patrons.actors import actor_for
from openpatron.patrons.models import Association, Barcode, Patron, StaffRole
from openpatron.patrons.search import search_text, sort_name

_serial = count(1)

LEVELS: dict[str, list[str]] = {
    "Patron": [],
    "Teacher": ["organizations.view_home"],
    "Library administrator": [
        "organizations.view_home",
        "organizations.view_sites",
        "patrons.view",
        "patrons.edit",
        "patrons.register",
        "patrons.block",
        "patrons.serve",
        "patrons.manage_staff",
        "notifications.view",
        "patrons.remove",
        "patrons.open_external",
        "circulation.serve",
        "circulation.manage_fees",
        "circulation.manage_items",
    ],
    "District patrons manager": [
        "organizations.view_home",
        "organizations.view_sites",
        "ledger.view_jobs",
        "patrons.view",
        "patrons.edit",
        "patrons.register",
        "patrons.block",
        "patrons.serve",
        "patrons.manage_staff",
        "patrons.remove",
        "patrons.manage_district",
        "patrons.open_external",
        "notifications.view",
        "circulation.serve",
        "circulation.manage_fees",
        "circulation.manage_items",
        "administration.manage",
        "administration.manage_levels",
        "feeds.manage",
    ],
}


@dataclass
class World:
    """What ``build_world`` made, and the way to make more."""

    cascadia: Organization
    rainier: Organization
    maple: Site
    alder: Site
    cedar: Site
    depot: Site
    studio: Site
    fir: Site
    types: dict[str, PatronType]
    levels: dict[str, AccessLevel]
    groups: dict[str, ResourceGroup]
    # Rainier's own, of the same names.
    neighbour_types: dict[str, PatronType]
    neighbour_levels: dict[str, AccessLevel]

    @property
    def operator(self) -> Actor:
        """Who runs the command line, in Cascadia."""
        return operator(self.cascadia)

    def patron(
        self,
        site: Site | None = None,
        barcode: str | None = "",
        *,
        first: str = "Ada",
        last: str = "",
        username: str = "",
        email: str = "",
        district_id: str = "",
        grade: str = "5",
        year: int | None = 2034,
        status: str = "active",
        patron_type: str = "Student",
        level: str = "Patron",
        **account: Any,
    ) -> Patron:
        """Make a patron with an account at a site (maple), and its card.

        ``barcode`` "" makes one up, None makes none.
        """
        serial = next(_serial)
        site = site or self.maple
        person = Account.objects.create(
            username=username or f"person{serial}",
            email=email,
            first_name=first,
            last_name=last or f"Lovelace{serial}",
            **account,
        )
        Registration.objects.create(account=person, organization_id=site.organization_id)
        card = f"X{serial:06d}" if barcode == "" else barcode
        patron = Patron.objects.create(
            organization_id=site.organization_id,
            account=person,
            district_id=district_id,
            grade_level=grade,
            graduation_year=year,
            status=status,
            search_text=search_text(person, district_id, [card] if card else []),
            sort_name=sort_name(person),
        )
        self.tie(patron, site, card, patron_type=patron_type, level=level, is_primary=True)
        return patron

    def tie(
        self,
        patron: Patron,
        site: Site,
        barcode: str | None = None,
        *,
        patron_type: str = "Student",
        level: str = "Patron",
        is_primary: bool = False,
    ) -> Association:
        """Associate a patron with a site, with a card there if a number is given."""
        if barcode is not None:
            self.card(patron, site, barcode)
        return Association.objects.create(
            organization_id=site.organization_id,
            patron=patron,
            site=site,
            patron_type=self._types(site)[patron_type],
            access_level=self._levels(site)[level],
            is_primary=is_primary,
        )

    def crowd(
        self,
        size: int,
        site: Site | None = None,
        barcode: Callable[[int], str | None] | None = None,
        *,
        grade: str = "5",
    ) -> list[Patron]:
        """Make many students at once; ``barcode`` gives the card of the n-th, from 0.

        Without it cards are made up.
        """
        site = site or self.maple
        organization = site.organization_id
        accounts = Account.objects.bulk_create(
            Account(username=f"person{serial}", first_name="Ada", last_name=f"Lovelace{serial}")
            for serial in (next(_serial) for _ in range(size))
        )
        Registration.objects.bulk_create(
            Registration(account=account, organization_id=organization) for account in accounts
        )
        cards = [
            f"Y{account.username}" if barcode is None else barcode(n)
            for n, account in enumerate(accounts)
        ]
        patrons = Patron.objects.bulk_create(
            Patron(
                organization_id=organization,
                account=account,
                grade_level=grade,
                graduation_year=2034,
                search_text=search_text(account, "", [card] if card else []),
                sort_name=sort_name(account),
            )
            for account, card in zip(accounts, cards, strict=True)
        )
        Association.objects.bulk_create(
            Association(
                organization_id=organization,
                patron=patron,
                site=site,
                patron_type=self._types(site)["Student"],
                access_level=self._levels(site)["Patron"],
                is_primary=True,
            )
            for patron in patrons
        )
        pattern = site.barcode_pattern
        Barcode.objects.bulk_create(
            Barcode(
                organization_id=organization,
                patron=patron,
                site=site,
                value=card,
                number=pattern.number(card),
            )
            for patron, card in zip(patrons, cards, strict=True)
            if card is not None
        )
        return patrons

    def _types(self, site: Site) -> dict[str, PatronType]:
        own = site.organization_id == self.cascadia.pk
        return self.types if own else self.neighbour_types

    def _levels(self, site: Site) -> dict[str, AccessLevel]:
        own = site.organization_id == self.cascadia.pk
        return self.levels if own else self.neighbour_levels

    def card(self, patron: Patron, site: Site, value: str, state: str = "current") -> Barcode:
        """Give a patron a card number at a site."""
        return Barcode.objects.create(
            organization_id=site.organization_id,
            patron=patron,
            site=site,
            value=value,
            state=state,
            number=site.barcode_pattern.number(value),
        )

    def staff(self, level: str, site: Site | None = None, username: str = "") -> Account:
        """Make a person of Cascadia with a staff role at one site, or organization-wide."""
        patron = self.patron(
            site or self.maple, username=username, grade="", year=None, patron_type="Faculty"
        )
        role = StaffRole.objects.create(
            organization=self.cascadia,
            patron=patron,
            access_level=self.levels[level],
            is_organization_wide=site is None,
        )
        if site is not None:
            role.sites.add(site)
        return patron.account

    def stranger(self, level: str = "District patrons manager", username: str = "") -> Account:
        """Make a person of Rainier with an organization-wide staff role there."""
        with open_organization(self.rainier):
            patron = self.patron(
                self.fir, username=username, grade="", year=None, patron_type="Faculty"
            )
            StaffRole.objects.create(
                organization=self.rainier,
                patron=patron,
                access_level=self.neighbour_levels[level],
                is_organization_wide=True,
            )
        return patron.account

    def neighbour(self, username: str = "rolf") -> Account:
        """Make a manager of Rainier, who has all rights there and none in Cascadia."""
        with open_organization(self.rainier):
            levels = AccessLevel.objects.filter(name="District patrons manager")
            level = levels.first() or AccessLevel.objects.create(
                organization=self.rainier,
                name="District patrons manager",
                permissions=LEVELS["District patrons manager"],
            )
            account = Account.objects.create(username=username, last_name="Rainier")
            Registration.objects.create(account=account, organization=self.rainier)
            patron = Patron.objects.create(organization=self.rainier, account=account)
            StaffRole.objects.create(
                organization=self.rainier,
                patron=patron,
                access_level=level,
                is_organization_wide=True,
            )
        return account

    def actor(self, account: Account) -> Actor:
        """Return the actor of an account in Cascadia."""
        return actor_for(account, self.cascadia, CLI)

    def ask(self, actor: Actor | None = None, **words: str) -> Asked:
        """Ask for the main job: grade 5 of maple to cedar, unless told otherwise."""
        return ask(
            actor or self.operator,
            **{
                "at": "maple",
                "whose": "grade_level",
                "value": "5",
                "to": "cedar",
                "patron_type": "Student",
                "access_level": "Patron",
            }
            | words,
        )

    def plan(self, actor: Actor | None = None, **words: str) -> Job:
        """Plan the main job: grade 5 of maple to cedar, unless told otherwise."""
        return run(self.planning(actor, **words))

    def planning(self, actor: Actor | None = None, **words: str) -> Job:
        """Make the job of ``plan`` without working on it."""
        actor = actor or self.operator
        return plan_associations(actor, self.ask(actor, **words))


def build_world(slug: str = "cascadia", neighbour: str = "rainier") -> World:
    """Make both organizations with sites, types, levels and resource groups."""
    cascadia, rainier = (
        Organization.objects.create(name=s.title(), slug=s, noun="district")
        for s in (slug, neighbour)
    )
    with open_organization(rainier):
        fir = Site.objects.create(organization=rainier, name="Fir", short_name="fir")
        neighbour_types, neighbour_levels = _types_and_levels(rainier)
    shapes: dict[str, dict[str, Any]] = {
        "maple": {"barcode_digits": 6},
        "alder": {"barcode_digits": 6},
        "cedar": {"barcode_prefix": "29", "barcode_digits": 5, "barcode_check": "luhn"},
        "depot": {"kind": "resource", "barcode_prefix": "D", "barcode_digits": 5},
        "studio": {"kind": "media"},
    }
    with open_organization(cascadia):
        sites = {
            name: Site.objects.create(
                organization=cascadia, name=name.title(), short_name=name, **options
            )
            for name, options in shapes.items()
        }
        types, levels = _types_and_levels(cascadia)
        groups = {
            name: ResourceGroup.objects.create(
                organization=cascadia,
                site=sites["depot"],
                name=name,
                access_level=levels[level],
                permissions=permissions,
            )
            for name, level, permissions in (
                ("Self checkout", "Patron", []),
                ("Staff lending", "Teacher", ["patrons.view"]),
            )
        }
    return World(
        cascadia=cascadia,
        rainier=rainier,
        fir=fir,
        types=types,
        levels=levels,
        groups=groups,
        neighbour_types=neighbour_types,
        neighbour_levels=neighbour_levels,
        **sites,
    )


def _types_and_levels(
    organization: Organization,
) -> tuple[dict[str, PatronType], dict[str, AccessLevel]]:
    types = {
        name: PatronType.objects.create(organization=organization, name=name)
        for name in ("Student", "Faculty")
    }
    levels = {
        name: AccessLevel.objects.create(
            organization=organization,
            name=name,
            permissions=list(permissions),
            grants=["*"] if "patrons.edit" in permissions else [],
        )
        for name, permissions in LEVELS.items()
    }
    return types, levels
