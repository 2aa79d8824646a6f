"""Patrons written out: personal and management data, associations, card numbers, local codes.

One way for the page and the command: the patrons of the list's filters, those that the actor may
see, row by row. Memory stays flat at a million.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.kernel.spreadsheets import csv_lines

from .models import LocalCode
from .queries import cards_in_sight, with_ties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

    from openpatron.access.actor import Actor

    from .models import Patron

PERMISSION = "patrons.view"

CHUNK = 1_000
"""So many patrons are read at once."""

# The names of the columns in JSON, and their heads in CSV.
_ACCOUNT: dict[str, StrOrPromise] = {
    "last_name": gettext_lazy("Last name"),
    "first_name": gettext_lazy("First name"),
    "middle_name": gettext_lazy("Middle name"),
    "preferred_name": gettext_lazy("Preferred name"),
    "suffix": gettext_lazy("Suffix"),
    "username": gettext_lazy("Username"),
    "email": gettext_lazy("E-mail"),
    "birth_date": gettext_lazy("Birth date"),
    "gender": gettext_lazy("Gender"),
    "home_phone": gettext_lazy("Home phone"),
    "business_phone": gettext_lazy("Business phone"),
    "mobile_phone": gettext_lazy("Mobile phone"),
    "other_phone": gettext_lazy("Other phone"),
    "street": gettext_lazy("Street"),
    "postal_code": gettext_lazy("Postal code"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
}
_RECORD: dict[str, StrOrPromise] = {
    "district_id": gettext_lazy("District ID"),
    "status": gettext_lazy("Status"),
    "grade_level": gettext_lazy("Grade level"),
    "graduation_year": gettext_lazy("Graduation year"),
    "registered_on": gettext_lazy("Registered on"),
    "expires_on": gettext_lazy("Expires"),
    "channel": gettext_lazy("Communication channel"),
    "additional_email": gettext_lazy("Additional e-mail"),
    "language": gettext_lazy("Communication language"),
    "second_street": gettext_lazy("Second street"),
    "second_postal_code": gettext_lazy("Second postal code"),
    "second_city": gettext_lazy("Second city"),
    "second_country": gettext_lazy("Second country"),
    "resource_sharing_library": gettext_lazy("Resource-sharing library"),
}
_LISTS: dict[str, StrOrPromise] = {
    "sites": gettext_lazy("Sites"),
    "patron_types": gettext_lazy("Patron types"),
    "access_levels": gettext_lazy("Access levels"),
    "homerooms": gettext_lazy("Homerooms"),
    "barcodes": gettext_lazy("Barcodes"),
    "local_codes": gettext_lazy("Local codes"),
}


def as_csv(actor: Actor, found: QuerySet[Patron]) -> Iterator[str]:
    """Yield a CSV file line by line, every cell safe in a spreadsheet.

    ``found`` is what ``queries.patrons`` gave that actor, in whatever order.
    """
    actor.require_anywhere(PERMISSION)
    heads = [_("Patron number"), *map(str, (_ACCOUNT | _RECORD | _LISTS).values())]
    return csv_lines(heads, (_cells(actor, patron) for patron in _each(found)))


def as_json(actor: Actor, found: QuerySet[Patron]) -> Iterator[str]:
    """Yield the same as a JSON array piece by piece, one patron a line."""
    actor.require_anywhere(PERMISSION)
    separator = "[\n"
    for patron in _each(found):
        yield separator + json.dumps(_object(actor, patron), ensure_ascii=False)
        separator = ",\n"
    yield "[]\n" if separator == "[\n" else "\n]\n"


def _each(found: QuerySet[Patron]) -> Iterator[Patron]:
    codes = Prefetch("local_codes", LocalCode.objects.order_by("value"))
    found = with_ties(found).select_related("account", "resource_sharing_library")
    return found.prefetch_related(codes).iterator(chunk_size=CHUNK)


def _plain(patron: Patron) -> dict[str, Any]:
    """Return the single values of one patron as they are stored; dates as ISO."""
    site = patron.resource_sharing_library
    return {
        **{name: getattr(patron.account, name) for name in _ACCOUNT},
        **{name: getattr(patron, name) for name in _RECORD},
        "birth_date": _day(patron.account.birth_date),
        "registered_on": _day(patron.registered_on),
        "expires_on": _day(patron.expires_on),
        "channel": patron.channel.value,
        "resource_sharing_library": "" if site is None else site.short_name,
    }


def _object(actor: Actor, patron: Patron) -> dict[str, Any]:
    return {
        "patron_id": patron.pk,
        **_plain(patron),
        "associations": [
            {
                "site": tie.site.short_name,
                "patron_type": tie.patron_type.name,
                "access_level": tie.access_level.name,
                "resource_group": tie.resource_group.name if tie.resource_group else None,
                "homeroom": tie.homeroom.name if tie.homeroom else None,
                "primary": tie.is_primary,
            }
            for tie in patron.associations.all()
        ],
        "barcodes": [
            {
                "site": card.site.short_name if card.site else None,
                "value": card.value,
                "state": card.state,
            }
            for card in cards_in_sight(actor, patron)
        ],
        "local_codes": [code.value for code in patron.local_codes.all()],
    }


def _cells(actor: Actor, patron: Patron) -> list[Any]:
    ties = list(patron.associations.all())
    words = _plain(patron) | {
        "status": patron.get_status_display(),
        "channel": patron.channel.label,
    }
    return [
        patron.pk,
        *words.values(),
        "; ".join(tie.site.short_name for tie in ties),
        "; ".join(f"{tie.site.short_name}: {tie.patron_type.name}" for tie in ties),
        "; ".join(f"{tie.site.short_name}: {tie.access_level.name}" for tie in ties),
        "; ".join(f"{tie.site.short_name}: {tie.homeroom.name}" for tie in ties if tie.homeroom),
        "; ".join(
            f"{card.site.short_name}: {card.value}" if card.site else card.value
            for card in cards_in_sight(actor, patron)
            if card.state == card.State.CURRENT
        ),
        "; ".join(code.value for code in patron.local_codes.all()),
    ]


def _day(day: Any) -> str:
    return "" if day is None else str(day)
