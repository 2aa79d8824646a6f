"""One card number for one patron: the number that was given, or the next of the site."""

from __future__ import annotations

from itertools import islice

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.organizations.models import Organization, Site

from .models import Barcode, Patron
from .rules import next_numbers

# How often the next number is looked for when somebody else was faster.
_ATTEMPTS = 20


def give_barcode(organization: Organization, patron: Patron, site: Site, typed: str) -> Barcode:
    """Give the patron a card at the site (or in the organization, where that is the scope).

    ``typed`` is trimmed; "" gives the next number of the site's pattern. Raises ``InputError`` for
    a number that is, or once was, somebody's, and where there is no next number.
    """
    value = clean(typed, "barcode", limit=40)
    wide = organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
    where = None if wide else site
    if value:
        card = _write(patron, where, site, value)
        if card is None:
            raise InputError(
                "barcode",
                _(
                    "Barcode %(value)s is taken at %(site)s by another patron. Choose another, "
                    "or leave it empty for the next available number."
                )
                % {"value": value, "site": organization.name if wide else site.name},
            )
        return card
    for _attempt in range(_ATTEMPTS):
        card = _write(patron, where, site, _next_value(where, site))
        if card is not None:
            return card
    raise InputError(
        "barcode", _("Too many cards are given at %s just now. Try again.") % site.name
    )


def _next_value(where: Site | None, site: Site) -> str:
    pattern = site.barcode_pattern
    given = Barcode.objects.filter(site=where, number__range=(pattern.first, pattern.last))
    highest = given.aggregate(highest=Max("number"))["highest"]
    for _number, value in islice(next_numbers(pattern, highest), 1000):
        if not Barcode.objects.filter(site=where, value=value).exists():
            return value
    raise InputError(
        "barcode",
        _("All numbers of the range of %s are given. Widen the range, or type a number.")
        % site.name
        if pattern.digits
        else _("%s has no barcode pattern. Type a number, or set a pattern.") % site.name,
    )


def _write(patron: Patron, where: Site | None, site: Site, value: str) -> Barcode | None:
    """Write the card; None where the number is somebody's already: the database decides."""
    if Barcode.objects.filter(site=where, value=value).exists():
        return None
    try:
        with transaction.atomic():
            return Barcode.objects.create(
                organization_id=patron.organization_id,
                patron=patron,
                site=where,
                value=value,
                number=site.barcode_pattern.number(value),
            )
    except IntegrityError:
        return None
