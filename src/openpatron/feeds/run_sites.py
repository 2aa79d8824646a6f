"""The associations with further sites that a run makes of several rows of one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openpatron.accounts.models import Account
from openpatron.kernel.rows import insert_rows, update_rows
from openpatron.patrons.models import Association, Barcode, Patron
from openpatron.patrons.search import search_text

from .matching import Ours, tie_fields
from .run_cards import Card, set_cards
from .run_clashes import Numbers
from .run_context import Run
from .run_rooms import rooms_of
from .several_rows import SAID, Further

if TYPE_CHECKING:
    from openpatron.organizations.models import Site

_TIE = ("organization_id", "patron_id", "site_id", "patron_type_id", "access_level_id",
        "resource_group_id", "homeroom_id", "is_primary")  # fmt: skip
_NAMED = ("first_name", "middle_name", "last_name", "preferred_name", "username", "email")


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who gets associations with further sites; ``given`` is filled with what they got."""

    patron: int
    further: Further
    given: Further


def give_sites(run: Run, guests: list[Guest]) -> None:
    """Make the associations with further sites, and their cards."""
    if not guests:
        return
    people = [
        (one, run.sites[site], values)
        for one in guests
        for site, values in one.further.items()
        if site in run.sites
    ]
    rooms = rooms_of(run, ({"site": s.short_name, **values} for _one, s, values in people))
    rows, cards, numbers = [], [], Numbers(run)
    taken = _taken(run, [values["barcode"] for _o, _s, values in people if values.get("barcode")])
    for one, site, values in people:
        group = run.groups.get((site.pk, values.get("resource_group", "")))
        rows.append(
            (
                run.organization.pk, one.patron, site.pk, run.types[values["patron_type"]].pk,
                run.levels[values["access_level"]].pk, group.pk if group else None,
                rooms.get((site.pk, values.get("homeroom", ""))), False,
            )
        )  # fmt: skip
        number = _number(run, site, values.get("barcode", ""), numbers, taken)
        if number:
            cards.append(Card(one.patron, site, number))
        one.given[site.short_name] = {**values, "barcode": number}
    insert_rows(Association, _TIE, rows)
    set_cards(run, cards, ())
    _index(card.patron for card in cards)


def _taken(run: Run, values: list[str]) -> set[tuple[int | None, str]]:
    rows = Barcode.objects.filter(organization=run.organization, value__in=values)
    return set(rows.values_list("site", "value")) if values else set()


def _number(
    run: Run, site: Site, wanted: str, numbers: Numbers, taken: set[tuple[int | None, str]]
) -> str:
    """Return the number of a card at a further site: the row's own, the next one, or none."""
    if run.wide:
        # The one of the whole organization is there.
        return ""
    if wanted and (site.pk, wanted) not in taken:
        taken.add((site.pk, wanted))
        return wanted
    if run.setup.barcode_taken == "reject" or not site.barcode_pattern.digits:
        return ""
    return next(iter(numbers.give(site, 1)), "")


def is_as_given(ours: Ours, given: Mapping[str, Mapping[str, str]]) -> bool:
    """Tell whether the associations that a run gave are as it gave them."""
    ties = {tie.site.short_name: tie for tie in ours.ties}
    for site, values in given.items():
        tie = ties.get(site)
        if tie is None or tie.is_primary or ours.cards.get(tie.site_id, "") != values["barcode"]:
            return False
        now = tie_fields(tie)
        if any(now[name] != values.get(name, "") for name in SAID if name in now):
            return False
    return True


def take_sites_back(run: Run, given: Mapping[int, Mapping[str, Mapping[str, str]]]) -> None:
    """Take back the associations and cards that a run gave, by patron."""
    cards, patrons = [], list(given)
    found = Association.objects.filter(patron__in=patrons).select_related("site")
    ties = [tie.pk for tie in found if tie.site.short_name in given[tie.patron_id]]
    for card in Barcode.objects.filter(patron__in=patrons, site__isnull=False):
        site = next((s for s, place in run.sites.items() if place.pk == card.site_id), "")
        if card.value and given[card.patron_id or 0].get(site, {}).get("barcode") == card.value:
            cards.append(card.pk)
    Association.objects.filter(pk__in=ties).delete()
    Barcode.objects.filter(pk__in=cards).delete()
    _index(patrons)


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
        "pk", "district_id", *(f"account__{name}" for name in _NAMED)
    ):
        person = Account(**{name: row[f"account__{name}"] for name in _NAMED})
        rows.append((search_text(person, row["district_id"], numbers[row["pk"]]), row["pk"]))
    update_rows(Patron, ["search_text"], rows)
