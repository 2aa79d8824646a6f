"""Folding and checking text, so that a search finds "Müller" by "muller" and no NUL gets in."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from .errors import InputError

# Letters that Unicode does not decompose, but that people type without the stroke.
_STROKES = str.maketrans(
    {
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i",
        "ħ": "h", "ŧ": "t", "ŋ": "n",
    }
)  # fmt: skip

# What no database of ours can hold: NUL, and halves of characters (from broken JSON or UTF-16).
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> bool:
    """Tell whether a database can hold the text; what it cannot hold need not be looked for."""
    return _UNSTORABLE.search(text) is None


def made_storable(text: str) -> str:
    """Return the text with a mark in place of what a database cannot hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def storable_words(text: str) -> list[str]:
    """Return the folded words of a text that somebody typed, without what cannot be stored."""
    return fold(_UNSTORABLE.sub(" ", text)).split()


def fold(text: str) -> str:
    """Return the text for comparing: case, accents and width folded, spaces made single.

    ``fold("  Ｍüller  Łukasz ") == "muller lukasz"``. Scripts without case (CJK, Arabic) stay as
    they are, apart from compatibility forms and combining marks.
    """
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(unicodedata.normalize("NFKC", bare.translate(_STROKES)).split())


def clean(text: str, field: str, *, limit: int = 200, empty: bool = True) -> str:
    """Return the text trimmed and in NFC, or raise ``InputError`` for ``field``.

    Refused: control characters (NUL, tabs and line ends inside), more than ``limit`` characters,
    and, unless ``empty``, nothing at all. Nothing is cut silently.
    """
    value = unicodedata.normalize("NFC", text).strip()
    for position, character in enumerate(value, start=1):
        if unicodedata.category(character) in {"Cc", "Cs"}:
            raise InputError(
                field,
                _(
                    "%(field)s: character %(position)d is a control character (U+%(code)s). "
                    "Remove it and try again."
                )
                % {"field": field, "position": position, "code": f"{ord(character):04X}"},
            )
    if len(value) > limit:
        raise InputError(
            field,
            _("%(field)s: %(found)d characters were given, at most %(limit)d are allowed.")
            % {"field": field, "found": len(value), "limit": limit},
        )
    if not value and not empty:
        raise InputError(field, _("%(field)s: a value is required.") % {"field": field})
    return value


def one_letter_off(one: str, other: str) -> bool:
    """Tell whether one letter more, less, or other, or two swapped neighbours make them equal.

    ``one_letter_off("meyer", "meier")``, and ``("meyer", "meyre")``. Equal texts are not.
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    left, right = one[start:], other[start:]
    if left[1:] == right[1:] or left[1:] == right or left == right[1:]:
        return True
    return left[:2] == right[1::-1] and left[2:] == right[2:]
