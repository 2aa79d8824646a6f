"""Writing associations with further sites, made, changed or ended: in a run, and back in an undo.

What was and what is to be is a ``State`` each, None for no association (``deciding_sites``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openpatron.kernel.rows import insert_rows, update_rows
from openpatron.patrons.models import Association, Barcode, Patron
from openpatron.patrons.search import search_text

from .deciding_sites import ASKS, State, state_of
from .matching import Ours
from .run_cards import Card, set_cards
from .run_clashes import Numbers
from .run_context import Run
from .run_rooms import rooms_of
from .run_write import NEW_TIE, Person, tie_values

if TYPE_CHECKING:
    from openpatron.ledger.models import Change
    from openpatron.organizations.models import Site

type States = Mapping[str, State | None]


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody at further sites, by short name; cards that are given are filled into ``after``.

    ``ours`` is None for who is new: then nothing is changed or ended.
    """

    patron: int
    ours: Ours | None
    before: States
    after: States


@dataclass(frozen=True, slots=True)
class _At:
    """One of these associations: ``tie`` is there where it is changed or ended."""

    patron: int
    site: Site
    tie: Association | None
    was: State | None
    now: State | None


def write_sites(run: Run, guests: list[Guest], *, back: bool = False) -> None:
    """Make the associations what they are to be; ``back``: what the run gave goes without trace."""
    if not guests:
        return
    every = [
        _At(one.patron, run.sites[site], _tie_at(one.ours, site), one.before[site], now)
        for one in guests
        for site, now in one.after.items()
        if site in run.sites
    ]
    ended = [one for one in every if one.now is None]
    _end(ended, {one.patron: one.ours for one in guests}, back=back)
    rooms = rooms_of(
        run, ({"site": one.site.short_name, **one.now} for one in every if one.now is not None)
    )
    made, changed = [], []
    for one in every:
        if one.now is None:
            continue
        values = tie_values(run, {**one.now, "site": one.site.short_name}, rooms)
        if one.tie is None:
            made.append((run.organization.pk, one.patron, *values, bool(one.now.get("primary"))))
        else:
            changed.append((*values, one.tie.pk))
    _make_room(made)
    insert_rows(Association, NEW_TIE, made)
    update_rows(Association, NEW_TIE[2:-1], changed)
    cards = _cards(run, [one for one in every if one.now is not None], back=back)
    set_cards(run, cards, ())
    _index({card.patron for card in cards} | {one.patron for one in ended})


def _tie_at(ours: Ours | None, site: str) -> Association | None:
    ties = ours.ties if ours else []
    return next((tie for tie in ties if tie.site.short_name == site), None)


def _end(ended: list[_At], people: Mapping[int, Ours | None], *, back: bool) -> None:
    """Take associations away; their cards are retired, or were never given."""
    ties = [one.tie for one in ended if one.tie is not None]
    Association.objects.filter(pk__in=[tie.pk for tie in ties]).delete()
    heirs = []
    for tie in ties:
        ours = people.get(tie.patron_id)
        if tie.is_primary and ours is not None and ours.tie is not None:
            heirs.append((True, ours.tie.pk))
    update_rows(Association, ["is_primary"], heirs)
    places = {(one.patron, one.site.pk): one.was or {} for one in ended}
    held = Barcode.objects.filter(
        patron__in=[one.patron for one in ended], state=Barcode.State.CURRENT, site__isnull=False
    )
    gone, retired = [], []
    for card in held:
        was = places.get((card.patron_id or 0, card.site_id or 0))
        if was is not None and back and card.value == was.get("barcode"):
            gone.append(card.pk)
        elif was is not None:
            retired.append((Barcode.State.RETIRED.value, card.pk))
    Barcode.objects.filter(pk__in=gone).delete()
    update_rows(Barcode, ["state"], retired)


def _make_room(made: list[tuple[Any, ...]]) -> None:
    """Let the others of a person be none the primary one where one that comes back was it."""
    patrons = [row[1] for row in made if row[-1]]
    if patrons:
        Association.objects.filter(patron__in=patrons).update(is_primary=False)


def _cards(run: Run, every: list[_At], *, back: bool) -> list[Card]:
    """Return the cards to give, and write into the states what is given in the end."""
    if run.wide:
        return []
    differ = [
        one for one in every if one.now and one.now["barcode"] != (one.was or {}).get("barcode", "")
    ]
    wanted = {one.now["barcode"] for one in differ if one.now} - {"", ASKS}
    held = {}
    if wanted:
        rows = Barcode.objects.filter(organization=run.organization, value__in=wanted)
        held = {(row.site_id, row.value): row.patron_id for row in rows}
    numbers, cards = Numbers(run), []
    for one in differ:
        assert one.now is not None  # noqa: S101  filtered above
        value, has = one.now["barcode"], (one.was or {}).get("barcode", "")
        place = one.site.pk, value
        if value == ASKS or (value and held.get(place, one.patron) != one.patron):
            gives = not has and not back and run.setup.barcode_taken != "reject"
            pattern = one.site.barcode_pattern.digits
            value = next(iter(numbers.give(one.site, 1)), "") if gives and pattern else has
        held[one.site.pk, value] = one.patron
        one.now["barcode"] = value
        if value != has:
            cards.append(Card(one.patron, one.site, value))
    return cards


def sites_of(row: Change) -> tuple[dict[str, State | None], dict[str, State | None]]:
    """Return what a change of a run says of further sites: before, and after."""
    book = row.after.get("_feed", {})
    # What runs of earlier versions gave: all of it was made.
    after = book.get("sites") or book.get("given") or {}
    before = row.before.get("_feed", {}).get("sites", {})
    return {site: before.get(site) for site in after}, after


def is_as_written(ours: Ours, before: States, after: States) -> bool:
    """Tell whether the further associations are as a run left them."""
    for site, state in after.items():
        tie = _tie_at(ours, site)
        if tie is None or state is None:
            if tie is not None or state is not None:
                return False
            continue
        now = state_of(ours, tie)
        if before[site] is None and "primary" in now:
            return False
        if any(now.get(name, "") != state.get(name, "") for name in now if name != "primary"):
            return False
    return True


def fits(run: Run, states: States) -> bool:
    """Tell whether what these states name is still there."""
    return all(
        site in run.sites
        and state["patron_type"] in run.types
        and state["access_level"] in run.levels
        for site, state in states.items()
        if state is not None
    )


def _index(patrons: Iterable[int]) -> None:
    """Have the search box find people by their present numbers."""
    ids = sorted(set(patrons))
    numbers: dict[int, list[str]] = {pk: [] for pk in ids}
    for patron, value in (
        Barcode.objects.filter(patron__in=ids).order_by("pk").values_list("patron", "value")
    ):
        numbers[int(patron or 0)].append(value)
    rows = []
    for row in Patron.objects.filter(pk__in=ids).values(
        "pk", "district_id", *(f"account__{name}" for name in Person._fields)
    ):
        person = Person(*(row[f"account__{name}"] for name in Person._fields))
        rows.append((search_text(person, row["district_id"], numbers[row["pk"]]), row["pk"]))
    update_rows(Patron, ["search_text"], rows)
