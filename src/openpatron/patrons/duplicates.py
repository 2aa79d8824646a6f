"""Who may be in an organization twice: finding pairs of records, and reading those found.

All records are read once, birthday by birthday, and only those are compared that share the
beginning of a name; so a million take seconds, not minutes. What is found is kept in a table.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import TYPE_CHECKING, Any

from django.db.models import Func, Value
from django.db.models.functions import Lower, Replace, Upper
from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.text import one_letter_off

from .models import Patron, PossibleDuplicate
from .queries import visible, with_ties

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from django.db.models import QuerySet

    from openpatron.access.actor import Actor

PERMISSION = "patrons.manage_district"

Likeness = PossibleDuplicate.Likeness
Pairs = dict[tuple[int, int], int]

# So many who share a beginning of a name and a birthday are compared with each other.
_ALIKE = 60
# An address or a name that more records have than this says nothing.
_SHARED = 6
_CHUNK, _READ = 500, 5_000
_BEGINNING = 3


@dataclass(frozen=True, slots=True)
class Name:
    """A record's folded names, taken apart."""

    patron: int
    family: str
    given: str

    @classmethod
    def of(cls, patron: int, sort_name: str) -> Name:
        """Take "lovelace, ada marie" apart."""
        family, _comma, given = sort_name.partition(", ")
        return cls(patron, family, given)

    @property
    def first(self) -> str:
        """The first given name."""
        return self.given.partition(" ")[0]


def possible_duplicates(actor: Actor) -> QuerySet[PossibleDuplicate]:
    """Return the pairs that nobody has called two people, the surest first."""
    actor.require(PERMISSION)
    actor.require("patrons.view")
    found = PossibleDuplicate.objects.filter(two_people=False)
    return found.select_related("one__account", "other__account").order_by("likeness", "pk")


def possible_duplicate(actor: Actor, number: int) -> PossibleDuplicate:
    """Return one pair, or raise ``NotFoundError``."""
    found = possible_duplicates(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no such pair of patrons here."))
    return found


def records_of(actor: Actor, pairs: Iterable[PossibleDuplicate]) -> dict[int, Patron]:
    """Return the patrons of some pairs, with associations and barcodes, by id."""
    ids = {patron for pair in pairs for patron in (pair.one_id, pair.other_id)}
    found = with_ties(visible(actor).select_related("account").filter(pk__in=ids))
    return {patron.pk: patron for patron in found}


def find_pairs() -> Pairs:
    """Return all pairs in the opened organization that may be one person, with what they share."""
    found: Pairs = {}
    for one, other, likeness in (
        *_born_on_one_day(), *_like_ids(), *_same_addresses(), *_without_birth_date()
    ):  # fmt: skip
        pair = (min(one, other), max(one, other))
        found[pair] = min(likeness, found.get(pair, likeness))
    return found


def _born_on_one_day() -> Iterator[tuple[int, int, int]]:
    people = Patron.objects.filter(account__birth_date__isnull=False).order_by(
        "account__birth_date", "pk"
    )
    rows = people.values_list("account__birth_date", "pk", "sort_name")
    for _day, born in groupby(rows.iterator(chunk_size=_READ), key=lambda row: row[0]):
        names = [Name.of(patron, sort_name) for _date, patron, sort_name in born]
        if len(names) > 1:
            yield from _alike(names)


def _alike(names: Iterable[Name]) -> Iterator[tuple[int, int, int]]:
    """Compare those who share the beginning of a name, also of the other one."""
    beginnings: dict[tuple[str, str], list[Name]] = defaultdict(list)
    for name in names:
        beginnings["family", name.family[:_BEGINNING]].append(name)
        beginnings["given", name.given[:_BEGINNING]].append(name)
        beginnings["swapped", " ".join(sorted((name.family, name.given)))].append(name)
    for (which, beginning), some in beginnings.items():
        if beginning and len(some) <= (_ALIKE if which != "swapped" else _SHARED):
            for one, other in combinations(some, 2):
                likeness = _likeness(one, other)
                if likeness is not None:
                    yield one.patron, other.patron, likeness


def _likeness(one: Name, other: Name) -> int | None:
    """Tell what two who were born on one day have in common, if enough."""
    if (one.family, one.given) == (other.family, other.given):
        return Likeness.PERSON
    if (one.family, one.given) == (other.given, other.family):
        return Likeness.SWAPPED
    return Likeness.NEAR if _near(one, other) else None


def _near(one: Name, other: Name) -> bool:
    """Tell whether both names are the same but for a letter, or the given one is shortened."""
    family = one.family == other.family or one_letter_off(one.family, other.family)
    if not family or not one.first or not other.first:
        return family and one.given == other.given
    short, long = sorted((one.first, other.first), key=len)
    return (
        short == long
        or (len(short) >= _BEGINNING and long.startswith(short))
        or (len(short) >= _BEGINNING and one_letter_off(short, long))
    )


def _like_ids() -> Iterator[tuple[int, int, int]]:
    """Yield who have nearly one name, and ids that differ by zeros, hyphens or O for 0."""
    bare = Upper("district_id")
    for sign, instead in (("-", ""), (" ", ""), (".", ""), ("O", "0")):
        bare = Replace(bare, Value(sign), Value(instead))  # type: ignore[assignment]
    key = Func(bare, Value("0"), function="LTRIM")
    people = Patron.objects.exclude(district_id="").annotate(key=key)
    yield from _near_in_groups(people, Likeness.DISTRICT_ID)


def _same_addresses() -> Iterator[tuple[int, int, int]]:
    """Yield who have nearly one name and one e-mail address, the additional one at least once."""
    people = Patron.objects.exclude(additional_email="").annotate(key=Lower("additional_email"))
    yield from _near_in_groups(people, Likeness.EMAIL)
    rows = people.values_list("key", "pk", "sort_name").order_by("pk")
    for chunk in _chunks(rows.iterator(chunk_size=_CHUNK)):
        by_address: dict[str, list[Name]] = defaultdict(list)
        for address, patron, sort_name in chunk:
            by_address[address].append(Name.of(patron, sort_name))
        mail = Lower("account__email")
        owners = Patron.objects.exclude(account__email="").annotate(key=mail)
        owners = owners.filter(key__in=list(by_address))
        for address, patron, sort_name in owners.values_list("key", "pk", "sort_name"):
            owner = Name.of(patron, sort_name)
            for name in by_address[address]:
                if name.patron != patron and _near(name, owner):
                    yield name.patron, patron, Likeness.EMAIL


def _near_in_groups(people: QuerySet[Any], likeness: int) -> Iterator[tuple[int, int, int]]:
    """Yield the pairs with one ``key`` and nearly one name; one query, in the order of the key."""
    rows = people.order_by("key", "pk").values_list("key", "pk", "sort_name")
    for _key, some in groupby(rows.iterator(chunk_size=_READ), key=lambda row: row[0]):
        names = [Name.of(patron, sort_name) for _key, patron, sort_name in some]
        for one, other in combinations(names, 2) if len(names) <= _SHARED else ():
            if _near(one, other):
                yield one.patron, other.patron, likeness


def _without_birth_date() -> Iterator[tuple[int, int, int]]:
    """Yield who are called the same where one has no birth date.

    Where neither has one, they leave school in one year, too: names alone say little.
    """
    people = Patron.objects.exclude(sort_name="").order_by("sort_name", "pk")
    rows = people.values_list("sort_name", "pk", "account__birth_date", "graduation_year")
    for _name, some in groupby(rows.iterator(chunk_size=_READ), key=lambda row: row[0]):
        called = list(some)
        for (_one, one, born, year), (_other, other, too, same) in (
            combinations(called, 2) if len(called) <= _SHARED else ()
        ):
            if (born is None) != (too is None) or (born is too and year == same):
                yield one, other, Likeness.NAME


def _chunks[T](rows: Iterable[T]) -> Iterator[Collection[T]]:
    some: list[T] = []
    for row in rows:
        some.append(row)
        if len(some) == _CHUNK:
            yield some
            some = []
    if some:
        yield some
