"""Collections that are tables: filtered, sorted and paged by the database, page after page by key.

A ``Table`` says which rows a client may see, what its fields are in SQL, and how rows are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.utils import timezone

from openpatron.rostering import payload
from openpatron.rostering.models import (
    Bookmark,
    PlatformSetup,
    SentClass,
    SentEnrollment,
    SentRole,
    SentUser,
    Status,
    Target,
)
from openpatron.rostering.scopes import ROSTER

from . import lists
from .asked import Asked, Condition, time_of
from .clients import Client
from .errors import INVALID_FILTER, RosterError

_COMPARED = {"=": "", "!=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}
# So many places of a collection are remembered for a client, and of so many collections.
_REMEMBERED = 128
_BOOKMARKS = 64


@dataclass(frozen=True, slots=True)
class View:
    """What one client sees: its sites by their identifiers, and how addresses begin."""

    client: Client
    roster: UUID
    setups: list[PlatformSetup]
    base: str

    @property
    def sites(self) -> list[int]:
        """The sites' numbers."""
        return [one.site_id for one in self.setups]

    @property
    def orgs(self) -> dict[int, UUID]:
        """The sites' identifiers by their numbers."""
        return {one.site_id: one.sourced_id for one in self.setups}

    @property
    def term(self) -> str:
        """The identifier of the school year."""
        return payload.session_id(self.roster, payload.school_year(timezone.localdate()))


@dataclass(frozen=True, slots=True)
class Page:
    """Rows as they are written, and how many there are in all."""

    rows: list[dict[str, Any]]
    total: int
    # On the last page of those that were read one after the other: when the first was.
    begun_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """One collection. ``fields``: what may be filtered and sorted by, as an expression and a type.

    ``written`` makes the standard's objects of a page of rows.
    """

    rows: QuerySet[Any]
    fields: Mapping[str, tuple[Any, str]]
    written: Callable[[list[Any]], list[dict[str, Any]]]
    # The same rows behind a key, where the database would not find them by it alone.
    behind: Callable[[int], QuerySet[Any]] | None = None

    def page(self, view: View, asked: Asked, path: str) -> Page:
        """Return the page that is asked for."""
        rows = self._narrowed(asked, self.rows)
        digest = asked.digest(path, view.client.scopes)
        target = view.client.target
        mark = Bookmark.objects.filter(target=target, digest=digest).first()
        begun: datetime | None = timezone.now()
        if asked.offset == 0 or mark is None:
            ends: dict[str, Any] = {}
            total = rows.count()
        else:
            ends, total, begun = mark.ends, mark.total, mark.begun_at
        # The place that is remembered nearest before: usually the very one.
        near = max((int(n) for n in ends if int(n) <= asked.offset), default=0)
        key = ends.get(str(near))
        sort, sorted_by = self._sort(asked)
        if key is not None and sort is None and self.behind is not None:
            rows = self._narrowed(asked, self.behind(key[1]))
        rows = rows.annotate(_sort=sort) if sort is not None else rows
        names = ("_sort", "pk") if sort is not None else ("pk",)
        signs = ("-" if asked.descending else "") if sort is not None else ""
        ordered = rows.order_by(*(signs + name for name in names))
        if key is not None:
            ordered = _after(ordered, key, sorted_by, signs)
        begins = asked.offset - near
        found = list(ordered[begins : begins + asked.limit])
        if found and asked.offset + len(found) < total:
            last = found[-1]
            ends = dict(list(ends.items())[-_REMEMBERED + 1 :])
            ends[str(asked.offset + len(found))] = [_as_key(getattr(last, "_sort", None)), last.pk]
            Bookmark.objects.bulk_create(
                [
                    Bookmark(
                        organization=view.client.organization, target=target, digest=digest,
                        total=total, ends=ends, at=timezone.now(),
                        begun_at=begun if asked.offset == 0 or mark else None,
                    )
                ],
                update_conflicts=True,
                unique_fields=["target", "digest"],
                update_fields=["total", "ends", "begun_at", "at"],
            )  # fmt: skip
            if mark is None:
                _forget_oldest(target)
        is_last = asked.offset + len(found) >= total
        known = asked.offset == 0 or (mark is not None and key is not None and not begins)
        return Page(self.written(found), total, begun if is_last and known else None)

    def one(self, sourced_id: UUID) -> dict[str, Any] | None:
        """Return the object of that identifier, None where the client does not see it."""
        found = self.rows.filter(sourced_id=sourced_id).first()
        return None if found is None else self.written([found])[0]

    def _narrowed(self, asked: Asked, rows: QuerySet[Any]) -> QuerySet[Any]:
        parts = [self._condition(one) for one in asked.conditions]
        if not parts:
            return rows
        whole = parts[0]
        for part in parts[1:]:
            whole = whole | part if asked.joined == "OR" else whole & part
        fields = {_alias(one.field): self.fields[one.field][0] for one in asked.conditions}
        narrowed: QuerySet[Any] = rows.alias(**fields).filter(whole)
        return narrowed

    def _condition(self, one: Condition) -> Q:
        if one.field not in self.fields:
            known = ", ".join(self.fields)
            raise RosterError(
                INVALID_FILTER, f"There is no field “{one.field}” to filter by. There are: {known}."
            )
        name, kind = _alias(one.field), self.fields[one.field][1]
        if kind == "bool":
            # Compared as the words that are written.
            words = ("true", "false") if one.field == "enabledUser" else tuple(Status.values)
            fits = [word == words[0] for word in words if lists.SIGNS[one.sign](word, one.value)]
            return Q(**{f"{name}__in": fits}) if fits else Q(pk__isnull=True)
        value = _typed(kind, one)
        if value is None:
            # What cannot be such a value equals nothing.
            return Q(pk__isnull=one.sign != "!=")
        if one.sign == "~":
            return Q(**{f"{name}__icontains": value})
        found = Q(**{name + _COMPARED[one.sign]: value})
        return ~found if one.sign == "!=" else found

    def _sort(self, asked: Asked) -> tuple[Any, str]:
        """Return what to sort by; an unknown field sorts by nothing, as the standard has it."""
        if asked.sort not in self.fields or asked.sort == "sourcedId":
            return (F("sourced_id"), "uuid") if asked.sort == "sourcedId" else (None, "")
        return self.fields[asked.sort]


def _forget_oldest(target: Target) -> None:
    """Keep no more bookmarks of a client than it may use: each filter has its own."""
    kept = Bookmark.objects.filter(target=target).order_by("-at", "-pk")
    old = list(kept.values_list("pk", flat=True)[_BOOKMARKS:])
    if old:
        Bookmark.objects.filter(pk__in=old).delete()


def _alias(field: str) -> str:
    """Return under which name a query knows a field."""
    return "_" + field.replace(".", "_")


def _after(ordered: QuerySet[Any], key: list[Any], kind: str, sign: str) -> QuerySet[Any]:
    """Return the rows behind the one with that key."""
    value, pk = key
    more = "__lt" if sign == "-" else "__gt"
    if not kind:
        return ordered.filter(pk__gt=pk)
    if kind == "time":
        value = datetime.fromisoformat(value)
    elif kind == "uuid":
        value = UUID(value)
    return ordered.filter(Q(**{f"_sort{more}": value}) | Q(_sort=value, **{f"pk{more}": pk}))


def _as_key(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _typed(kind: str, one: Condition) -> Any:
    """Return a value as the column compares it; None for what cannot be one."""
    if one.sign == "~" or kind == "text":
        return one.value
    if kind == "uuid":
        try:
            return UUID(one.value)
        except ValueError:
            return None
    return time_of(one)


_HEAD: dict[str, tuple[Any, str]] = {
    "sourcedId": (F("sourced_id"), "uuid"),
    "dateLastModified": (F("modified_at"), "time"),
}
_STATUS: dict[str, tuple[Any, str]] = {"status": (F("status"), "text")}


def users(view: View, roles: Iterable[str] = (), **narrowed: Any) -> Table:
    """Return the persons of the client's sites, or those of some roles."""
    held = SentRole.objects.filter(site__in=view.sites)
    if roles:
        held = held.filter(role__in=list(roles))
    own = held.filter(sent_user=OuterRef("pk"))
    is_active = Exists(own.filter(status=Status.ACTIVE))
    fields = _HEAD | {"status": (is_active, "bool"), "enabledUser": (is_active, "bool")}
    names = ["username", "givenName", "familyName", "preferredFirstName"]
    # Nobody finds out by a filter what is not shown.
    if ROSTER in view.client.scopes:
        names += ["middleName", "email", "identifier"]
    # Wrapped: SQLite would read what a plain key is compared with as JSON.
    fields |= {
        name: (Coalesce(KT(f"values__{name}"), Value(""), output_field=TextField()), "text")
        for name in names
    }

    def written(rows: list[SentUser]) -> list[dict[str, Any]]:
        by_user: dict[int, list[SentRole]] = defaultdict(list)
        found = SentRole.objects.filter(site__in=view.sites, sent_user__in=[r.pk for r in rows])
        for role in found.order_by("pk"):
            by_user[role.sent_user_id].append(role)
        return payload.users(rows, by_user, view.orgs, view.client.scopes, view.base)

    def behind(pk: int) -> QuerySet[SentUser]:
        # The roles have to begin there as well: PostgreSQL would read all before it otherwise.
        later = Exists(own.filter(sent_user__gt=pk))
        return SentUser.objects.filter(later, pk__gt=pk, **narrowed)

    return Table(SentUser.objects.filter(Exists(own), **narrowed), fields, written, behind)


def demographics(view: View) -> Table:
    """Return birth dates and sexes of the persons of the client's sites."""
    people = users(view)

    def written(rows: list[SentUser]) -> list[dict[str, Any]]:
        active = SentRole.objects.filter(
            site__in=view.sites, sent_user__in=[r.pk for r in rows], status=Status.ACTIVE
        )
        return payload.demographics(rows, set(active.values_list("sent_user", flat=True)))

    fields = {name: people.fields[name] for name in ("sourcedId", "dateLastModified", "status")}
    return Table(people.rows, fields, written, people.behind)


def classes(view: View, **narrowed: Any) -> Table:
    """Return the homerooms of the client's sites."""
    return Table(
        SentClass.objects.filter(site__in=view.sites, **narrowed),
        _HEAD | _STATUS | {"title": (F("title"), "text")},
        lambda rows: payload.classes(rows, view.orgs, view.term, view.base),
    )


def enrollments(view: View, **narrowed: Any) -> Table:
    """Return who is in which homeroom of the client's sites."""
    rows = SentEnrollment.objects.filter(site__in=view.sites, **narrowed)
    return Table(
        rows.select_related("sent_user", "sent_class"),
        _HEAD
        | _STATUS
        | {
            "role": (F("role"), "text"),
            "class.sourcedId": (F("sent_class__sourced_id"), "uuid"),
            "user.sourcedId": (F("sent_user__sourced_id"), "uuid"),
        },
        lambda rows: payload.enrollments(rows, view.orgs, view.base),
    )
