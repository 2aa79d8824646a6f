"""The words of messages: as shipped in ``words/``, with placeholders, checked and filled in.

Plain text. A paragraph with a placeholder that has no value is left out. ``{link}`` stands on a
line of its own and is filled in when a message is sent (see ``post.py``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.money import money_words

from .models import Kind
from .post import LINK, Text

SHIPPED = ("en", "de", "fr", "it", "es")
"""The languages that the program brings words for."""

LIMITS = {"subject": 200, "body": 5000, "item": 300}

_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")
_WHO = ("name", "organization", "site")
_ITEM = ("title", "author", "barcode")
_OF_ITEMS: dict[Kind, tuple[str, ...]] = {
    Kind.LOAN_RECEIPT: (*_ITEM, "due_on"),
    Kind.DUE_SOON: (*_ITEM, "due_on"),
    Kind.OVERDUE_1: (*_ITEM, "due_on"),
    Kind.OVERDUE_2: (*_ITEM, "due_on"),
    Kind.OVERDUE_3: (*_ITEM, "due_on"),
    Kind.READY: (*_ITEM, "until"),
    Kind.RECALL: (*_ITEM, "due_on"),
    Kind.REQUEST_CANCELLED: _ITEM,
    Kind.FEE_RECEIPT: ("day", "what", "title", "amount", "owed"),
    Kind.SITE_REQUEST: (*_ITEM, "pickup"),
    Kind.SITE_TRANSIT: (*_ITEM, "sender"),
}
_OWN: dict[Kind, tuple[str, ...]] = {
    Kind.REGISTERED: ("username", "link"),
    Kind.SET_PASSWORD: ("username", "link"),
    Kind.PASSWORD_CHANGED: ("username",),
    Kind.SECOND_FACTOR_RESET: ("username",),
    Kind.EXPIRING: ("day",),
    Kind.EXPIRED: ("day",),
    Kind.BLOCKED: ("reason", "stops", "until"),
    Kind.UNBLOCKED: ("reason", "stops"),
    Kind.SITE_UNDELIVERABLE: ("count",),
}
# What has to stand in a text of that kind.
_NEEDED = {Kind.SET_PASSWORD: "link", Kind.SITE_UNDELIVERABLE: "count"}
_DAYS, _MONEY, _WORDS = {"due_on", "until", "day"}, {"amount", "owed"}, {"what", "stops"}

TO_LIBRARY = (Kind.SITE_REQUEST, Kind.SITE_TRANSIT, Kind.SITE_UNDELIVERABLE)
"""What the library itself is told."""

ABOUT_ITEMS = tuple(kind for kind in _OF_ITEMS if kind not in TO_LIBRARY)
"""What a person is told of items: what they read stands in it."""

EDITABLE = tuple(kind for kind in Kind if kind in _OF_ITEMS or kind in _OWN)
"""The kinds whose words an organization may change; the others are about the account alone."""


@dataclass(frozen=True, slots=True)
class Words:
    """A text with placeholders; ``item`` is the line for each item, where there are items."""

    subject: str
    body: str
    item: str = ""


@cache
def _file(language: str) -> dict[str, dict[str, str]]:
    path = resources.files("openpatron.notifications").joinpath("words", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def shipped(key: str, language: str) -> Words:
    """Return the words that the program brings for a kind in one of its languages."""
    found = _file(language)[key]
    return Words(found["subject"], found["body"].strip(), found.get("item", ""))


def has_items(kind: str) -> bool:
    """Tell whether such a message lists items."""
    return kind in _OF_ITEMS


def placeholders(kind: str, field: str) -> tuple[str, ...]:
    """Return what may stand in braces in a field of such a message."""
    known = Kind(kind)
    if field == "item":
        return _OF_ITEMS[known]
    who = _WHO[1:] if known in TO_LIBRARY else _WHO
    own = ("items", "count") if known in _OF_ITEMS else _OWN[known]
    if field == "subject":
        own = tuple(name for name in own if name not in {"items", "link"})
    return who + own


def checked(kind: str, words: Words) -> Words:
    """Return words that may be used, or raise ``InputError`` for the field that is wrong."""
    fields = {"subject": words.subject.strip(), "body": _lines(words.body)}
    if has_items(kind):
        fields["item"] = words.item.strip()
    for field, text in fields.items():
        _check(kind, field, text)
    needed = "items" if has_items(kind) else _NEEDED.get(Kind(kind), "")
    if needed and f"{{{needed}}}" not in fields["body"]:
        raise InputError(
            "body",
            _("The text has to contain {%s}: without it the message would say nothing.") % needed,
        )
    if LINK in fields["body"] and LINK not in fields["body"].split("\n"):
        raise InputError("body", _("{link} has to stand on a line of its own."))
    return Words(**fields)


def _check(kind: str, field: str, text: str) -> None:
    if not text:
        raise InputError(field, _("A text is needed here."))
    if len(text) > LIMITS[field]:
        raise InputError(
            field,
            _("%(found)d characters were given, at most %(limit)d are allowed.")
            % {"found": len(text), "limit": LIMITS[field]},
        )
    if any(ord(c) < ord(" ") and (c != "\n" or field != "body") for c in text):
        raise InputError(field, _("There is a control character in it. Remove it and try again."))
    allowed = placeholders(kind, field)
    for found in _PLACEHOLDER.findall(text):
        if found not in allowed:
            raise InputError(
                field,
                _("{%(found)s} means nothing here. Allowed are: %(allowed)s.")
                % {"found": found, "allowed": ", ".join(f"{{{name}}}" for name in allowed)},
            )


def _lines(text: str) -> str:
    """Return a text as it is kept: its lines without spaces at their ends."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def filled(words: Words, values: Mapping[str, Any], language: str) -> Text:
    """Return the text with the values in the language's way to write days and amounts."""
    with translation.override(language):
        said = {
            name: _said(name, value, language) for name, value in values.items() if name != "items"
        }
        if "items" in values:
            items = [
                {name: _said(name, value, language) for name, value in item.items()}
                for item in values["items"]
            ]
            said["items"] = "\n".join(_fill(words.item, item) for item in items)
            said["count"] = str(len(items))
    parts = [part for part in words.body.split("\n\n") if _has_all(part, said)]
    body = "\n\n".join(_fill(part, said) for part in parts)
    return Text(_fill(words.subject, said), body + "\n", language)


def _has_all(part: str, said: Mapping[str, str]) -> bool:
    return all(said.get(name) for name in _PLACEHOLDER.findall(part))


def _fill(text: str, said: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: said.get(found[1], ""), text)


def _said(name: str, value: Any, language: str) -> str:
    """Return a value in words: days, amounts and words of a list in their own way."""
    if not value:
        return ""
    if name in _DAYS:
        return date_format(date.fromisoformat(str(value)))
    if name in _MONEY:
        amount, _space, currency = str(value).partition(" ")
        # What was posted before amounts had their currency has none.
        found = Decimal(amount)
        return money_words(found, currency) if currency else number_format(found, 2)
    if name in _WORDS or isinstance(value, dict):
        known = _file(language if language in SHIPPED else SHIPPED[0])["words"]
        codes = value["word"] if isinstance(value, dict) else value
        codes = codes.split(", ") if isinstance(codes, str) else codes
        return ", ".join(known.get(code, code) for code in codes)
    if name == "link":
        return LINK
    # What somebody typed can neither become a link nor begin another line.
    return " ".join(str(value).replace(LINK, "link").split())
