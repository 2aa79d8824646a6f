"""The list of patrons: search, filters, order, columns, export; all of it in the address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_safe

from openpatron.patrons.actions.register_patron import PERMISSION as REGISTER
from openpatron.patrons.list_words import ListWords, as_text
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import (
    cards_in_sight,
    in_order,
    number_of_patrons,
    patrons as patrons_of,
    patrons_by_barcode,
    with_ties,
)
from openpatron.patrons.whom import PERMISSION as UPDATE

from .export_forms import exports
from .gate import OrganizationRequest, page
from .patron_menu import menus

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse, QueryDict
    from django_stubs_ext import StrOrPromise

    from openpatron.access.actor import Actor
    from openpatron.patrons.models import Barcode

PER_PAGE = 50

# What a column is called in the address, and in words. The name stands always.
COLUMNS: dict[str, StrOrPromise] = {
    "site": gettext_lazy("Sites"),
    "type": gettext_lazy("Patron type"),
    "barcode": gettext_lazy("Barcode"),
    "grade": gettext_lazy("Grade level"),
    "year": gettext_lazy("Graduation year"),
    "status": gettext_lazy("Status"),
    "expires": gettext_lazy("Expires"),
    "username": gettext_lazy("Username"),
    "district_id": gettext_lazy("District ID"),
    "email": gettext_lazy("E-mail"),
}
_USUAL = ["site", "type", "barcode", "grade", "year", "status"]
# Heads that sort: the column in the address, the field that in_order() knows.
ORDERS = {
    "name": "name",
    "status": "status",
    "grade": "grade_level",
    "year": "graduation_year",
    "expires": "expires_on",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter that is on, and the address without it."""

    label: str
    value: str
    address: str


class PatronListAddress(ListWords):
    """The list's state, read from its address: nothing else decides what is shown."""

    def __init__(self, request: OrganizationRequest) -> None:
        super().__init__(request.actor, request.GET.dict())
        self.query = request.GET

    @property
    def order(self) -> str:
        given = self.query.get("sort", "name")
        return given if given.removeprefix("-") in ORDERS else "name"

    @property
    def chips(self) -> list[Chip]:
        chips = [Chip(c.label, c.shown, self.without(c.name)) for c in self.choices if c.chosen]
        if self.text:
            chips.insert(0, Chip(_("Search"), self.text, self.without("q", "scan")))
        return chips

    @property
    def keeps(self) -> list[tuple[str, str]]:
        """What a new search keeps: all but the text and the place."""
        names = [c.name for c in self.choices if c.chosen] + ["sort"]
        return [(name, self.query[name]) for name in names if self.query.get(name)]

    @property
    def state(self) -> list[tuple[str, str]]:
        """All of the state but the place, for the hidden fields of a form."""
        return [(name, value) for name, values in _clean(self.query).lists() for value in values]

    @property
    def bare(self) -> str:
        """The address of the whole list."""
        return "?"

    @property
    def as_text(self) -> str:
        """The address that takes the text as a part of a name, not as a scanned barcode."""
        return self.with_values({"scan": "no"})

    @property
    def orders(self) -> list[tuple[str, str]]:
        """The orders there are, for small screens, whose tables have no heads."""
        labels = {"name": _("Name")} | {
            name: str(COLUMNS[name]) for name in ORDERS if name != "name"
        }
        up = [(name, _("%s, ascending") % label) for name, label in labels.items()]
        down = [(f"-{name}", _("%s, descending") % label) for name, label in labels.items()]
        return [("", up[0][1]), *up[1:], *down]

    def without(self, *names: str) -> str:
        """Return the address without some of its values, and from the first page."""
        return self.with_values(dict.fromkeys(names))

    def with_values(self, values: dict[str, str | None]) -> str:
        """Return the address with some values changed or taken out, from the first page."""
        query = _clean(self.query)
        for name, value in values.items():
            query.pop(name, None)
            if value is not None:
                query[name] = value
        return "?" + query.urlencode()

    def found(self) -> QuerySet[Patron]:
        """Return the patrons of the list, in its order."""
        order = self.order
        field = ("-" if order.startswith("-") else "") + ORDERS[order.removeprefix("-")]
        return in_order(patrons_of(self.actor, self.filter), field, self.grades)


@page("patrons.view")
@require_safe
def patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the list; a code that is somebody's barcode opens that patron at once."""
    address = PatronListAddress(request)
    cards = []
    if address.text and request.GET.get("scan") != "no":
        cards = patrons_by_barcode(request.actor, address.text)
        if len(cards) == 1:
            return redirect("patron", request.organization.slug, cards[0].pk)
    columns = _columns(request)
    context: dict[str, Any] = {
        "title": _("Patrons"),
        "breadcrumbs": [],
        "address": address,
        "search_text": address.text,
        "search_keeps": address.keeps,
        "may_remove": request.actor.may_anywhere("patrons.remove"),
        "all_columns": [(name, label, name in columns) for name, label in COLUMNS.items()],
        "columns": columns,
    }
    if cards:
        every = menus(request, cards)
        context["rows"] = [
            (
                patron,
                [c for c in _current_cards(request.actor, patron) if c.value == address.text],
                every[patron.pk],
            )
            for patron in cards
        ]
        return TemplateResponse(request, "web/patron_choose.html", context)
    shown = _Paginator(address).get_page(request.GET.get("page"))
    slug, every = [request.organization.slug], menus(request, shown)
    found = urlencode({"who": "found", "found": as_text(address.kept)})
    context |= {
        "may_update": request.actor.may(UPDATE),
        "update_address": f"{reverse('update_patrons', args=slug)}?{found}",
        "save_address": f"{reverse('save_list', args=slug)}?{as_text(address.kept)}",
        "page": shown,
        "heads": _heads(address, columns),
        "rows": [
            (patron, _current_cards(request.actor, patron), every[patron.pk]) for patron in shown
        ],
        "may_register": request.actor.may_anywhere(REGISTER),
        "exports": exports(request, address.without()),
    }
    return TemplateResponse(request, "web/patron_list.html", context)


class _Paginator(Paginator[Patron]):
    """Pages whose count is a question of its own."""

    def __init__(self, address: PatronListAddress) -> None:
        super().__init__(with_ties(address.found()), PER_PAGE)
        self._address = address

    @cached_property
    def count(self) -> int:
        return number_of_patrons(self._address.actor, self._address.filter)


def _current_cards(actor: Actor, patron: Patron) -> list[Barcode]:
    return [card for card in cards_in_sight(actor, patron) if card.state == card.State.CURRENT]


def _columns(request: OrganizationRequest) -> list[str]:
    """Return the columns chosen now, or last time."""
    if "columns" in request.GET:
        chosen = set(request.GET.getlist("columns"))
        request.session["patron_columns"] = [name for name in COLUMNS if name in chosen]
    kept = request.session.get("patron_columns", _USUAL)
    return [name for name in COLUMNS if name in kept]


def _heads(address: PatronListAddress, columns: list[str]) -> list[dict[str, Any]]:
    """Return the table's heads: words, and for those that sort the address and the direction."""
    heads = []
    for name, label in [("name", _("Name")), *((name, COLUMNS[name]) for name in columns)]:
        head: dict[str, Any] = {"name": name, "label": label}
        if name in ORDERS:
            head["sort"] = {name: "ascending", f"-{name}": "descending"}.get(address.order, "")
            following = f"-{name}" if address.order == name else name
            head["address"] = address.with_values({"sort": following})
        heads.append(head)
    return heads


def _clean(query: QueryDict) -> QueryDict:
    """Return a copy without the place, the columns and empty values."""
    copy = query.copy()
    for name in list(copy):
        if name in {"page", "columns"} or not copy[name]:
            del copy[name]
    return copy
