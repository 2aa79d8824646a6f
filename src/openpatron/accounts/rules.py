"""Rules about personal data as pure functions: no database.

Each returns the value as it is stored, or raises ``InputError`` that names the field, says what
was found and what is allowed. Pages, commands and feeds all come through here.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

import phonenumbers
from django.conf import global_settings
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from email_validator import EmailNotValidError, validate_email

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

NAMES = {
    "first_name": 100,
    "middle_name": 100,
    "last_name": 100,
    "preferred_name": 100,
    "suffix": 20,
}
ADDRESS = {"street": 200, "postal_code": 20, "city": 100}
PHONES = ("home_phone", "business_phone", "mobile_phone", "other_phone")

LANGUAGES: dict[str, str] = dict(global_settings.LANGUAGES)
"""The languages that a person may choose, by code: those that Django knows, not those we speak."""

MINIMUM_PASSWORD = 8
# Nobody alive was born before.
_EARLIEST_BIRTH = date(1880, 1, 1)
# Letters that are not taken for one another, for passwords that are read aloud or from paper.
_CONSONANTS, _VOWELS, _DIGITS = "bdfghjkmnprstvz", "aeiu", "23456789"


def username(text: str) -> str:
    """Return a username: 1 to 150 characters without spaces, in NFKC, so that look-alikes meet.

    Upper and lower case of A to Z are kept as typed: every database compares those without case.
    """
    value = one_case(clean(text, "username", limit=150, empty=False))
    if len(value) > 150:  # noqa: PLR2004  the column's; a few letters fold to several
        raise InputError(
            "username",
            _("username: “%s” is too long. At most 150 characters are allowed.") % value,
        )
    if any(c.isspace() for c in value):
        raise InputError(
            "username", _("username: “%s” has a space in it. Leave the space out.") % value
        )
    return value


def one_case(text: str) -> str:
    """Return the text in NFKC, with the letters beyond A to Z in small letters.

    SQLite knows the case of A to Z only; of what is stored so, it compares all letters rightly.
    """
    known = unicodedata.normalize("NFKC", text)
    if known.isascii():
        return known
    small = "".join(c if c.isascii() else c.casefold() for c in known)
    return unicodedata.normalize("NFKC", small)


def email(text: str, field: str = "email") -> str:
    """Return an e-mail address as it is written to ("" stays empty): plus signs, quotes, IDN go.

    Only the form is checked (RFC 5321, 5322, 6531 by email-validator), nobody is asked.
    """
    value = clean(text, field, limit=254)
    if not value:
        return ""
    try:
        checked = validate_email(value, check_deliverability=False, allow_quoted_local=True)
        # As in ``one_case``, but nothing else: "ß" and "ss" are two mailboxes.
        return "".join(c if c.isascii() else c.lower() for c in checked.normalized)
    except EmailNotValidError as error:
        raise InputError(
            field,
            _("%(field)s: “%(found)s” is no e-mail address. %(why)s")
            % {"field": field, "found": value, "why": error},
        ) from None


def written_email(text: str) -> str:
    """Return an address as ``email`` stores it, or the text itself where it is none."""
    try:
        return email(text)
    except InputError:
        return text


def phone(text: str, field: str, country: str) -> str:
    """Return a telephone number as E.164; ``country`` (ISO code) reads numbers without a +."""
    value = clean(text, field, limit=40)
    if not value:
        return ""
    try:
        number = phonenumbers.parse(value, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise InputError(
            field,
            _(
                "%(field)s: “%(found)s” is no telephone number that can be called. Write it with "
                "the country, like +1 415 555 0123."
            )
            % {"field": field, "found": value},
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country(text: str, field: str = "country") -> str:
    """Return an ISO 3166-1 alpha-2 code in capitals ("" stays empty)."""
    value = clean(text, field, limit=60).upper()
    if value and value not in phonenumbers.SUPPORTED_REGIONS:
        raise InputError(
            field,
            _("%(field)s: “%(found)s” is no country code of two letters, like US or DE.")
            % {"field": field, "found": value},
        )
    return value


def language(text: str, field: str = "language") -> str:
    """Return the code of a language in small letters, "en" or "pt-br" ("" stays empty)."""
    value = clean(text, field, limit=40).lower()
    if value and value not in LANGUAGES:
        raise InputError(
            field,
            _("%(field)s: “%(found)s” is no language code, like en, es or pt-br.")
            % {"field": field, "found": value},
        )
    return value


def birth_date(value: date | None, today: date) -> date | None:
    """Return a birth date that lies in the past, or None."""
    if value is not None and not _EARLIEST_BIRTH <= value <= today:
        raise InputError(
            "birth_date",
            _("birth date: %(found)s is not possible. Give a date from %(first)s to today.")
            % {"found": value.isoformat(), "first": _EARLIEST_BIRTH.isoformat()},
        )
    return value


def parse_date(text: str, field: str) -> date | None:
    """Return a date written YYYY-MM-DD ("" is None)."""
    value = clean(text, field, limit=40)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InputError(
            field,
            _("%(field)s: “%(found)s” is no date. Write it as year-month-day, like 2016-02-29.")
            % {"field": field, "found": value},
        ) from None


def personal_data(given: Mapping[str, Any], *, region: str, today: date) -> dict[str, Any]:
    """Check all personal data that is given and return it as it is stored, by field name.

    ``region``: the country that telephone numbers without a + belong to, where no country is
    given. A field that is not given is not returned.
    """
    values = dict(given)
    checked: dict[str, Any] = {}
    for name, limit in (NAMES | ADDRESS).items():
        if name in values:
            checked[name] = clean(values.pop(name), name, limit=limit, empty=name != "last_name")
    if "country" in values:
        checked["country"] = country(values.pop("country"))
    for name in PHONES:
        if name in values:
            checked[name] = phone(values.pop(name), name, checked.get("country") or region)
    checks: dict[str, Callable[[Any], Any]] = {
        "username": username,
        "email": email,
        "gender": lambda text: clean(text, "gender", limit=40),
        "language": language,
        "birth_date": lambda value: birth_date(value, today),
        "keep_history": bool,
    }
    for name, value in values.items():
        checked[name] = checks[name](value)
    return checked


def password(text: str, username: str, minimum: int = MINIMUM_PASSWORD) -> str:
    """Return a password that may be used, or raise ``InputError`` with all that is missing."""
    missing = []
    if len(text) < max(minimum, MINIMUM_PASSWORD):
        missing.append(_("at least %d characters") % max(minimum, MINIMUM_PASSWORD))
    if not any(c.islower() for c in text):
        missing.append(_("a lower-case letter"))
    if not any(c.isupper() for c in text):
        missing.append(_("an upper-case letter"))
    if not any(c.isdigit() for c in text):
        missing.append(_("a digit"))
    if missing:
        raise InputError("password", _("The password needs %s.") % ", ".join(missing))
    if username and username.casefold() in text.casefold():
        raise InputError("password", _("The password must not contain the username."))
    try:
        _common_passwords().validate(text)
    except ValidationError:
        raise InputError(
            "password", _("This password is among the most common ones. Choose another.")
        ) from None
    return text


@cache
def _common_passwords() -> CommonPasswordValidator:
    """Return Django's list of them, unpacked once: a feed makes thousands of passwords."""
    return CommonPasswordValidator()


def generated_password(username: str, minimum: int = MINIMUM_PASSWORD) -> str:
    """Return a password from a secure source that can be said aloud, like “Rabeti-sudako-47”.

    Six syllables of 15 × 4 and two of eight digits: about 41 bits, for a first sign-in. It keeps
    the rules of ``password``: longer where the organization asks for more.
    """

    def word() -> str:
        return "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(3))

    # What stands in every password must not be the username.
    mark = "." if "-" in username else "-"
    while True:
        digits = "".join(secrets.choice(_DIGITS) for _ in range(2))
        made = f"{word().capitalize()}{mark}{word()}{mark}{digits}"
        while len(made) < minimum:
            made = f"{word()}{mark}{made}"
        try:
            return password(made, username, minimum)
        except InputError:
            continue  # by chance it holds the username
