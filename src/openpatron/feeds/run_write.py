"""Writing what a run decided: people, records, associations and cards, set-based.

Unique values that move between two people of a batch are let go first and given after that, so
that two may swap. Whoever calls has locked the accounts and the patrons.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date, datetime
from secrets import token_urlsafe
from typing import Any, NamedTuple

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from openpatron.access.models import ResourceGroup
from openpatron.accounts.models import Account, Registration, list_name
from openpatron.kernel.rows import insert_rows, reserve_ids, update_rows
from openpatron.patrons.messages import tell_old_addresses
from openpatron.patrons.models import Association, Barcode, Patron, SourceRecord
from openpatron.patrons.personal_data import Author, tell_elsewhere
from openpatron.patrons.search import search_text, sort_name

from .matching import ACCOUNT, RECORD, TIE, Ours
from .run_cards import Card, set_cards
from .run_context import Run
from .run_rooms import rooms_of

_NEW_ACCOUNT = (
    "id", "password", "is_active", "created_at", "must_change_password", "keep_history", *ACCOUNT,
)  # fmt: skip
_NEW_PATRON = (
    "id", "organization_id", "account_id", "registered_on", "wants_mail", "language",
    "search_text", "sort_name", *RECORD,
)  # fmt: skip
NEW_TIE = (
    "organization_id", "patron_id", "site_id", "patron_type_id", "access_level_id",
    "resource_group_id", "homeroom_id", "is_primary",
)  # fmt: skip
_NEW_RECORD = (
    "organization_id", "source_id", "patron_id", "key", "values", "digest", "received_at",
)  # fmt: skip
_IN_SEARCH = {
    "username", "email", "first_name", "middle_name", "last_name", "preferred_name", "district_id",
    "barcode",
}  # fmt: skip
_IN_RECORD = {*RECORD} | _IN_SEARCH
_SOME = 5_000


class Person(NamedTuple):
    """The names of somebody, as search text and list name are made of them; no model: quicker."""

    first_name: str
    middle_name: str
    last_name: str
    preferred_name: str
    username: str
    email: str

    @property
    def list_name(self) -> str:
        """The name for sorted lists."""
        return list_name(self.first_name, self.middle_name, self.last_name)

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Person:
        """Return the names in these values."""
        return cls(*[values.get(name, "") for name in cls._fields])


@dataclass(slots=True)
class Received:
    """What a source record is to say; ``missing`` alone keeps all else."""

    key: str
    values: Mapping[str, str]
    digest: bytes
    missing: date | None = None
    # Of further sites, by short name.
    further: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class New:
    """Somebody who is to be made; ``patron`` is set when it is done."""

    values: Mapping[str, str]
    received: Received
    password: str = field(default="", repr=False)
    patron: int = 0


@dataclass(slots=True)
class Known:
    """Somebody who is there, and the fields that change, as text."""

    ours: Ours
    after: Mapping[str, str]
    received: Received


def stored(name: str, text: str) -> Any:
    """Return a field's text as its column has it."""
    return _COLUMNS.get(name, str)(text)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _year(text: str) -> int | None:
    return int(text) if text else None


_COLUMNS: dict[str, Callable[[str], Any]] = {
    "birth_date": _day, "expires_on": _day, "graduation_year": _year,
}  # fmt: skip
_ACCOUNT_COLUMNS = [(name, _COLUMNS.get(name, str)) for name in ACCOUNT]
_RECORD_COLUMNS = [(name, _COLUMNS.get(name, str)) for name in RECORD]


def write_people(run: Run, new: list[New], known: list[Known]) -> None:
    """Write all of them, and their cards together: a number may go from one to the other."""
    _let_go(known)
    _insert_people(run, new)
    shared = _update_accounts(run, [one for one in known if one.after])
    cards = [card for one in new if (card := _card(run, one.patron, one.values, ""))]
    cards += [
        card
        for one in known
        if (card := _card(run, one.ours.patron, one.after, one.ours.fields["site"]))
    ]
    retired = [one.ours.patron for one in known if "site" in one.after and one.ours.tie]
    set_cards(run, cards, {card.patron for card in cards} & set(retired))
    rooms = rooms_of(run, [*(one.values for one in new), *_with_rooms(known)])
    _insert_ties(run, new, rooms)
    _update_ties(run, known, rooms)
    _write_records(run, new, known)
    _update_patrons(known)
    for author, was, account, changed in shared:
        tell_elsewhere(author, was, account, changed)


def _let_go(known: list[Known]) -> None:
    """Take unique values off those who get others."""
    parked = [
        (f"~{one.ours.account}~", one.ours.account) for one in known if "username" in one.after
    ]
    update_rows(Account, ["username"], parked)
    update_rows(
        Account, ["email"], [("", one.ours.account) for one in known if "email" in one.after]
    )
    update_rows(
        Patron, ["district_id"],
        [("", one.ours.patron) for one in known if "district_id" in one.after],
    )  # fmt: skip
    moved = [
        one.ours.record
        for one in known
        if one.ours.record and one.ours.record.key != one.received.key
    ]
    update_rows(SourceRecord, ["key"], [(f"~{record.pk}~", record.pk) for record in moved])


def _insert_people(run: Run, new: list[New]) -> None:
    accounts, patrons = reserve_ids(Account, len(new)), reserve_ids(Patron, len(new))
    now, organization = timezone.now(), run.organization.pk
    people, records = [], []
    for account, patron, one in zip(accounts, patrons, new, strict=True):
        one.patron, get = patron, one.values.get
        of_account = [to(get(name, "")) for name, to in _ACCOUNT_COLUMNS]
        of_record = [to(get(name, "")) for name, to in _RECORD_COLUMNS]
        password = make_password(one.password) if one.password else f"!{token_urlsafe(30)}"
        people.append((account, password, True, now, bool(one.password), False, *of_account))
        person, number = Person.of(one.values), get("barcode", "")
        found = search_text(person, get("district_id", ""), [number] if number else [])
        records.append(
            (patron, organization, account, run.today, False, "", found, sort_name(person),
             *of_record)
        )  # fmt: skip
    insert_rows(Account, _NEW_ACCOUNT, people)
    insert_rows(
        Registration, ("account_id", "organization_id"), ((pk, organization) for pk in accounts)
    )
    insert_rows(Patron, _NEW_PATRON, records)


def _update_accounts(
    run: Run, known: list[Known]
) -> list[tuple[Author, Account, Account, list[str]]]:
    """Write personal data; return whose other organizations have to be told."""
    changed = {
        one.ours.account: names
        for one in known
        if (names := [name for name in ACCOUNT if name in one.after])
    }
    if not changed:
        return []
    rows = []
    for one in known:
        if one.ours.account in changed:
            fields = one.ours.fields | dict(one.after)
            rows.append((*(stored(name, fields[name]) for name in ACCOUNT), one.ours.account))
    elsewhere = set()
    ids = list(changed)
    for start in range(0, len(ids), _SOME):
        others = Registration.objects.exclude(organization=run.organization)
        found = others.filter(account__among=ids[start : start + _SOME])
        elsewhere |= set(found.values_list("account", flat=True))
    were = Account.objects.in_bulk(list(elsewhere))
    by_account = {one.ours.account: one for one in known}
    update_rows(Account, ACCOUNT, rows)
    tell_old_addresses(
        {
            one.ours.account: one.ours.fields["email"]
            for one in known
            if one.after.get("email", one.ours.fields["email"]).casefold()
            != one.ours.fields["email"].casefold()
        }
    )
    author = Author(run.actor.account, run.job.way, run.organization)
    told = []
    for pk, account in were.items():
        was = copy(account)
        # What was let go on the way is how it was before.
        for name in ACCOUNT:
            setattr(was, name, stored(name, by_account[pk].ours.fields[name]))
            new = by_account[pk].after.get(name)
            setattr(account, name, getattr(was, name) if new is None else stored(name, new))
        told.append((author, was, account, changed[pk]))
    return told


def _update_patrons(known: list[Known]) -> None:
    aimed = [one for one in known if not _IN_RECORD.isdisjoint(one.after)]
    searched = [one.ours.patron for one in aimed if not _IN_SEARCH.isdisjoint(one.after)]
    numbers: dict[int, list[str]] = {patron: [] for patron in searched}
    for start in range(0, len(searched), _SOME):
        cards = Barcode.objects.filter(patron__among=searched[start : start + _SOME]).order_by("pk")
        for patron, value in cards.values_list("patron", "value"):
            numbers[int(patron or 0)].append(value)
    rows, found = [], []
    for one in aimed:
        fields = one.ours.fields | dict(one.after)
        rows.append((*(stored(name, fields[name]) for name in RECORD), one.ours.patron))
        if one.ours.patron in numbers:
            person = Person.of(fields)
            text = search_text(person, fields["district_id"], numbers[one.ours.patron])
            found.append((text, sort_name(person), one.ours.patron))
    update_rows(Patron, RECORD, rows)
    update_rows(Patron, ["search_text", "sort_name"], found)


def _with_rooms(known: list[Known]) -> Iterable[Mapping[str, str]]:
    for one in known:
        if "homeroom" in one.after or "site" in one.after:
            yield {
                "site": one.after.get("site") or one.ours.fields["site"],
                "homeroom": one.after.get("homeroom", one.ours.fields["homeroom"]),
            }


def _card(run: Run, patron: int, values: Mapping[str, str], site: str) -> Card | None:
    if "barcode" not in values:
        return None
    where = run.sites.get(values.get("site") or site)
    return None if where is None else Card(patron, where, values["barcode"])


def tie_values(run: Run, values: Mapping[str, str], rooms: Mapping[tuple[int, str], int]) -> Any:
    """Return the columns of an association from its text."""
    site = run.sites[values["site"]]
    group = values.get("resource_group", "")
    found: ResourceGroup | None = run.groups.get((site.pk, group)) if group else None
    return (
        site.pk, run.types[values["patron_type"]].pk, run.levels[values["access_level"]].pk,
        found.pk if found else None, rooms.get((site.pk, values.get("homeroom", ""))),
    )  # fmt: skip


def _insert_ties(run: Run, new: list[New], rooms: Mapping[tuple[int, str], int]) -> None:
    organization = run.organization.pk
    rows = [(organization, one.patron, *tie_values(run, one.values, rooms), True) for one in new]
    insert_rows(Association, NEW_TIE, rows)


def _update_ties(run: Run, known: list[Known], rooms: Mapping[tuple[int, str], int]) -> None:
    rows, added = [], []
    for one in known:
        fields = {name: one.ours.fields[name] for name in TIE}
        fields |= {name: one.after[name] for name in TIE if name in one.after}
        if fields == {name: one.ours.fields[name] for name in TIE} or not fields["site"]:
            continue
        if fields["site"] != one.ours.fields["site"] and "homeroom" not in one.after:
            # A room of the site that is left.
            fields["homeroom"] = ""
        if not (fields["patron_type"] and fields["access_level"]):
            continue
        values = tie_values(run, fields, rooms)
        if one.ours.tie is not None:
            rows.append((*values, one.ours.tie.pk))
        else:
            added.append((run.organization.pk, one.ours.patron, *values, not one.ours.ties))
    update_rows(Association, NEW_TIE[2:-1], rows)
    insert_rows(Association, NEW_TIE, added)


def _write_records(run: Run, new: list[New], known: list[Known]) -> None:
    now: datetime = timezone.now()
    insert_rows(
        SourceRecord,
        _NEW_RECORD,
        (
            (
                run.organization.pk, run.source.pk, one.patron, one.received.key,
                _json(one.received.values), one.received.digest, now,
            )
            for one in new
        ),
    )  # fmt: skip
    rows = []
    for one in known:
        said, record = one.received, one.ours.record
        if record is not None:
            received = record.received_at if said.missing else now
            rows.append(
                (said.key, _json(said.values), said.digest, received, said.missing, record.pk)
            )
    update_rows(SourceRecord, ("key", "values", "digest", "received_at", "missing_since"), rows)
    _write_further(
        {one.patron: one.received.further for one in new if one.received.further}
        | {
            one.ours.patron: one.received.further
            for one in known
            if one.ours.record and one.received.further != (one.ours.record.further or {})
        }
    )


def _write_further(said: Mapping[int, Mapping[str, Any]]) -> None:
    records = SourceRecord.objects.filter(patron__among=list(said)) if said else ()
    rows = []
    for record in records:
        further = said[record.patron_id]
        rows.append((_json(further) if further else None, record.pk))
    update_rows(SourceRecord, ["further"], rows)


_encode = json.JSONEncoder(ensure_ascii=False).encode


def _json(values: Mapping[str, str]) -> str:
    return _encode(dict(values))
