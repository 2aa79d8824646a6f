"""One organization of the largest size: for each size n a site "s<n>", and one site "target".

At "s<n>" n patrons are of grade 5 (the selection) and n/10 of grade 6. Of the selection, 1 % hold
a number that somebody else holds at the target, and 1 % are associated with the target already.
All sizes lie in one database, so that every index is equally deep for all of them.
"""

from __future__ import annotations

import random
from itertools import chain
from typing import TYPE_CHECKING, Any

import psycopg.sql
from django.db import connection, models

from openpatron.access.models import AccessLevel
from openpatron.accounts.models import Account, Registration
from openpatron.kernel.statistics import refresh_statistics
from openpatron.kernel.text import fold
from openpatron.organizations.models import Organization, PatronType, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Association, Barcode, Patron

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SLUG = "bench"
TARGET = "target"
PREFIX, DIGITS = "2", 9
"""The pattern of card numbers, the same at every site, as districts have it."""

GIVEN = (
    "Ada Aisha Ana Andrés Anna Anneliese Aoife Ben Björn Carlos Chloe Chiara Daniel Dmitri Elena "
    "Élodie Emma Fatima Finn François Grace Hannah Hiroshi Ibrahim Ingrid Isabella Jack James "
    "Jasmine Joanna José Julia Kateryna Kenji Lars Leah Liam Lucía Łukasz Maria Marianne Mateo "
    "Mehmet Mia Mohammed Nadia Noah Nguyet Olga Olivia Omar Owen Pedro Priya Quentin Rosa Ruth "
    "Samuel Sara Sofía Tariq Thomas Uma Valentina Victor Wei William Ximena Yusuf Zoë Zofia "
    "Анна Дмитрий Мария 美咲 太郎 محمد فاطمة"
).split()
_SYLLABLES = (
    "an bar ber bo bran ca chen da del den don er es fer fi gar gold gor ha har hol in jo ka kel "
    "ko la lan lee lin lo ma mar mc men mer mi mon mor na ner ni no nor o os pa pe per ra ram ri "
    "ro ros sa san sch sen sil so son stein ta ter to tor va van ver vi vo wal war wel wi wood za"
).split()
_SURNAMES = 8000


def surnames() -> list[str]:
    """Return surnames made of syllables, the same ones every time."""
    made = random.Random(1)
    return ["".join(made.choices(_SYLLABLES, k=2 + n % 2)).title() for n in range(_SURNAMES)]


def people(seed: int) -> Iterator[tuple[str, str]]:
    """Yield first and last names for ever; some surnames are a thousand times as common."""
    made = random.Random(seed)
    last = surnames()
    while True:
        # The product of two is Zipf-like enough: the first surname has about 1 in 900 people.
        yield made.choice(GIVEN), last[int(made.random() * made.random() * _SURNAMES)]


def card(number: int) -> str:
    """Return the card number of a running number."""
    return f"{PREFIX}{number:0{DIGITS}d}"


def build(sizes: Sequence[int]) -> None:
    """Fill the migrated, empty database."""
    organization = Organization.objects.create(name="Bench", slug=SLUG)
    with open_organization(organization):
        sites = {
            name: Site.objects.create(
                organization=organization,
                name=name,
                short_name=name,
                barcode_prefix=PREFIX,
                barcode_digits=DIGITS,
            ).pk
            for name in (*map(site_name, sizes), TARGET)
        }
        common = {
            "organization_id": organization.pk,
            "patron_type_id": PatronType.objects.create(
                organization=organization, name="Student"
            ).pk,
            "access_level_id": AccessLevel.objects.create(
                organization=organization, name="Patron", permissions=[]
            ).pk,
        }
    rows = _Rows(common, sites[TARGET])
    for n in sizes:
        rows.add_site(sites[site_name(n)], n)
    rows.add_holders()
    again = _drop_search_index()
    for model, made in rows.tables():
        fill(model, made)
    with connection.cursor() as cursor:
        for statement in again:
            cursor.execute(statement)
        # As a server's autovacuum would leave it.
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM (ANALYZE)")
        else:
            refresh_statistics()
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def site_name(n: int) -> str:
    """Return the short name of the site with n patrons to select."""
    return f"s{n}"


class _Rows:
    """Who is where, as small tuples; the wide rows are made from them while they are written."""

    def __init__(self, common: dict[str, int], target: int) -> None:
        self._common = common
        self._target = target
        self._people: list[tuple[int, str]] = []  # home site, grade; the place is the id
        self._also: list[int] = []  # patrons associated with the target too
        self._clashing: list[int] = []  # running numbers that others hold at the target

    def add_site(self, site: int, n: int) -> None:
        for place in range(n + n // 10):
            self._people.append((site, "5" if place < n else "6"))
            if place < n and place % 100 == 17:
                self._clashing.append(len(self._people))
            if place < n and place % 100 == 53:
                self._also.append(len(self._people))

    def add_holders(self) -> None:
        self._people += [(self._target, "7")] * len(self._clashing)

    def tables(self) -> Iterator[tuple[type[models.Model], Iterator[dict[str, Any]]]]:
        yield Account, self._accounts()
        yield Registration, self._registrations()
        yield Patron, self._patrons()
        yield Association, self._associations()
        yield Barcode, self._barcodes()

    def _numbers(self) -> list[int]:
        """The running number of each patron's card: the own id, or the one of whom they block."""
        own = len(self._people) - len(self._clashing)
        return [*range(1, own + 1), *self._clashing]

    def _accounts(self) -> Iterator[dict[str, Any]]:
        for n, (first, last) in zip(range(1, len(self._people) + 1), people(2), strict=False):
            yield {"id": n, "username": f"p{n}", "first_name": first, "last_name": last,
                   "password": "!"}  # fmt: skip

    def _registrations(self) -> Iterator[dict[str, Any]]:
        for n in range(1, len(self._people) + 1):
            yield {"id": n, "account_id": n, "organization_id": self._common["organization_id"]}

    def _patrons(self) -> Iterator[dict[str, Any]]:
        known: dict[str, str] = {}
        everybody = zip(self._people, self._numbers(), people(2), strict=False)
        for n, ((_site, grade), number, (first, last)) in enumerate(everybody, start=1):
            for name in (first, last):
                if name not in known:
                    known[name] = fold(name)
            yield {
                "id": n, "organization_id": self._common["organization_id"], "account_id": n,
                "district_id": f"d{n}", "grade_level": grade, "graduation_year": 2034,
                "search_text": f"{known[first]} {known[last]} p{n} d{n} {card(number)}",
                "sort_name": f"{known[last]}, {known[first]}",
            }  # fmt: skip

    def _associations(self) -> Iterator[dict[str, Any]]:
        homes = ((n, site, True) for n, (site, _grade) in enumerate(self._people, start=1))
        also = ((n, self._target, False) for n in self._also)
        for n, (patron, site, primary) in enumerate(chain(homes, also), start=1):
            yield self._common | {
                "id": n, "patron_id": patron, "site_id": site, "is_primary": primary
            }  # fmt: skip

    def _barcodes(self) -> Iterator[dict[str, Any]]:
        numbers = self._numbers()
        homes = ((n, site) for n, (site, _grade) in enumerate(self._people, start=1))
        also = ((n, self._target) for n in self._also)
        for n, (patron, site) in enumerate(chain(homes, also), start=1):
            number = numbers[patron - 1]
            yield {
                "id": n, "organization_id": self._common["organization_id"], "patron_id": patron,
                "site_id": site, "value": card(number), "number": number,
            }  # fmt: skip


def fill(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
    """Write the rows as fast as the engine can; what they leave out has the field's default."""
    blank = model()
    defaults = {
        str(f.column): f.get_db_prep_save(f.pre_save(blank, add=True), connection)
        for f in model._meta.concrete_fields
    }
    names = list(defaults)
    values = (tuple((defaults | row).values()) for row in rows)
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            columns, places = ", ".join(names), ", ".join("?" * len(names))
            raw = cursor.connection
            assert raw is not None
            raw.execute("BEGIN")
            raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)
            raw.execute("COMMIT")
            return
        into = psycopg.sql.SQL("COPY {} ({}) FROM STDIN").format(
            psycopg.sql.Identifier(table),
            psycopg.sql.SQL(", ").join(map(psycopg.sql.Identifier, names)),
        )
        with cursor.copy(into) as copy:
            for row in values:
                copy.write_row(row)
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))"
        )


def _drop_search_index() -> list[str]:
    """Drop what keeps the search index while rows come in; return what makes it again, faster."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sql FROM sqlite_master WHERE name = 'patrons_search_insert'")
            again = [
                "INSERT INTO patrons_search (patrons_search) VALUES ('rebuild')",
                cursor.fetchall()[0][0],
            ]
            cursor.execute("DROP TRIGGER patrons_search_insert")
        else:
            cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'patrons_search'")
            again = [cursor.fetchall()[0][0]]
            cursor.execute("DROP INDEX patrons_search")
    return again
