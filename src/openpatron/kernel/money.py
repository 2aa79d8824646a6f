"""Amounts of money as people type them, and as they are shown: decimals, never floats."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .errors import InputError
from .text import clean

_MONEY = re.compile(r"(\d{1,7})(?:[.,](\d{1,2}))?")


def money(text: str, field: str) -> Decimal | None:
    """Return an amount with at most two places, behind a point or a comma; "" is None."""
    value = unicodedata.normalize("NFKC", clean(text, field, limit=40))
    if not value:
        return None
    found = _MONEY.fullmatch(value) if value.isascii() else None
    if found is None:
        raise InputError(
            field,
            _("“%s” is no amount that is allowed here. Write it like 12.50 or 12,50.") % value,
        )
    return Decimal(f"{found[1]}.{found[2] or '00'}").quantize(Decimal("0.01"))


def required_money(text: str, field: str) -> Decimal:
    """Return an amount above zero as ``money`` does, which has to be given."""
    value = money(text, field)
    if not value:
        raise InputError(field, _("An amount above zero is needed here, like 12.50 or 12,50."))
    return value


def money_words(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency, as it is written here: "12.50 USD"."""
    return f"{number_format(amount, decimal_pos=2)} {currency}"
