"""Merge two patrons: both records side by side, and field by field which value stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.merge_patrons import (
    PERMISSION,
    Pair,
    ask,
    elsewhere,
    plan_merge,
)
from openpatron.patrons.merging import (
    OF_PERSON,
    OF_RECORD,
    cards_of_both,
    filling,
    key_of,
    sites_of_both,
)
from openpatron.patrons.models import Patron
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.whole_record import PATRON, read

from .gate import OrganizationRequest, page
from .once import made, request_key
from .templatetags.web import field_title

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.whole_record import Record

_TAKE = "take."
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing in which the records differ: its key, both values, and which is chosen."""

    key: str
    label: str
    kept: str
    other: str
    takes_other: bool


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def merge_patrons(request: OrganizationRequest, kept: int, other: int) -> HttpResponse:
    """Show both records and what may be chosen; *Preview* makes the job and goes to it."""
    if kept == other:
        raise Http404
    one, two = patron_of(request.actor, kept), patron_of(request.actor, other)
    records = read([kept, other])
    is_shared = one.account_id in elsewhere([one.account_id])
    posted = request.POST if request.method == "POST" else None
    taken = (
        filling(records[kept][PATRON][0], records[other][PATRON][0])
        if posted is None
        else {k.removeprefix(_TAKE) for k, v in posted.items() if v == _OTHER}
    )
    error = ""
    if posted is not None:
        try:
            pairs = ask(request.actor, [Pair(kept, other, tuple(sorted(taken)))])
        except InputError as wrong:
            error = str(wrong)
        else:
            key = request_key(request, ["merge", str(kept), str(other), *sorted(taken)])
            return made(request, plan_merge(request.actor, pairs, key))
    choices = _choices(one, two, records, taken, is_shared=is_shared)
    context = {
        "title": _("Merge two patrons"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug])),
            (
                _("Possible duplicates"),
                reverse("possible_duplicates", args=[request.organization.slug]),
            ),
        ],
        "one": one,
        "two": two,
        "choices": choices,
        "is_shared": is_shared,
        "error": error,
        "request_key": uuid4(),
    }
    return TemplateResponse(
        request, "web/merge_patrons.html", context, status=422 if error else 200
    )


def _choices(
    one: Patron, two: Patron, records: dict[int, Record], taken: set[str], *, is_shared: bool
) -> list[Choice]:
    """Return what differs, the person first, then the record, then site by site."""
    pairs: list[tuple[str, str, str, str]] = []
    if not is_shared:
        for name, columns in OF_PERSON.items():
            pairs.append(
                (name, _label(name), _text(one.account, columns), _text(two.account, columns))
            )
    for name, columns in OF_RECORD.items():
        pairs.append((name, _label(name), _text(one, columns), _text(two, columns)))
    names = dict(sites().values_list("pk", "name"))
    for site in sites_of_both(records[one.pk], records[two.pk]):
        label = _("Association with %s") % names[site]
        pairs.append((key_of("association", site), label, _tie(one, site), _tie(two, site)))
    for place in cards_of_both(records[one.pk], records[two.pk]):
        label = _("Barcode at %s") % names[place] if place else _("Barcode")
        pairs.append((key_of("barcode", place), label, _card(one, place), _card(two, place)))
    pairs.append(("primary", _("Primary site"), _primary(one), _primary(two)))
    return [
        Choice(key, label, mine, theirs, key in taken)
        for key, label, mine, theirs in pairs
        if mine != theirs
    ]


def _label(name: str) -> str:
    labels = {
        "first_name": _("First name"),
        "middle_name": _("Middle name"),
        "last_name": _("Last name"),
        "preferred_name": _("Preferred name"),
        "suffix": _("Suffix of the name"),
        "birth_date": _("Birth date"),
        "gender": _("Gender"),
        "home_phone": _("Telephone at home"),
        "business_phone": _("Telephone at work"),
        "mobile_phone": _("Mobile telephone"),
        "other_phone": _("Another telephone"),
        "address": _("Address"),
        "district_id": _("District ID"),
        "language": _("Language of messages"),
        "additional_email": _("Additional e-mail"),
        "wants_mail": _("Wants letters"),
        "second_address": _("Second address"),
        "resource_sharing_library": _("Library for requests from others"),
    }
    return labels.get(name) or str(field_title(name))


def _text(row: Any, columns: tuple[str, ...]) -> str:
    """Return a value of a field, or of several that belong together, in words."""
    return ", ".join(filter(None, (_one(row, column) for column in columns)))


def _one(row: Any, column: str) -> str:
    if column == "status":
        return str(row.get_status_display())
    is_site = column == "resource_sharing_library_id"
    value = row.resource_sharing_library if is_site else getattr(row, column)
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return date_format(value, "SHORT_DATE_FORMAT") if hasattr(value, "isoformat") else str(value)


def _tie(patron: Patron, site: int) -> str:
    tie = next(t for t in patron.associations.all() if t.site_id == site)
    parts = (tie.patron_type, tie.access_level, tie.resource_group, tie.homeroom)
    return ", ".join(str(part) for part in parts if part is not None)


def _card(patron: Patron, site: int | None) -> str:
    cards = (c for c in patron.barcodes.all() if c.site_id == site and c.state == c.State.CURRENT)
    return next((card.value for card in cards), "")


def _primary(patron: Patron) -> str:
    return next((tie.site.name for tie in patron.associations.all() if tie.is_primary), "")
