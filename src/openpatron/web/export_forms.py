"""The forms in which the list of patrons can be taken along, in words."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from .gate import OrganizationRequest

SPREADSHEET = {"csv": ("csv", "text/csv; charset=utf-8"), "json": ("json", "application/json")}
"""What is written for people → how the file's name ends, and its content type."""

FEED = "feed"
"""What the command calls ``csv``; here that word is the spreadsheet's."""

_PEOPLE: dict[str, StrOrPromise] = {
    "csv": gettext_lazy("Spreadsheet (CSV)"),
    "json": gettext_lazy("JSON with everything"),
}
_SYSTEMS: dict[str, StrOrPromise] = {
    FEED: gettext_lazy("OpenPatron (CSV, a row for each site)"),
    "oneroster-1.2": gettext_lazy("OneRoster 1.2 (zip)"),
    "koha": gettext_lazy("Koha (CSV)"),
    "folio": gettext_lazy("FOLIO (JSON)"),
    "alma": gettext_lazy("Alma (XML)"),
    "destiny": gettext_lazy("Destiny (CSV)"),
}
FORMS = (*_PEOPLE, *_SYSTEMS)


class Export(NamedTuple):
    """One entry of the menu."""

    label: StrOrPromise
    address: str


def exports(request: OrganizationRequest, query: str) -> dict[str, list[Export]]:
    """Return the entries of the menu: for people, for other systems; ``query``: the filters."""
    slug = request.organization.slug

    def entries(labels: dict[str, StrOrPromise]) -> list[Export]:
        return [
            Export(label, reverse("export_patrons", args=[slug, form]) + query)
            for form, label in labels.items()
        ]

    return {"people": entries(_PEOPLE), "systems": entries(_SYSTEMS)}
