"""Card numbers of a pattern one after the other, faster than asking the pattern for each.

The check characters of both kinds are sums: what the last two digits add to them is the same
behind every beginning, and is worked out once. A test compares with the pattern itself.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from openpatron.organizations.barcode_pattern import CHECK_LUHN, CHECK_MOD43, CODE39

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpatron.organizations.barcode_pattern import BarcodePattern

# Two digits: an even number of them, so that Luhn doubles the same ones behind every beginning.
_TAILS = tuple(f"{n:02d}" for n in range(100))
_ALPHABETS = {CHECK_LUHN: "0123456789", CHECK_MOD43: CODE39}


def card_numbers(pattern: BarcodePattern, start: int) -> Iterator[tuple[int, str]]:
    """Yield (running number, card number) from ``start``, a multiple of 100, without an end.

    Left out are those whose check character is a space, which nobody could read off a card.
    """
    alphabet = _ALPHABETS.get(pattern.check)
    steps = _steps(pattern, alphabet)
    for block in count(start // 100):
        head = f"{pattern.prefix}{block:0{pattern.digits - 2}d}"
        number = block * 100
        if alphabet is None:
            for tail in _TAILS:
                yield number, head + tail
                number += 1
            continue
        place = alphabet.index(pattern.check_character(head + _TAILS[0]))
        for tail, step in zip(_TAILS, steps, strict=True):
            check = alphabet[(place + step) % len(alphabet)]
            if check != " ":
                yield number, head + tail + check
            number += 1


def _steps(pattern: BarcodePattern, alphabet: str | None) -> list[int]:
    """Return how far each tail moves the check character along the alphabet."""
    if alphabet is None:
        return []
    head = pattern.prefix + "0" * (pattern.digits - 2)
    places = [alphabet.index(pattern.check_character(head + tail)) for tail in _TAILS]
    return [place - places[0] for place in places]
