"""Who is meant by the rows of a batch, and who holds what they claim: a fixed number of queries.

A record of the source is known by its key; other records of ours by the setup's match keys, and
the internal ones that are nearly called so and were born on the same day. Accounts of strangers
are seen only as "taken".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import batched
from typing import Any

from django.db import connection
from django.db.models.functions import Lower

from openpatron.accounts.models import Account
from openpatron.kernel.text import fold, one_letter_off
from openpatron.patrons.models import Association, Barcode, Patron, Protection, SourceRecord

from .models import ToldApart
from .run_context import Item, Run

ACCOUNT = (
    "username", "email", "first_name", "middle_name", "last_name", "preferred_name", "suffix",
    "birth_date", "gender", "home_phone", "business_phone", "mobile_phone", "other_phone",
    "street", "postal_code", "city", "country", "language",
)  # fmt: skip
RECORD = (
    "district_id", "status", "grade_level", "graduation_year", "expires_on", "additional_email",
    "second_street", "second_postal_code", "second_city", "second_country",
)  # fmt: skip
TIE = ("site", "patron_type", "access_level", "resource_group", "homeroom")

# So many values are asked for at once.
_SOME = 10_000


@dataclass(slots=True)
class Ours:
    """A patron of ours as a feed sees it: text by field, and the rows behind it."""

    patron: int
    account: int
    fields: dict[str, str]
    record: SourceRecord | None = None
    tie: Association | None = None
    ties: list[Association] = field(default_factory=list)
    # Current card numbers by site; None is the whole organization.
    cards: dict[int | None, str] = field(default_factory=dict)
    protections: dict[str, Protection] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a value that is unique; ``patron`` is None for whom is not here."""

    account: int | None
    patron: int | None


class Matching:
    """What is known here of the people and values of some items."""

    def __init__(self, run: Run, items: list[Item]) -> None:
        """Ask; see the module."""
        self._run = run
        self.by_key: dict[str, int] = {}
        self.by_district_id: dict[str, int] = {}
        # Usernames and addresses in small letters.
        self.usernames: dict[str, Holder] = {}
        self.emails: dict[str, Holder] = {}
        # By place (a site's id, None: the organization) and number.
        self.cards: dict[tuple[int | None, str], Barcode] = {}
        self.ours: dict[int, Ours] = {}
        self._alike: dict[date, list[tuple[int, str]]] = defaultdict(list)
        # Keys of the source with the patrons whom somebody told apart from them.
        self._apart: set[tuple[str, int]] = set()
        self._look_up(items)
        found = [self._matched(item) for item in items]
        self.load({patron for patron in found if patron is not None})
        new = [item for item, patron in zip(items, found, strict=True) if patron is None]
        # Of those who hold what a new one claims: who belongs to no source yet.
        self.internal: set[int] = set()
        self._look_for_internal(new)
        self._look_for_namesakes(new)

    def match(self, item: Item) -> Ours | None:
        """Return the patron whom the item means, or None for a new one."""
        patron = self._matched(item)
        return None if patron is None else self.ours.get(patron)

    def namesake(self, item: Item) -> int | None:
        """Return an internal patron of nearly the same name who was born on the same day."""
        born = _day(item.values.get("birth_date", ""))
        if born is None:
            return None
        given = fold(item.values.get("first_name", ""))
        family = fold(item.values.get("last_name", ""))
        for patron, sort_name in self._alike.get(born, ()):
            if (item.key, patron) in self._apart:
                continue
            theirs, _comma, other = sort_name.partition(", ")
            if _near(family, theirs) and _near(given.partition(" ")[0], other.partition(" ")[0]):
                return patron
            if (family, given) == (other, theirs):
                return patron
        return None

    def _matched(self, item: Item) -> int | None:
        values = item.values
        for name in (*self._run.setup.match, "external_id"):
            found: int | None = None
            if name == "external_id":
                found = self.by_key.get(item.key)
            elif name == "district_id":
                found = self.by_district_id.get(values.get("district_id", ""))
            elif name in {"username", "email"}:
                held = self.usernames if name == "username" else self.emails
                holder = held.get(values.get(name, "").lower())
                found = holder.patron if holder else None
            elif name == "site_barcode" and values.get("site") in self._run.sites:
                card = self.cards.get((self.place(values["site"]), values.get("barcode", "")))
                found = card.patron_id if card and card.state == Barcode.State.CURRENT else None
            if found is not None:
                return found
        return None

    def place(self, site: str) -> int | None:
        """Return where the numbers of a site are unique: there, or in the organization."""
        return None if self._run.wide else self._run.sites[site].pk

    def _look_up(self, items: list[Item]) -> None:
        records = SourceRecord.objects.filter(source=self._run.source)
        for some in _parts(item.key for item in items):
            self.by_key.update(records.filter(key__among=some).values_list("key", "patron"))
        for some in _parts(item.values.get("district_id", "") for item in items):
            # Their index has those that are not empty, and is used where that is said.
            rows = Patron.objects.filter(district_id__among=some).exclude(district_id="")
            self.by_district_id.update(rows.values_list("district_id", "pk"))
        self._look_up_accounts("username", self.usernames, items)
        self._look_up_accounts("email", self.emails, items)
        numbers = [item.values.get("barcode", "") for item in items]
        numbers += [
            said.get("barcode", "")
            for item in items
            if item.further
            for said in item.further.values()
        ]
        for some in _parts([*numbers, *(item.number for item in items)]):
            for card in Barcode.objects.filter(
                organization=self._run.organization, value__among=some
            ):
                self.cards[card.site_id, card.value] = card

    def _look_up_accounts(self, name: str, found: dict[str, Holder], items: list[Item]) -> None:
        rows = accounts_with(name, (wanted_value(self._run, item, name) for item in items))
        for some in batched(rows, _SOME, strict=False):
            ids = [pk for pk, _value in some]
            known = Patron.objects.filter(account__among=ids).values_list("account", "pk")
            here = dict(known)
            found.update((value.lower(), Holder(pk, here.get(pk))) for pk, value in some)

    def look_at_cards(self, numbers: Iterable[tuple[int | None, str]]) -> None:
        """Find out who holds further numbers."""
        for some in _parts(value for _place, value in numbers):
            for card in Barcode.objects.filter(
                organization=self._run.organization, value__among=some
            ):
                self.cards[card.site_id, card.value] = card

    def load(self, patrons: set[int]) -> None:
        """Read these patrons."""
        for some in _parts(patrons):
            self._load_some(some)
        for one in self.ours.values():
            _settle(one, self._run)

    def _load_some(self, ids: list[int]) -> None:
        accounts = [f"account__{name}" for name in ACCOUNT]
        for row in Patron.objects.filter(pk__among=ids).values("pk", "account", *RECORD, *accounts):
            fields = {name: as_text(row[f"account__{name}"]) for name in ACCOUNT}
            fields |= {name: as_text(row[name]) for name in RECORD}
            self.ours[row["pk"]] = Ours(row["pk"], row["account"], fields)
        for record in SourceRecord.objects.filter(patron__among=ids):
            self.ours[record.patron_id].record = record
        # The few names that all of them share are read once.
        ties = Association.objects.filter(patron__among=ids).prefetch_related(
            "site", "patron_type", "access_level", "resource_group", "homeroom"
        )
        for tie in ties:
            self.ours[tie.patron_id].ties.append(tie)
        cards = Barcode.objects.filter(patron__among=ids, state=Barcode.State.CURRENT)
        for patron, site, value in cards.values_list("patron", "site", "value"):
            self.ours[patron].cards[site] = value
        for protection in Protection.objects.filter(patron__among=ids):
            self.ours[protection.patron_id].protections[protection.field] = protection

    def _look_for_internal(self, items: list[Item]) -> None:
        holders: set[int | None] = set()
        for item in items:
            holders.add(self.by_district_id.get(item.values.get("district_id", "")))
            for name, held in (("username", self.usernames), ("email", self.emails)):
                holder = held.get(wanted_value(self._run, item, name).lower()) if held else None
                holders.add(holder.patron if holder else None)
        for some in _parts(pk for pk in holders if pk is not None):
            internal = Patron.objects.filter(pk__among=some, source_record=None)
            self.internal |= set(internal.values_list("pk", flat=True))

    def _look_for_namesakes(self, items: list[Item]) -> None:
        days = {born for item in items if (born := _day(item.values.get("birth_date", "")))}
        for some in _parts(days):
            internal = Patron.objects.filter(account__birth_date__in=some, source_record=None)
            for born, patron, name in internal.values_list(
                "account__birth_date", "pk", "sort_name"
            ):
                if born is not None:
                    self._alike[born].append((patron, name))
        if self._alike:
            told = ToldApart.objects.filter(source=self._run.source)
            for keys in _parts(item.key for item in items):
                self._apart |= set(told.filter(key__in=keys).values_list("key", "patron"))


def accounts_with(name: str, wanted: Iterable[str]) -> list[tuple[int, str]]:
    """Return id and value of the accounts with these usernames or addresses, whatever their case.

    By the partial index of those that are not empty.
    """
    found: list[tuple[int, str]] = []
    for some in _parts(spelled for value in wanted for spelled in _spellings(value)):
        rows = Account.objects.annotate(lower=Lower(name)).filter(lower__among=some)
        found += rows.exclude(**{name: ""}).values_list("pk", name)
    return found


def wanted_value(run: Run, item: Item, name: str) -> str:
    """Return a username or address that the item is to have; a username is made up if need be."""
    value = item.values.get(name, "")
    if value or name != "username":
        return value
    return f"{item.key}@{run.organization.slug}".replace(" ", "_")


def as_text(value: Any) -> str:
    """Return a value as a record of a feed has it."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _settle(one: Ours, run: Run) -> None:
    """Say which association is the source's: at the site it named last, else the primary one."""
    theirs = one.record.values.get("site", "") if one.record else ""
    ranked = sorted(
        one.ties, key=lambda tie: (tie.site.short_name != theirs, not tie.is_primary, tie.pk)
    )
    one.tie = ranked[0] if ranked else None
    one.fields |= tie_fields(one.tie)
    place = None if run.wide else one.tie.site_id if one.tie else 0
    one.fields["barcode"] = one.cards.get(place, "")


def tie_fields(tie: Association | None) -> dict[str, str]:
    """Return an association as text."""
    if tie is None:
        return dict.fromkeys(TIE, "")
    return {
        "site": tie.site.short_name,
        "patron_type": tie.patron_type.name,
        "access_level": tie.access_level.name,
        "resource_group": tie.resource_group.name if tie.resource_group else "",
        "homeroom": tie.homeroom.name if tie.homeroom else "",
    }


def _near(one: str, other: str) -> bool:
    return bool(one) and (one == other or one_letter_off(one, other))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _spellings(text: str) -> set[str]:
    """Return a text as the database writes it in small letters: SQLite knows A to Z only."""
    if text.isascii() or connection.vendor != "sqlite":
        return {text.lower()}
    return {
        "".join(c.lower() if c.isascii() else c for c in spelled)
        for spelled in (text, text.lower(), text.upper(), text.title(), text.capitalize())
    }


def _parts[T](values: Iterable[T]) -> Iterator[list[T]]:
    """Yield values that are not empty, each once, in lists that fit into a query."""
    known = [value for value in dict.fromkeys(values) if value]
    for start in range(0, len(known), _SOME):
        yield known[start : start + _SOME]
