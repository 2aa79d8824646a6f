"""What may be typed into settings, as pure functions: each returns the value as it is stored."""

from __future__ import annotations

import unicodedata
from zoneinfo import available_timezones

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

# What the column holds.
HIGHEST = 32_767
# The letters of a currency's code.
_CODE = 3


def number(text: str, field: str, *, lowest: int = 0, highest: int = HIGHEST) -> int | None:
    """Return a whole number from ``lowest`` to ``highest``; "" is None."""
    value = unicodedata.normalize("NFKC", clean(text, field, limit=40))
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and lowest <= int(value) <= highest):
        raise InputError(
            field,
            _(
                "“%(found)s” is not allowed here. Give a whole number from %(lowest)d to "
                "%(highest)d."
            )
            % {"found": value, "lowest": lowest, "highest": highest},
        )
    return int(value)


def required_number(text: str, field: str, *, lowest: int, highest: int) -> int:
    """Return a whole number as ``number`` does, which has to be given."""
    value = number(text, field, lowest=lowest, highest=highest)
    if value is None:
        raise InputError(
            field,
            _("A value is needed here: a whole number from %(lowest)d to %(highest)d.")
            % {"lowest": lowest, "highest": highest},
        )
    return value


def time_zone(text: str) -> str:
    """Return the name of a time zone, like Europe/Berlin."""
    value = clean(text, "time_zone", limit=40)
    if value not in available_timezones():
        raise InputError(
            "time_zone",
            _("“%s” is no time zone. Write it like America/Los_Angeles or Europe/Berlin.") % value,
        )
    return value


def locale(text: str) -> str:
    """Return the code of a language that the pages speak."""
    value = clean(text, "locale", limit=10)
    known = dict(settings.LANGUAGES)
    if value not in known:
        raise InputError(
            "locale",
            _("“%(found)s” is no language of the pages. There are: %(known)s.")
            % {"found": value, "known": ", ".join(known)},
        )
    return value


def country(text: str) -> str:
    """Return the ISO 3166-1 code of a country, in capitals; it has to be given."""
    value = clean(text, "country", limit=40).upper()
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise InputError(
            "country", _("“%s” is no country code of two letters, like US or DE.") % value
        )
    return value


def currency(text: str) -> str:
    """Return the ISO 4217 code of a currency, in capitals; it has to be given."""
    value = clean(text, "currency", limit=40).upper()
    if len(value) != _CODE or not (value.isascii() and value.isalpha()):
        raise InputError(
            "currency", _("“%s” is no currency code of three letters, like USD or EUR.") % value
        )
    return value


def differences[T](before: dict[str, T], after: dict[str, T]) -> tuple[dict[str, T], dict[str, T]]:
    """Return what differs, before and after: what the ledger tells."""
    names = [name for name in after if before.get(name) != after[name]]
    return {n: before[n] for n in names if n in before}, {n: after[n] for n in names}
