"""What a run holds of each record and row while it reads: little, where there are millions.

A dictionary takes 140 to 200 bytes for a digest and its number, but finds it ten times as fast;
a set takes 70 for a number. Pure.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, repeat

WIDTH = 16
"""The bytes of a digest."""

FEW = 1_000_000
"""Up to so many records a dictionary holds their digests."""

# Of three places one is left free at least: with fewer, looking for one takes longer.
_FREE = 3
_SMALLEST = 1_024


class Few:
    """Numbers by digest; numbers are not 0, and nothing is taken out."""

    def __init__(self) -> None:
        """Begin with none."""
        self._numbers: dict[bytes, int] = {}

    def get(self, digests: Sequence[bytes]) -> list[int]:
        """Return the number of each digest, 0 where it has none."""
        return list(map(self._numbers.get, digests, repeat(0)))

    def put(self, digests: Sequence[bytes], numbers: Iterable[int]) -> None:
        """Set the number of each digest; of two that are the same, the later counts."""
        self._numbers.update(zip(digests, numbers, strict=True))

    def positive(self) -> Iterator[int]:
        """Yield the numbers above 0."""
        return (number for number in self._numbers.values() if number > 0)


class Many:
    """The same in 36 to 72 bytes for each: a table of places, filled from where a digest points."""

    def __init__(self, expected: int = 0) -> None:
        """``expected``: how many there will be; more is no error, but takes time."""
        self._used = 0
        self._clear(max(_SMALLEST, expected * _FREE // (_FREE - 1) + 1))

    def _clear(self, places: int) -> None:
        self._places = places
        self._high, self._low = (array("Q", bytes(8 * places)) for _half in range(2))
        self._numbers = array("q", bytes(8 * places))

    def get(self, digests: Sequence[bytes]) -> list[int]:
        """Return the number of each digest, 0 where it has none."""
        numbers = self._numbers
        return [numbers[place] for place in self._find(digests)]

    def put(self, digests: Sequence[bytes], numbers: Iterable[int]) -> None:
        """Set the number of each digest; of two that are the same, the later counts."""
        while (self._used + len(digests)) * _FREE > self._places * (_FREE - 1):
            self._grow()
        held, added = self._numbers, 0
        # The next one is looked for when this one has its place.
        rows = zip(self._find(digests), _halves(digests), numbers, strict=True)
        for place, (high, low), number in rows:
            if not held[place]:
                self._high[place], self._low[place] = high, low
                added += 1
            held[place] = number
        self._used += added

    def _find(self, digests: Sequence[bytes]) -> Iterator[int]:
        high, low, held, places = self._high, self._low, self._numbers, self._places
        for one, other in _halves(digests):
            place = one % places
            while held[place] and (high[place] != one or low[place] != other):
                place = place + 1 if place + 1 < places else 0
            yield place

    def _grow(self) -> None:
        held = zip(self._high, self._low, self._numbers, strict=True)
        self._clear(self._places * 2)
        self._used = 0
        known = (each for each in held if each[2])
        while some := list(islice(known, 1_000)):
            digests = [struct.pack("<2Q", one, other) for one, other, _number in some]
            self.put(digests, [number for _one, _other, number in some])

    def positive(self) -> Iterator[int]:
        """Yield the numbers above 0."""
        return (number for number in self._numbers if number > 0)


type Digests = Few | Many


def digests_for(expected: int) -> Digests:
    """Return what holds so many."""
    return Few() if expected <= FEW else Many(expected)


def _halves(digests: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    return struct.iter_unpack("<2Q", b"".join(digests))


class Bits:
    """A set of ids, in a bit for each number up to the highest."""

    def __init__(self, ids: Iterable[int] = ()) -> None:
        """Begin with these."""
        self._bytes = bytearray()
        for one in ids:
            self.add(one)

    def add(self, one: int) -> None:
        """Take an id in."""
        place = one >> 3
        if place >= len(self._bytes):
            self._bytes.extend(bytes(place + 1 - len(self._bytes) + len(self._bytes) // 4))
        self._bytes[place] |= 1 << (one & 7)

    def __contains__(self, one: int) -> bool:
        """Tell whether the id is in."""
        place = one >> 3
        return place < len(self._bytes) and bool(self._bytes[place] >> (one & 7) & 1)

    def __bool__(self) -> bool:
        """Tell whether any id is in."""
        return bool(self._bytes)

    def above(self, least: int) -> Iterator[int]:
        """Yield the ids above that one, in order."""
        for place in range(least >> 3, len(self._bytes)):
            if byte := self._bytes[place]:
                first = place * 8
                ids = (first + bit for bit in range(8) if byte >> bit & 1)
                yield from (one for one in ids if one > least)
