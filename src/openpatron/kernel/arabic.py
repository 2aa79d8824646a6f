"""Joining Arabic letters, for a program that draws one sign after the other.

Unicode holds each letter in its four shapes (alone, and with a neighbour before, after, on both
sides) and says which letter each is a shape of. So the table makes itself.
"""

from __future__ import annotations

import unicodedata
from functools import cache

_SHAPES = {"<isolated>", "<initial>", "<medial>", "<final>"}


@cache
def _shapes() -> dict[tuple[str, str], str]:
    """Return the sign for (letter or the two of a ligature, shape)."""
    found: dict[tuple[str, str], str] = {}
    for code in (*range(0xFB50, 0xFC00), *range(0xFE70, 0xFEFD)):
        kind, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        text = "".join(chr(int(letter, 16)) for letter in letters)
        # Of ligatures only lam with alef, which is never written apart.
        if kind in _SHAPES and (len(text) == 1 or text[0] == "\N{ARABIC LETTER LAM}"):
            found.setdefault((text, kind), chr(code))
    return found


def joined(text: str, drawable: frozenset[int]) -> str:
    """Return the text, in the order of reading, with each letter in the shape that it has there.

    ``drawable``: the characters that there is a sign for; others stay as they are.
    """
    letters = _letters(text)
    found = []
    for place, letter in enumerate(letters):
        body, marks = letter[0], letter[1:]
        before = letters[place - 1][0] if place else ""
        after = letters[place + 1][0] if place + 1 < len(letters) else ""
        joins_before = _joins(before[-1:], "<initial>") and _joins(body[:1], "<final>")
        joins_after = _joins(body[-1:], "<initial>") and _joins(after[:1], "<final>")
        kind = {
            (False, False): "<isolated>",
            (False, True): "<initial>",
            (True, True): "<medial>",
            (True, False): "<final>",
        }[joins_before, joins_after]
        shape = _shapes().get((body, kind), body)
        found.append((shape if drawable.issuperset(map(ord, shape)) else body) + "".join(marks))
    return "".join(found)


def _joins(letter: str, shape: str) -> bool:
    return letter == "\N{ARABIC TATWEEL}" or (letter, shape) in _shapes()


def _letters(text: str) -> list[list[str]]:
    """Return the letters, each with its marks; lam and alef together are one."""
    found: list[list[str]] = []
    for character in text:
        if found and unicodedata.combining(character):
            found[-1].append(character)
        elif found and len(found[-1]) == 1 and _is_ligature(found[-1][0] + character):
            found[-1][0] += character
        else:
            found.append([character])
    return found


def _is_ligature(text: str) -> bool:
    return (text, "<isolated>") in _shapes()
