"""Giving many patrons the cards that a source says, those that go from one to another as well."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from openpatron.kernel.rows import insert_rows, update_rows
from openpatron.organizations.models import Site
from openpatron.patrons.models import Barcode

from .run_context import Run

_SOME = 10_000
_COLUMNS = ("organization_id", "patron_id", "site_id", "value", "state", "number")


@dataclass(frozen=True, slots=True)
class Card:
    """A number for a patron at a site; "" takes the present one away."""

    patron: int
    site: Site
    value: str


def set_cards(run: Run, cards: list[Card], moved: Collection[int]) -> None:
    """Make these the current cards; earlier ones are replaced, those of ``moved`` are retired.

    A number that somebody else has goes over: the caller knows that they give it up.
    """
    if not cards:
        return
    there: dict[tuple[int | None, str], Barcode] = {}
    for values in _parts({card.value for card in cards if card.value}):
        for row in Barcode.objects.filter(organization=run.organization, value__among=values):
            there[row.site_id, row.value] = row
    wanted = {(_place(run, card), card.value): card for card in cards}
    present: list[Barcode] = []
    for patrons in _parts({card.patron for card in cards}):
        present += Barcode.objects.filter(patron__among=patrons, state=Barcode.State.CURRENT)
    places = {(card.patron, _place(run, card)) for card in cards}
    replaced, retired = [], []
    for row in present:
        if (row.patron_id, row.site_id) in places:
            replaced.append((Barcode.State.REPLACED.value, row.pk))
        elif row.patron_id in moved and not run.wide:
            retired.append((Barcode.State.RETIRED.value, row.pk))
    update_rows(Barcode, ["state"], replaced + retired)
    rows = [(there[key], card) for key, card in wanted.items() if key in there]
    update_rows(Barcode, ["patron_id", "state"], [(None, "replaced", row.pk) for row, _c in rows])
    update_rows(
        Barcode, ["patron_id", "state"], [(card.patron, "current", row.pk) for row, card in rows]
    )
    insert_rows(
        Barcode,
        _COLUMNS,
        (
            (
                run.organization.pk, card.patron, place, value, "current",
                card.site.barcode_pattern.number(value),
            )
            for (place, value), card in wanted.items()
            if value and (place, value) not in there
        ),
    )  # fmt: skip


def _place(run: Run, card: Card) -> int | None:
    return None if run.wide else card.site.pk


def _parts[T](values: Iterable[T]) -> Iterator[list[T]]:
    known = list(values)
    for start in range(0, len(known), _SOME):
        yield known[start : start + _SOME]
