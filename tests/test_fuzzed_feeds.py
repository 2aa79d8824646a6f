"""Thousands of malformed files in every format: refused with a sentence, or read with problems.

``FUZZ_FILES=10000 pytest tests/test_fuzzed_feeds.py`` makes as many as the issue asks for;
``FUZZ_SEED`` repeats a run.
"""

from __future__ import annotations

import io
import os
import random
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from openpatron.feeds import formats as formats_package
from openpatron.feeds.formats import formats
from openpatron.feeds.formats.base import Format, Options
from openpatron.feeds.mapping import compile_mapping
from openpatron.feeds.setup import Rule, Setup
from openpatron.kernel.errors import InputError

from .world import World

FILES = int(os.environ.get("FUZZ_FILES", "200"))
SEED = int(os.environ.get("FUZZ_SEED", "20261122"))
SHARES = 2
NASTY = (
    b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b'"', b'""', b"'", b",", b";", b"\t",
    b"\r", b"\r\n", b"\n\n", b"<", b">", b"&", b"&x;", b"<![CDATA[",
    b"<!DOCTYPE a [<!ENTITY x 'y'>]>",
    b"</user>", b"<user>", b"{", b"}", b"[", b"]", b"\\u0000", b"\\ud800", b"1e999999", b"9" * 5000,
    b"null", b"-1", b"true", b"A" * 3000, b"0000-00-00", b"31/02/2015", b"9999-99-99", b"%s%n",
    b"../../etc/passwd", b"=1+1", b"\xe2\x80\xae", b"\x1f", b"\x85", b"autoassign", b":", b"::",
    b"tobedeleted", b"homeroom", b"<!--", b"]]>", b"<?x", b"PK\x03\x04", b"PK\x05\x06",
)  # fmt: skip


def fixtures() -> list[Path]:
    folder = Path(formats_package.__path__[0])
    return sorted(folder.glob("*/fixtures/*.*"))


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return the data with one to five things wrong."""
    for _time in range(chance.randint(1, 5)):
        at = chance.randint(0, len(data))
        to = min(len(data), at + int(chance.expovariate(0.05)))
        what = chance.randrange(7)
        if what == 0:
            data = data[:at]
        elif what == 1:
            data = data[:at] + data[to:]
        elif what == 2:
            data = data[:at] + chance.choice(NASTY) + data[at:]
        elif what == 3:
            data = data[:at] + chance.randbytes(to - at) + data[to:]
        elif what == 4:
            data = data[:to] + data[at:]
        elif what == 5:
            data = data.replace(
                chance.choice((b",", b"\n", b'"', b"<", b"e")), chance.choice(NASTY), 3
            )
        else:
            other = chance.randint(0, len(data))
            data = data[:at] + data[other : other + 50] + data[to:]
    return data


def malformed(chance: random.Random, file: Path) -> bytes:
    """Return a malformed copy of a fixture; in a zip file sometimes only what is in it."""
    data = file.read_bytes()
    if file.suffix != ".zip" or chance.random() < 0.4:
        return mutated(chance, data)
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(packed, "w") as new:
        names = old.namelist()
        worse = set(chance.sample(names, chance.randint(1, 3)))
        for name in names:
            if chance.random() < 0.9:
                inside = old.read(name)
                new.writestr(name, mutated(chance, inside) if name in worse else inside)
    return packed.getvalue()


def read(world: World, format_: Format, file: Path, to: Path) -> None:
    """Do with a file all that a run does before anything is written."""
    with suppress(InputError):
        table = format_.table(file, Options())
        meaning = format_.suggest(table)
        assert all(column in table.columns for column in meaning.values())
        rules = tuple(Rule(field, (column,)) for field, column in meaning.items())
        setup = Setup(format_.name, match=("username",), rules=rules, first_passwords=True)
        record = compile_mapping(setup, table.columns, world.cascadia)
        lines = {}
        for row in format_.rows(file, table, Options()):
            assert len(row.cells) == len(table.columns)
            lines[row.line] = "; ".join(p.text for p in record(row).problems) or "mend -- this"
        assert all(problem.text for problem in table.problems)
        format_.write_rejected(file, lines, to, Options())


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_no_malformed_file_is_more_than_a_sentence(
    world: World, tmp_path: Path, share: int
) -> None:
    every = list(formats().values())
    base = fixtures()
    for number in range(share, FILES, SHARES):
        chance = random.Random(SEED + number)  # noqa: S311  not a secret
        origin = base[number // SHARES % len(base)]
        file = tmp_path / f"file{origin.suffix}"
        file.write_bytes(data := malformed(chance, origin))
        asked = formats()[origin.parent.parent.name]
        if chance.random() < 0.15:
            asked = chance.choice(every)
        try:
            for one in every:
                assert 0 <= one.likeness(file, data[: 1 << 16]) <= 1
            read(world, asked, file, tmp_path / "rejected")
        except Exception as error:
            kept = Path(f"/tmp/fuzzed-{zlib.crc32(data)}{origin.suffix}")  # noqa: S108  to be looked at
            kept.write_bytes(data)
            raise AssertionError(
                f"number {number} of seed {SEED}, as {asked.name}: {error!r}; kept as {kept}"
            ) from error
