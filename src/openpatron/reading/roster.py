"""What was pulled, as plain rows: the provider's objects read, and nothing else kept of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from openpatron.kernel.text import storable

from .client import Provider, ProviderError
from .models import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

_ACTIVE = "active"
_LONGEST_ID, _LONGEST_NAME = 255, 200


@dataclass(frozen=True, slots=True)
class SchoolRow:
    """A school."""

    sourced_id: str
    name: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person; ``seats``: schools and roles."""

    sourced_id: str
    username: str
    given_name: str
    family_name: str
    is_active: bool
    seats: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A class."""

    sourced_id: str
    school: str
    title: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class MemberRow:
    """An enrollment."""

    sourced_id: str
    group: str
    person: str
    role: str
    is_active: bool


@dataclass(slots=True)
class Roster:
    """All that one pull brought; ``until``: the latest time of change in it."""

    schools: list[SchoolRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    groups: list[GroupRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    until: datetime | None = None


def fetch(provider: Provider, since: datetime | None) -> Roster:
    """Return all there is, or what changed since then. Raises ``ProviderError``."""
    found = Roster()
    # Schools are few, and without them nothing else can be placed: always all of them.
    found.schools = provider.rows("schools", _reading("schools", _school, found))
    found.until = None
    found.people = provider.rows("users", _reading("users", _person, found), since)
    found.groups = provider.rows("classes", _reading("classes", _group, found), since)
    found.members = provider.rows("enrollments", _reading("enrollments", _member, found), since)
    return found


def _reading[T](
    name: str, read: Callable[[dict[str, Any]], T], found: Roster
) -> Callable[[dict[str, Any]], T]:
    """Return what reads one row, and notes the latest time of change."""

    def reading(row: dict[str, Any]) -> T:
        moment = _moment(row.get("dateLastModified"))
        if moment is not None and (found.until is None or moment > found.until):
            found.until = moment
        try:
            return read(row)
        except (KeyError, TypeError, AttributeError) as error:
            raise ProviderError(
                _("Among the provider’s %(name)s, “%(id)s” is not what OneRoster says.")
                % {"name": name, "id": row["sourcedId"][:60]}
            ) from error

    return reading


def _moment(text: Any) -> datetime | None:
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _text(value: Any, limit: int = _LONGEST_NAME) -> str:
    """Return a value as it can be stored: without what no database takes."""
    if value is None:
        return ""
    text = str(value)
    if not storable(text):
        text = text.encode(errors="ignore").decode().replace("\x00", "")
    return text[:limit]


def _id(row: Mapping[str, Any]) -> str:
    return _text(row["sourcedId"], _LONGEST_ID)


def _school(row: dict[str, Any]) -> SchoolRow:
    return SchoolRow(_id(row), _text(row.get("name")) or _id(row), row.get("status") == _ACTIVE)


def _person(row: dict[str, Any]) -> PersonRow:
    is_active = row.get("status") == _ACTIVE and row.get("enabledUser") in {"true", True}
    roles = row["roles"] if is_active else ()
    seats = frozenset(
        (_id(one["org"]), str(one["role"])) for one in roles if one["role"] in Role.values
    )
    return PersonRow(
        _id(row),
        _text(row.get("username"), _LONGEST_ID),
        _text(row.get("preferredFirstName") or row.get("givenName")),
        _text(row.get("familyName")),
        is_active,
        seats,
    )


def _group(row: dict[str, Any]) -> GroupRow:
    return GroupRow(
        _id(row), _id(row["school"]), _text(row.get("title")) or _id(row),
        row.get("status") == _ACTIVE,
    )  # fmt: skip


def _member(row: dict[str, Any]) -> MemberRow:
    return MemberRow(
        _id(row), _id(row["class"]), _id(row["user"]), _text(row["role"], 20),
        row.get("status") == _ACTIVE,
    )  # fmt: skip
