"""All permission names. Each domain declares its own in its ``permissions.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class UnknownPermissionError(LookupError):
    """A permission name that no domain declares: a mistake in the code, never of a person."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One right: its name in code, its words, and whether it only counts organization-wide."""

    name: str
    label: str | _StrPromise
    organization_wide: bool


_permissions: dict[str, Permission] = {}


def declare(name: str, label: str | _StrPromise, *, organization_wide: bool = False) -> None:
    """Make a permission name known; twice the same name is refused."""
    if name in _permissions:
        raise ValueError(f"permission {name} is declared twice")
    _permissions[name] = Permission(name, label, organization_wide)


def permission(name: str) -> Permission:
    """Return the permission of that name, or raise ``UnknownPermissionError``."""
    try:
        return _permissions[name]
    except KeyError:
        raise UnknownPermissionError(name) from None


def known_names() -> frozenset[str]:
    """Return the names of all permissions: what a level in the database may hold in vain."""
    return frozenset(_permissions)


def permissions() -> list[Permission]:
    """Return all permissions by name."""
    return sorted(_permissions.values(), key=lambda p: p.name)
