"""What makes feeds of a million rows quick leaves the same behind as the long way."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from openpatron.feeds.formats.base import Options
from openpatron.feeds.formats.delimited import blocks, text
from openpatron.feeds.records import texts_of
from openpatron.feeds.run_reading import Reading
from openpatron.ledger.models import Change
from openpatron.ledger.record import record_change
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.external import Opening
from openpatron.patrons.models import SUBJECT, Patron

from .feed_scene import person, scene
from .world import World

_LETTERS = (
    ["a", "b", "é"], ["a", ",", '"', "\n", "x"], ["a", '"', ",", "\r\n"], ["a", "'=", "", " "],
    ["a", "\r", "\x1f"],
)  # fmt: skip
_PIECES = ("a", ",", "\n", '"', "b", "\r\n", "c,d\n", '"x","y"\n')


def _some_file(chance: random.Random) -> bytes:
    if chance.random() < 0.2:
        return "".join(chance.choices(_PIECES, k=chance.randint(0, 80))).encode()
    letters, width = chance.choice(_LETTERS), chance.randint(1, 4)
    written = io.StringIO(newline="")
    out = csv.writer(
        written,
        quoting=chance.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL)),
        lineterminator=chance.choice(("\n", "\r\n")),
    )
    for _row in range(chance.randint(0, 30)):
        cells = width + chance.choices((0, 1, -1), (50, 1, 1))[0]
        out.writerow("".join(chance.choices(letters, k=chance.randint(0, 3))) for _ in range(cells))
    end = chance.choice((b"", b"", b"\xff\n", b'"'))
    return chance.choice((b"", b"\xef\xbb\xbf")) + written.getvalue().encode() + end


def test_blocks_are_read_as_csv_reads_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)  # noqa: S311  no secret
    file, plain = tmp_path / "people.csv", 0
    for _turn in range(400):
        file.write_bytes(_some_file(chance))
        monkeypatch.setattr(blocks, "_BLOCK", chance.choice((16, 64, 10_000)))
        monkeypatch.setattr(blocks, "_LONGEST", chance.choice((64, 1 << 20)))
        options = Options("utf-8", ",", chance.choice(('"', '"', "")))
        found: list[tuple[int, list[str]]] = []
        with blocks.opened_chunks(file, options, chance.choice((3, 1_000))) as chunks:
            for lines, rows, _error, texts in chunks:
                found += zip(lines, map(list, rows), strict=True)
                if texts is not None:
                    assert list(texts) == texts_of(rows)
                    plain += len(texts)
        with text.opened(file, options) as numbered:
            expected = [(line, row) for line, row in numbered if isinstance(row, list)]
        assert found == expected, file.read_bytes()
    assert plain > 500


def test_the_very_file_again_is_not_read_unless_something_was_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sis = scene(world, absence="inactive")
    rows = [person(n) for n in range(5)]
    assert sis.feed(*rows) == {"created": 5}
    batch = Reading.batch

    def refuse(*_asked: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Reading, "batch", refuse)
    for _again in range(2):
        assert sis.feed(*rows) == {"unchanged": 5}
        assert not Change.objects.filter(job=sis.jobs[-1]).exists()
    monkeypatch.setattr(Reading, "batch", batch)
    patron = sis.patron(1)
    by_hand = EditedPatron("active", "9", patron.graduation_year, patron.expires_on)
    edit_patron(world.operator, patron.pk, by_hand, Opening())
    assert sis.feed(*rows) == {"updated": 1, "unchanged": 4}
    # By a way that knows nothing of feeds: the ledger tells all the same.
    Patron.objects.filter(pk=patron.pk).update(grade_level="9")
    record_change(world.operator, SUBJECT, patron.pk, {}, {"grade_level": "9"})
    assert sis.feed(*rows) == {"updated": 1, "unchanged": 4}
    # Another setup means other values, a run that was undone is no longer what it was, and a row
    # that was refused is refused again.
    sis.says(default_patron_type="Student")
    assert sis.feed(*rows) == {"unchanged": 5}
    more = [*rows, person(9, site="nowhere"), person(10)]
    assert sis.feed(*more) == {"created": 1, "unchanged": 5, "rejected": 1}
    assert sis.feed(*more) == {"unchanged": 6, "rejected": 1}
    fewer = rows[:4]
    assert sis.feed(*fewer) == {"withdrawn": 2, "unchanged": 4}
    sis.undo()
    assert sis.feed(*fewer) == {"withdrawn": 2, "unchanged": 4}


def test_who_was_removed_is_not_taken_for_unchanged(world: World) -> None:
    sis = scene(world)
    rows = [person(n) for n in range(3)]
    assert sis.feed(*rows) == {"created": 3}
    remove_patron(world.operator, sis.patron(2).pk)
    # The account still waits to be erased, and has the username.
    assert sis.feed(*rows) == {"unchanged": 2, "rejected": 1}


def test_unique_values_are_looked_for_in_their_indexes(world: World) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL walks through tables that are as small as this one")
    sis = scene(world)
    with CaptureQueriesContext(connection) as asked:
        sis.plan(*(person(n, email=f"learner{n}@example.org") for n in range(3)))
    for column, index in (
        ('"district_id"', "patron_district_id"),
        ('LOWER("accounts_account"."email")', "account_email"),
        ('LOWER("accounts_account"."username")', "account_username"),
    ):
        queries = [one["sql"] for one in asked if f"{column} IN (SELECT value" in one["sql"]]
        assert queries, column
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + queries[0].replace("%", "%%"))
            assert any(index in row[3] for row in cursor.fetchall()), column
