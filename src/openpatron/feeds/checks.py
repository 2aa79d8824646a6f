"""From the text of a cell to ours, field by field: the rules are those of accounts and patrons.

A feed has up to a million rows, so what is plain beyond doubt (no control character, short enough;
an American telephone number) does not go through the rule letter by letter; a test compares the
two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import cast
from unicodedata import is_normalized

from django.db.models import CharField, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.accounts import rules
from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean, fold
from openpatron.patrons import fields
from openpatron.patrons.models import Barcode, Homeroom, Patron, SourceRecord
from openpatron.patrons.personal_data import contact_data

type Check = Callable[[str], str]

DATED = ("birth_date", "expires_on")
LEFT = frozenset(
    {
        "email", *rules.PHONES, "street", "postal_code", "city", "country", "language", "gender",
        "additional_email", "second_street", "second_postal_code", "second_city", "second_country",
        "password", "homeroom_supervisor",
    }
)  # fmt: skip
"""What is no reason to turn a person away: refused by our rules, it is left as it is and said."""

# The categories Cc and Cs.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# Ten digits, as they are written where numbers have no 1 in front.
_AMERICAN = re.compile(r"(?:\(([2-9]\d\d)\) ?|([2-9]\d\d)[ .-]?)(\d{3})[ .-]?(\d{4})", re.ASCII)
_LOCAL_PART = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")
_LONGEST_LOCAL = 64
_LONGEST_EMAIL = 254
# Dates as spreadsheets and XML have them: with a time, or a zone.
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ][\d:.]+)?(?:Z|[+-]\d\d:\d\d)?")


def plain(field: str, limit: int, rule: Callable[[str], str] | None = None) -> Check:
    """Return the check of a text; ``rule`` where it is not ``clean`` alone."""
    strict = rule or partial(clean, field=field, limit=limit)

    def check(text: str) -> str:
        if len(text) <= limit and (
            (text.isascii() and text.isprintable())
            or (_CONTROL.search(text) is None and is_normalized("NFC", text))
        ):
            return text
        return strict(text)

    return check


def email(field: str) -> Check:
    """Return the check of an e-mail address: each domain is looked at once."""
    domains: dict[str, str] = {}

    def check(text: str) -> str:
        local, at, domain = text.rpartition("@")
        if (
            not at
            or len(local) > _LONGEST_LOCAL
            or len(text) > _LONGEST_EMAIL
            or not _LOCAL_PART.fullmatch(local)
        ):
            return rules.email(text, field)
        known = domains.get(domain)
        if known is None:
            whole = rules.email(text, field)
            if len(domains) < 10_000:  # noqa: PLR2004  memory stays flat
                domains[domain] = whole.rpartition("@")[2]
            return whole
        return f"{local}@{known}"

    return check


def phone(field: str, country: str) -> Check:
    """Return the check of a telephone number; without a + it is of that country."""
    is_american = country in {"US", "CA"}

    def check(text: str) -> str:
        if is_american and (found := _AMERICAN.fullmatch(text)):
            return f"+1{found[1] or found[2]}{found[3]}{found[4]}"
        return rules.phone(text, field, country)

    return check


def day(field: str, written: str) -> Check:
    """Return the check of a date, written as for strptime, or as ISO; the answer is ISO."""
    today = timezone.localdate()

    def check(text: str) -> str:
        found = _parsed(text, written)
        if found is None:
            shown = datetime(2016, 2, 29).strftime(written or "%Y-%m-%d")  # noqa: DTZ001  a day
            raise InputError(
                field,
                _("“%(found)s” is no date as this source writes them, like %(like)s.")
                % {"found": text[:100], "like": shown},
            )
        if field == "birth_date":
            if found > today and "%y" in written:
                # Of two digits, as of a year to come: nobody is born there yet.
                found = found.replace(year=found.year - 100)
            rules.birth_date(found, today)
        return found.isoformat()

    return check


def _parsed(text: str, written: str) -> date | None:
    if written:
        try:
            return datetime.strptime(text, written).date()  # noqa: DTZ007  a day
        except ValueError:
            pass
    iso = _ISO.fullmatch(text)
    if iso is None:
        return None
    try:
        return date.fromisoformat(iso[1])
    except ValueError:
        return None


def status(text: str) -> str:
    """Return a status: ours, in whatever case."""
    return fields.status(fold(text))


def _username(text: str) -> str:
    if text.isascii() and text.isprintable() and " " not in text and len(text) <= 150:  # noqa: PLR2004  the rule's
        return text
    return rules.username(text)


def _contact(field: str, text: str) -> str:
    return str(contact_data({field: text})[field])


def _year(text: str) -> str:
    return str(fields.RECORD_FIELDS["graduation_year"].parse(text, "graduation_year"))


def _limit(model: type[Model], column: str) -> int:
    found = model._meta.get_field(column)  # noqa: SLF001  Django's documented way
    return cast("CharField[str, str]", found).max_length or 0


def checks() -> dict[str, Check]:
    """Return the check of each field that needs nothing but its own text."""
    limits = {
        "external_id": _limit(SourceRecord, "key"),
        "district_id": _limit(Patron, "district_id"),
        "barcode": _limit(Barcode, "value"),
        "gender": _limit(Account, "gender"),
        "homeroom": _limit(Homeroom, "name"),
        "homeroom_supervisor": 200,
        "role": 200,
        **rules.NAMES,
        **rules.ADDRESS,
        **{f"second_{name}": limit for name, limit in rules.ADDRESS.items()},
    }
    grade = fields.grade_level
    return {
        **{field: plain(field, limit) for field, limit in limits.items()},
        "username": _username,
        "email": email("email"),
        "additional_email": email("additional_email"),
        "grade_level": plain("grade_level", _limit(Patron, "grade_level"), grade),
        "graduation_year": _year,
        "status": status,
        "country": rules.country,
        "second_country": partial(_contact, "second_country"),
        "language": rules.language,
        "password": lambda text: text,
    }
