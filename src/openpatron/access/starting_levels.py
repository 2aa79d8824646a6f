"""The access levels that an organization starts with; each may change its own afterwards.

docs/access-levels.md shows them as a matrix (``matrix``); a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .actor import EVERY_LEVEL
from .models import AccessLevel
from .registry import permissions

if TYPE_CHECKING:
    from openpatron.organizations.models import Organization

FULL_RIGHTS = "Full rights"
# Names of permissions; each belongs to the package before its dot.
HOME = ("organizations.view_home",)
READ = (*HOME, "organizations.view_sites", "patrons.view")
_DESK = (
    *READ, "notifications.view", "patrons.block", "patrons.serve", "circulation.serve",
    "circulation.manage_fees",
)  # fmt: skip
_EDIT = (
    *READ, "notifications.view", "patrons.edit", "patrons.register", "patrons.serve",
    "patrons.open_external",
)  # fmt: skip
_LEAD = (
    *_EDIT, "patrons.block", "patrons.override", "patrons.manage_staff", "patrons.remove",
    "circulation.serve", "circulation.manage_fees", "circulation.manage_items",
    "circulation.extend_loans", "rostering.manage",
)  # fmt: skip
_DISTRICT = (
    *_EDIT, "patrons.block", "patrons.remove", "patrons.manage_district", "ledger.view_jobs",
    "feeds.manage", "rostering.manage", "rostering.manage_targets", "reading.manage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StartingLevel:
    """A level's name, the permissions in it, and the names of the levels that it may grant."""

    name: str
    permissions: tuple[str, ...] = ()
    grants: tuple[str, ...] = ()


def starting_levels() -> list[StartingLevel]:
    """Return the levels, those with few rights first."""
    return [
        StartingLevel("Patron"),
        StartingLevel("Guest"),
        StartingLevel("Teacher", HOME),
        StartingLevel("Read-only staff", READ),
        StartingLevel("Student worker", (*READ, "circulation.serve")),
        StartingLevel("Circulation", _DESK),
        StartingLevel("User manager", _EDIT, ("Patron",)),
        StartingLevel(
            "Library administrator",
            _LEAD,
            ("Patron", "Read-only staff", "Circulation", "Student worker", "User manager"),
        ),
        StartingLevel("District patrons manager", _DISTRICT, ("Patron", "Guest", "Teacher")),
        StartingLevel(FULL_RIGHTS, tuple(p.name for p in permissions()), (EVERY_LEVEL,)),
    ]


def make_starting_levels(organization: Organization) -> dict[str, AccessLevel]:
    """Write the levels of a new organization and return them by name."""
    return {
        level.name: AccessLevel.objects.create(
            organization=organization,
            name=level.name,
            permissions=list(level.permissions),
            grants=list(level.grants),
        )
        for level in starting_levels()
    }


def matrix() -> str:
    """Return the levels as the two tables of docs/access-levels.md."""
    levels = starting_levels()
    rights = ["| right | name in code | " + " | ".join(level.name for level in levels) + " |"]
    rights.append("|---|---|" + ":-:|" * len(levels))
    for one in permissions():
        where = " (whole organization)" if one.organization_wide else ""
        held = ("✓" if one.name in level.permissions else "" for level in levels)
        rights.append(f"| {one.label}{where} | `{one.name}` | " + " | ".join(held) + " |")
    grants = ["| level | may grant |", "|---|---|"]
    for level in levels:
        names = "every level" if EVERY_LEVEL in level.grants else ", ".join(level.grants)
        grants.append(f"| {level.name} | {names or '–'} |")
    return "\n".join(rights) + "\n\n" + "\n".join(grants) + "\n"
