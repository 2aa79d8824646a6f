"""What the demo consists of, as a description: organizations, sites, who is where, which cards.

Nothing here looks at a clock: the school year is 2025/26, and the district stands in its May.
People of a site are counted in cohorts (its faculty, and each grade), and what is special about
some of them is said by their place in the cohort (``Every``, ``Share``), so that it holds at any
size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from openpatron.access.starting_levels import HOME, READ
from openpatron.organizations.barcode_pattern import (
    CHECK_LUHN,
    CHECK_MOD43,
    CHECK_NONE,
    BarcodePattern,
)

CREATED_AT = "2026-05-04 16:00:00"
"""When the demo's accounts were made, UTC."""

SCHOOL_YEAR_ENDS = 2026
FACULTY_COHORT = ""
STUDENT, FACULTY = "Student", "Faculty"
# What patrons of a type may borrow, and how long.
PATRON_TYPES: dict[str, dict[str, Any]] = {
    STUDENT: {
        "loan_days": 14,
        "loan_limit": 10,
        "loan_limit_at_site": 5,
        "request_limit": 5,
        "renewal_limit": 2,
        "maximum_fees": Decimal("10.00"),
        "maximum_overdue": 3,
    },
    FACULTY: {"loan_days": 42, "loan_limit": 60, "request_limit": 20, "renewal_limit": 5},
}

ELEMENTARY = ("K", "1", "2", "3", "4", "5")
MIDDLE = ("6", "7", "8")
HIGH = ("9", "10", "11", "12")

HOMEROOM_SIZE = 24


class Every(NamedTuple):
    """The places ``offset``, ``offset + step``, ``offset + 2 * step`` … of a cohort."""

    step: int
    offset: int

    def within(self, start: int, stop: int) -> range:
        """Return those of the places from ``start`` to ``stop`` (excluded)."""
        first = start + (self.offset - start) % self.step
        return range(first, stop, self.step)


# The fractions of its multiples are spread evenly, without looking so.
_GOLDEN_RATIO = 0.618_033_988_749_894_9


class Share(NamedTuple):
    """The places whose lot, a number from 0 to 1, falls from ``low`` to ``high`` (excluded).

    Shares that do not overlap have no place in common.
    """

    low: float
    high: float

    def within(self, start: int, stop: int) -> list[int]:
        """Return those of the places from ``start`` to ``stop`` (excluded)."""
        low, high = self
        return [p for p in range(start, stop) if low <= p * _GOLDEN_RATIO % 1 < high]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """A resource group: its name, the access level that it is tied to, its permissions."""

    name: str
    access_level: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SitePlan:
    """A site, its card numbers and its people.

    ``share`` is the size of each cohort of students, ``faculty`` that of the faculty, both as
    weights against each other. ``staff``: the access levels of the first of the faculty.
    ``old_cards``: where its old plain cards begin; two sites' ranges overlap, so numbers clash.
    """

    short_name: str
    name: str
    kind: str = "library"
    prefix: str = ""
    digits: int = 0
    check: str = CHECK_NONE
    cards_from: int = 100
    grades: tuple[str, ...] = ()
    share: int = 0
    faculty: int = 0
    staff: tuple[str, ...] = ()
    old_cards: float | None = None
    groups: tuple[GroupPlan, ...] = ()

    @property
    def pattern(self) -> BarcodePattern:
        """The shape of the card numbers; the range is open."""
        return BarcodePattern(self.prefix, self.digits, self.check, 1, 10**self.digits - 1)


@dataclass(frozen=True, slots=True)
class SecondTie:
    """Some patrons of some cohorts are associated with a second site as well.

    They keep their card number there, or have a number of that site (``own_card``).
    """

    sites: tuple[str, ...]
    grades: tuple[str, ...]
    who: Share
    to: str
    patron_type: str
    access_level: str
    own_card: bool = False


@dataclass(frozen=True, slots=True)
class OrganizationPlan:
    """An organization of the demo; ``district_ids`` is where its district ids begin."""

    slug: str
    name: str
    sites: tuple[SitePlan, ...]
    district_ids: int
    domain: str
    noun: str = "district"
    locale: str = "en"
    time_zone: str = "America/Los_Angeles"
    seconds: tuple[SecondTie, ...] = ()
    old_cards: dict[str, Share] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cohort:
    """The faculty (``grade`` is "") or one grade of a site."""

    site: SitePlan
    grade: str
    size: int

    @property
    def is_faculty(self) -> bool:
        """Whether these are the faculty."""
        return self.grade == FACULTY_COHORT

    @property
    def patron_type(self) -> str:
        """The name of the patron type."""
        return FACULTY if self.is_faculty else STUDENT

    @property
    def graduation_year(self) -> int | None:
        """The year in which this grade leaves school."""
        if self.is_faculty:
            return None
        return SCHOOL_YEAR_ENDS + 12 - (0 if self.grade == "K" else int(self.grade))


_ELEMENTARY_SCHOOLS = ("maple", "alder", "birch")
_LIBRARIES = (*_ELEMENTARY_SCHOOLS, "cedar", "spruce")

CASCADIA = OrganizationPlan(
    slug="cascadia",
    name="Cascadia",
    district_ids=1_000_001,
    domain="cascadia.example",
    sites=(
        # Still numbers as every school did once: eight digits and nothing else.
        SitePlan(
            "maple", "Maple Elementary",
            digits=8, cards_from=20_000_000, grades=ELEMENTARY, share=10, faculty=5,
            staff=("Library administrator", "Circulation"), old_cards=0,
        ),
        SitePlan(
            "alder", "Alder Elementary",
            prefix="24011", digits=8, check=CHECK_LUHN, grades=ELEMENTARY, share=10, faculty=5,
            staff=("Library administrator", "Read-only staff"), old_cards=0.25,
        ),
        SitePlan(
            "birch", "Birch Elementary",
            prefix="B", digits=8, check=CHECK_MOD43, grades=ELEMENTARY, share=10, faculty=5,
            staff=("User manager", "Circulation"), old_cards=0.5,
        ),
        SitePlan(
            "cedar", "Cedar Middle School",
            prefix="24012", digits=8, check=CHECK_LUHN, grades=MIDDLE, share=30, faculty=6,
            staff=("Library administrator", "Circulation", "Read-only staff"), old_cards=0,
        ),
        SitePlan(
            "spruce", "Spruce High School",
            prefix="24013", digits=8, check=CHECK_LUHN, grades=HIGH, share=30, faculty=8,
            staff=("Library administrator", "Circulation", "User manager"),
        ),
        SitePlan(
            "depot", "Depot Resource Center",
            kind="resource", prefix="D", digits=8, faculty=1, staff=("Circulation",),
            groups=(
                GroupPlan("Self checkout", "Patron", HOME),
                GroupPlan("Staff lending", "Teacher", READ),
            ),
        ),
        SitePlan("studio", "Studio Media Center", kind="media"),
    ),
    # Who still has a plain card from before the sites had numbers of their own.
    old_cards={
        "3": Share(0, 0.1), "4": Share(0, 0.1), "5": Share(0, 0.3),
        "6": Share(0, 0.125), "7": Share(0, 0.125), "8": Share(0, 0.125),
    },
    seconds=(
        SecondTie(("maple",), ("5",), Share(0.8, 1), "cedar", STUDENT, "Patron"),
        SecondTie(("alder",), ("5",), Share(0.9, 1), "cedar", STUDENT, "Patron"),
        SecondTie(("cedar",), ("8",), Share(0.3, 0.37), "spruce", STUDENT, "Patron"),
        # They read with the little ones.
        SecondTie(
            ("spruce",), ("11", "12"), Share(0.3, 0.35), "birch", STUDENT, "Guest", own_card=True
        ),
        SecondTie(
            ("cedar", "spruce"), (*MIDDLE, *HIGH), Share(0.6, 0.64), "depot", STUDENT, "Patron"
        ),
        SecondTie(
            _ELEMENTARY_SCHOOLS, (FACULTY_COHORT,), Share(0.4, 0.48), "cedar", FACULTY, "Teacher"
        ),
        SecondTie(_LIBRARIES, (FACULTY_COHORT,), Share(0.7, 0.95), "depot", FACULTY, "Teacher"),
    ),
)  # fmt: skip

RAINIER = OrganizationPlan(
    slug="rainier",
    name="Rainier",
    district_ids=7_000_001,
    domain="rainier.example",
    sites=(
        SitePlan(
            "fir", "Fir School",
            digits=8, cards_from=20_000_000, grades=(*ELEMENTARY, *MIDDLE), share=4, faculty=5,
            staff=("Library administrator", "Circulation"),
        ),
        SitePlan(
            "hemlock", "Hemlock High School",
            prefix="24091", digits=8, check=CHECK_LUHN, grades=HIGH, share=8, faculty=5,
            staff=("Library administrator",),
        ),
    ),
    seconds=(SecondTie(("fir",), ("8",), Share(0.3, 0.5), "hemlock", STUDENT, "Patron"),),
)  # fmt: skip

OLD_CARDS_FROM = 10_417_000
OLD_CARD_DIGITS = 8

# Statuses go round in this order; who is inactive is so since the summer before.
_ROUND = 60
STATUSES = tuple(
    "inactive" if place in {13, 47} else "restricted" if place == 29 else "active"  # noqa: PLR2004
    for place in range(_ROUND)
)
EXPIRED_ON = "2025-08-31"
EXPIRES_ON = "2027-08-31"
EXPIRING = Every(3, 1)

# Lost a card, and has a newer one of the same site.
LOST_A_CARD = Every(40, 17)
WITH_EMAIL = Every(6, 2)
STUDENT_WORKERS = Every(30, 3)
STUDENT_WORKERS_FROM = ("11", "12")

_NEIGHBOUR_SHARE, _NEIGHBOUR_MOST = 15, 400


def neighbour_size(patrons: int) -> int:
    """Return how many patrons Rainier has beside that many in Cascadia."""
    return min(patrons // _NEIGHBOUR_SHARE, _NEIGHBOUR_MOST)


def cohorts(plan: OrganizationPlan, patrons: int) -> list[Cohort]:
    """Return the cohorts of that many patrons, site by site, the faculty of each first."""
    weighted = []
    for site in plan.sites:
        weighted.append((site, FACULTY_COHORT, site.faculty))
        weighted.extend((site, grade, site.share) for grade in site.grades)
    total = sum(weight for _site, _grade, weight in weighted)
    sofar, made = 0, []
    for site, grade, weight in weighted:
        # Rounded as a running sum, so that the sizes add up.
        before, sofar = patrons * sofar // total, sofar + weight
        made.append(Cohort(site, grade, patrons * sofar // total - before))
    return [cohort for cohort in made if cohort.size]
