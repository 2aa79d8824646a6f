"""The demo's access levels: their names, and the names of the permissions in each."""

from __future__ import annotations

from openpatron.access.registry import permissions

_NONE: tuple[str, ...] = ()
_HOME = ("organizations.view_home",)
_READ = (*_HOME, "organizations.view_sites", "patrons.view")
_EDIT = (*_READ, "patrons.edit", "patrons.register")
_DISTRICT = (*_EDIT, "patrons.manage_district", "ledger.view_jobs")

FULL_RIGHTS = "Full rights"


def access_levels() -> dict[str, list[str]]:
    """Return the names of the permissions by the name of the level."""
    levels = {
        "Patron": _NONE,
        "Guest": _NONE,
        "Teacher": _HOME,
        "Read-only staff": _READ,
        "Circulation": _READ,
        "Student worker": _READ,
        "User manager": _EDIT,
        "Library administrator": _EDIT,
        "District patrons manager": _DISTRICT,
        FULL_RIGHTS: tuple(p.name for p in permissions()),
    }
    return {name: list(held) for name, held in levels.items()}


# At the resource site: the permissions there of who comes with that level.
SELF_CHECKOUT = _HOME
STAFF_LENDING = _READ
