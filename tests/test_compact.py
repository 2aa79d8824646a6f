"""What a run holds of millions of rows: the same as a dictionary and a set, in less."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from openpatron.feeds import compact
from openpatron.feeds.compact import Bits, Few, Many, digests_for


def _digest(n: int) -> bytes:
    return blake2b(str(n).encode(), digest_size=compact.WIDTH).digest()


@pytest.mark.parametrize("made", [Few(), Many(), Many(5_000)])
def test_numbers_by_digest(made: Few | Many) -> None:
    """More than was expected; some set again; those that agree in half of their bytes."""
    expected: dict[bytes, int] = {}
    for start in range(0, 6_000, 1_000):
        some = [_digest(n) for n in range(start, start + 1_000)]
        numbers = range(start + 1, start + 1_001)
        made.put(some, numbers)
        expected |= dict(zip(some, numbers, strict=True))
    alike = [b"\1" * 8 + bytes([n]) * 8 for n in range(3)]
    made.put([*alike, _digest(7), alike[0]], [-1, 2, 3, -8, 9])
    expected |= {alike[0]: 9, alike[1]: 2, alike[2]: 3, _digest(7): -8}
    unknown = [_digest(-1), alike[0][::-1]]
    assert made.get([*expected, *unknown]) == [*expected.values(), 0, 0]
    assert sorted(made.positive()) == sorted(n for n in expected.values() if n > 0)
    made.put([], [])
    assert made.get([]) == []


def test_many_take_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(digests_for(compact.FEW), Few)
    monkeypatch.setattr(compact, "FEW", 2)
    assert isinstance(digests_for(3), Many)


def test_a_set_of_ids() -> None:
    ids = {1, 7, 8, 9, 4_095, 100_000}
    bits = Bits(ids)
    assert bits
    assert not Bits()
    assert [n for n in range(200_000) if n in bits] == list(bits.above(0)) == sorted(ids)
    assert list(bits.above(7)) == [8, 9, 4_095, 100_000]
    assert list(bits.above(100_000)) == []
