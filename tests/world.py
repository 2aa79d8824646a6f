"""Two organizations for tests: Cascadia, in which things happen, and Rainier beside it.

``build_world`` makes the sites and levels; ``World.patron`` makes people as a test needs them.
"""

from __future__ import annotations

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
from openpatron.patrons.actions.add_associations import ask, plan_associations
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
    ],
    "District patrons manager": [
        "organizations.view_home",
        "organizations.view_sites",
        "ledger.view_jobs",
        "patrons.view",
        "patrons.edit",
        "patrons.manage_district",
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
        """Make a patron with an account at a site of Cascadia (maple), and its card.

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
            patron_type=self.types[patron_type],
            access_level=self.levels[level],
            is_primary=is_primary,
        )

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
        patron = self.patron(site or self.maple, username=username, patron_type="Faculty")
        role = StaffRole.objects.create(
            organization=self.cascadia,
            patron=patron,
            access_level=self.levels[level],
            is_organization_wide=site is None,
        )
        if site is not None:
            role.sites.add(site)
        return patron.account

    def actor(self, account: Account) -> Actor:
        """Return the actor of an account in Cascadia."""
        return actor_for(account, self.cascadia, CLI)

    def plan(self, actor: Actor | None = None, **words: str) -> Job:
        """Plan the main job: grade 5 of maple to cedar, unless told otherwise."""
        actor = actor or self.operator
        asked = ask(
            actor,
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
        return run(plan_associations(actor, asked))


def build_world() -> World:
    """Make both organizations with sites, types, levels and resource groups."""
    cascadia = Organization.objects.create(name="Cascadia", slug="cascadia", noun="district")
    rainier = Organization.objects.create(name="Rainier", slug="rainier", noun="district")
    with open_organization(rainier):
        fir = Site.objects.create(organization=rainier, name="Fir", short_name="fir")
    with open_organization(cascadia):
        sites = {
            name: Site.objects.create(
                organization=cascadia, name=name.title(), short_name=name, **options
            )
            for name, options in {
                "maple": {"barcode_digits": 6},
                "alder": {"barcode_digits": 6},
                "cedar": {"barcode_prefix": "29", "barcode_digits": 5, "barcode_check": "luhn"},
                "depot": {"kind": "resource", "barcode_prefix": "D", "barcode_digits": 5},
                "studio": {"kind": "media"},
            }.items()
        }
        types = {
            name: PatronType.objects.create(organization=cascadia, name=name)
            for name in ("Student", "Faculty")
        }
        levels = {
            name: AccessLevel.objects.create(
                organization=cascadia, name=name, permissions=permissions
            )
            for name, permissions in LEVELS.items()
        }
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
        cascadia=cascadia, rainier=rainier, fir=fir, types=types, levels=levels, groups=groups, **sites
    )
