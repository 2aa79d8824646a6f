"""Reading a feed's file: batch by batch, and which rows are the same as the last time.

A row is known by sixteen bytes of a digest over its cells and the setup; they are held for all
records of the source while the file is read, about a hundred bytes for each. What was begun in
another process is read again up to where it stood, which costs no more than the hashing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from operator import neg
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import fetch, statement
from openpatron.ledger.models import Change, Job, Outcome, State
from openpatron.patrons.models import SUBJECT, Protection, SourceRecord

from .formats import format_of
from .mapping import compile_mapping
from .models import Feed
from .records import Chunk, Record, Row
from .run_context import BOOK, KIND, Run
from .setup_file import as_dict

# So many rows of a file are hashed together, and of so many batches' rows, or for so long, only
# unchanged ones are passed over in one transaction.
_CHUNK = 2_000
_BATCHES, _SECONDS = 20, 1.0

_open: dict[int, Reading] = {}


class Reading:
    """A file that is being read, and what is known of the source's records."""

    def __init__(self, run: Run) -> None:
        """Open the file; raises ``InputError`` where it cannot be read at all."""
        path = file_of(run.feed)
        chosen = format_of(run.setup.format)
        self.table = chosen.table(path, run.setup.options)
        size = min(_CHUNK, settings.OPENPATRON_JOB_BATCH_ROWS)
        self._chunks: Iterator[Chunk] = chosen.chunks(path, self.table, run.setup.options, size)
        # Whether the file was read to its end.
        self.is_over = False
        self.mapping: Callable[[Row], Record] = compile_mapping(
            run.setup, self.table.columns, run.organization
        )
        document = json.dumps(
            [as_dict(run.setup), sorted(run.owned), self.table.columns], sort_keys=True, default=str
        )
        self.seed = seed = blake2b(document.encode(), digest_size=32).digest()
        # What the setup adds to a digest: salt and person instead of a key, which costs a block.
        self._begun = blake2b(digest_size=16, salt=seed[:16], person=seed[16:])
        self._rest: Chunk | None = None
        self.position = 0
        # The run before, and the records whose rows are looked at even where they are as they were.
        self._last = _last_job(run)
        self.doubtful = _doubtful(run, self._last)
        # By digest: the record, or, once its row came by, minus the row's line.
        self._known: dict[bytes, int] = {}
        # Records of which a row came by that was looked at.
        self.seen: set[int] = set()
        # The same of the doubtful ones, which are looked at whatever their digest says.
        self._doubted: dict[bytes, int] = {}
        # How many problems of the file as a whole are said already.
        self.told = 0
        # Of every key that was looked at: the change that was planned.
        self.keys: dict[int, int] = {}
        # None once the digests are read.
        self._run: Run | None = run

    def is_as_the_last(self, feed: Feed) -> int:
        """Return how many rows the file has if it is the very file of the run before, else 0.

        So it is only where that run took every row, by this setup, and nothing was changed since:
        then each row would be found as it was.
        """
        last = self._last
        if last is None or last.state != State.DONE or self.doubtful:
            return 0
        before = Feed.objects.filter(job=last, digest=feed.digest, size=feed.size).first()
        if before is None or last.params.get("setup") != self.seed.hex():
            return 0
        remarks = sum(before.counts.get(name, 0) for name in ("twice", "notices", "unread"))
        if remarks or set(last.counts) - {Outcome.APPLIED.value}:
            return 0
        looked_at = SourceRecord.objects.filter(source=feed.source)
        if looked_at.filter(Q(digest=b"") | Q(missing_since__isnull=False)).exists():
            return 0
        # Of who was removed or unlinked there is no record left that could be doubtful.
        rows = int(before.counts.get("rows", 0))
        return rows if looked_at.count() == rows else 0

    def _learn(self, run: Run) -> None:
        """Read the digests of all records, once through the table."""
        known = self._known
        with connection.chunked_cursor() as cursor:
            cursor.execute(_records_sql(run.source.pk), [run.source.pk])
            while rows := cursor.fetchmany(5_000):
                known.update(rows)
        nameless = known.pop(b"", 0)
        if min(known.values(), default=0) < 0 or nameless:
            records = SourceRecord.objects.filter(source=run.source)
            doubtful = records.filter(Q(digest=b"") | Q(missing_since__isnull=False))
            self.doubtful.update(doubtful.values_list("pk", flat=True))
            self._known = known = {digest: abs(pk) for digest, pk in known.items()}
        if self.doubtful:
            doubtful = self.doubtful
            self._doubted = {d: pk for d, pk in known.items() if pk in doubtful}
            for digest in self._doubted:
                del known[digest]

    def batch(self, size: int, most: int | None = None) -> tuple[list[tuple[Row, bytes]], int]:
        """Return the next rows that are not as they were, and how many were read in all.

        At least ``size`` of them if there are so many; at most ``most`` rows are read for that.
        """
        if self._run is not None:
            self._learn(self._run)
            self._run = None
        changed: list[tuple[Row, bytes]] = []
        read, begin = 0, time.monotonic()
        most = most or size * _BATCHES
        while len(changed) < size and read < most and time.monotonic() - begin < _SECONDS:
            chunk = self._next(most - read)
            if chunk is None:
                self.is_over = True
                break
            self._compare(chunk, changed)
            read += len(chunk.lines)
        self.position += read
        return changed, read

    def _next(self, most: int) -> Chunk | None:
        chunk, self._rest = self._rest or next(self._chunks, None), None
        if chunk is not None and len(chunk.lines) > most:
            # Begun with another size of batches.
            self._rest = Chunk(chunk.lines[most:], chunk.cells[most:], chunk.texts[most:])
            chunk = Chunk(chunk.lines[:most], chunk.cells[:most], chunk.texts[:most])
        return chunk

    def _compare(self, chunk: Chunk, changed: list[tuple[Row, bytes]]) -> None:
        """Tick off what is known; the others are changed."""
        known, doubted, seen = self._known, self._doubted, self.seen
        digests = _digests(chunk.texts, self._begun)
        found = list(map(known.get, digests))
        if _are_new(found, digests) and seen.isdisjoint(found):
            # The whole chunk is as it was, which is the rule: no step for each row.
            known.update(zip(digests, map(neg, chunk.lines), strict=True))
            return
        for place, digest in enumerate(digests):
            line = chunk.lines[place]
            if (pk := known.get(digest, 0)) > 0 and pk not in seen:
                known[digest] = -line
            else:
                if digest in doubted:
                    seen.add(doubted[digest])
                changed.append((Row(line, tuple(chunk.cells[place])), digest))

    def line_of(self, digest: bytes) -> int:
        """Return the line in which a record's row came by unchanged, 0 if it did not."""
        return max(0, -self._known.get(digest, 0))

    def absent(self) -> list[int]:
        """Return the records of which no row came by."""
        left = {pk for pk in self._known.values() if pk > 0} | self.doubtful
        return sorted(left - self.seen)

    def note(self, key: str, change: int) -> None:
        """Remember which change was planned for a key."""
        self.keys[_short(key)] = change

    def change_of(self, key: str) -> int | None:
        """Return the change that was planned for a key."""
        return self.keys.get(_short(key))

    def catch_up(self, job: Job, position: int) -> None:
        """Read up to where an earlier process stood, and learn what it planned."""
        while self.position < position:
            self.batch(position, position - self.position)
            if self.is_over:
                break
        self.told = len(self.table.problems)
        rows = Change.objects.filter(job=job).values_list("pk", f"after__{BOOK}", f"before__{BOOK}")
        for pk, book, was in rows.iterator(chunk_size=5_000):
            if book and book.get("key"):
                self.note(book["key"], pk)
            if was and was.get("record"):
                self.seen.add(was["record"])


def reading_of(run: Run, position: int) -> Reading:
    """Return the file of the run, read up to that row; the one that is open if it stands there."""
    found = _open.get(run.job.pk)
    if found is None or found.position != position:
        _open.clear()
        found = Reading(run)
        if position:
            found.catch_up(run.job, position)
        _open[run.job.pk] = found
    return found


def close_reading(job: Job) -> None:
    """Forget the file; it is read to its end."""
    _open.pop(job.pk, None)


def file_of(feed: Feed) -> Path:
    """Return where the feed's file is kept, or raise ``InputError``."""
    path = Path(settings.DATA_DIR) / feed.path
    if not feed.path or not path.is_file():
        raise InputError(
            "file", _("The file %s is not kept any more. Feed it again.") % feed.file_name
        )
    return path


def _digests(texts: Sequence[bytes], begun: Any) -> list[bytes]:
    """Return a digest for each; to copy what is begun is quicker than to begin anew."""
    found, copy = [], begun.copy
    for text in texts:
        one = copy()
        one.update(text)
        found.append(one.digest())
    return found


def _are_new(found: list[int | None], digests: list[bytes]) -> bool:
    """Tell whether all digests are known, no row of theirs came by, and no two are the same."""
    if None in found:
        return False
    known = cast("list[int]", found)
    return min(known, default=0) > 0 and len(set(digests)) == len(digests)


def _short(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest())


def _records_sql(source: int) -> str:
    """Return what reads digests and ids; those that are missing since a day come with a minus."""
    sql = """
    SELECT digest, CASE WHEN missing_since IS NULL THEN id ELSE -id END
    FROM patrons_sourcerecord WHERE {source_id} = %s"""
    column = "source_id"
    if connection.vendor == "sqlite":
        # Row by row as they lie is quicker than in the index's order, unless it is for a few.
        own = SourceRecord.objects.filter(source=source).count()
        with connection.cursor() as cursor:
            cursor.execute("SELECT MAX(id) FROM patrons_sourcerecord")
            if own * 5 > (cursor.fetchall()[0][0] or 0):
                column = "+source_id"
    return sql.format(source_id=column)


def _last_job(run: Run) -> Job | None:
    """Return the last run of the source that was said yes to."""
    known = Job.objects.filter(kind=KIND, params__source=run.source.pk, confirmed_at__isnull=False)
    return known.exclude(pk=run.job.pk).order_by("-pk").first()


def _doubtful(run: Run, last: Job | None) -> set[int]:
    """Return the records that somebody else changed since the last run, or hold a protection.

    What a full feed did not hold the last time is doubtful too, and is seen while they are read.
    """
    held = Protection.objects.filter(organization=run.organization)
    touched = set(held.values_list("patron", flat=True))
    if last is not None:
        touched |= _touched_since(last, run.job)
    found: set[int] = set()
    ids = sorted(touched)
    for start in range(0, len(ids), 10_000):
        # By the patron's own index; the source's has a million of the same.
        records = SourceRecord.objects.filter(patron__among=ids[start : start + 10_000])
        rows = records.values_list("pk", "source")
        found.update(pk for pk, source in rows if source == run.source.pk)
    return found


def _touched_since(last: Job, job: Job) -> set[int]:
    """Return the patrons that others than these two jobs have changed since the first began."""
    others = Job.objects.exclude(pk__in=(last.pk, job.pk)).filter(
        Q(created_at__gte=last.created_at)
        | Q(confirmed_at__gte=last.created_at)
        | Q(undone_at__gte=last.created_at)
    )
    params = {
        "since": last.params.get("last_change", 0),
        "jobs": json.dumps([{"id": pk} for pk in others.values_list("pk", flat=True)]),
        "organization": job.organization_id,
        "subject": SUBJECT,
    }
    return {row[0] for row in fetch(statement("openpatron.feeds", "touched_since"), params)}
