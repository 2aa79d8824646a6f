"""Reading a feed's file: batch by batch, and which rows are the same as the last time.

A row is known by sixteen bytes of a digest over its cells and the setup; they are held for all
records of the source while the file is read (``compact``). What was begun in another process is
read again up to where it stood, which costs no more than the hashing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from operator import neg
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sql import statement
from openpatron.ledger.models import Change, Job, Outcome, State
from openpatron.patrons.models import SUBJECT, Protection, SourceRecord

from .compact import WIDTH, Bits, Digests, Few, Many, digests_for
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
        self._known: Digests = Few()
        # Records of which a row came by that was looked at.
        self.seen = Bits()
        # Those of which none came by unchanged; known when the file is read.
        self._unseen: Bits | None = None
        # How many problems of the file as a whole are said already.
        self.told = 0
        # Of every key that was looked at: the change that was planned.
        self._keys = Many()
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
        records = SourceRecord.objects.filter(source=run.source)
        self._known, doubtful = digests_for(records.count()), self.doubtful
        with connection.chunked_cursor() as cursor:
            cursor.execute(_records_sql(run.source.pk), [run.source.pk])
            while rows := cursor.fetchmany(5_000):
                digests, ids = zip(*rows, strict=True)
                if min(ids) < 0:
                    # Missing since a day.
                    for pk in ids:
                        if pk < 0:
                            doubtful.add(-pk)
                if not all(digests):
                    # Of several rows, or never fed: no row is as theirs was.
                    for digest, pk in rows:
                        if not digest:
                            doubtful.add(abs(pk))
                    rows = [row for row in rows if row[0]]
                self._known.put([row[0] for row in rows], [abs(row[1]) for row in rows])

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
        known, doubtful, seen = self._known, self.doubtful, self.seen
        digests = _digests(chunk.texts, self._begun)
        found = known.get(digests)
        looked_at = [bits for bits in (seen, doubtful) if bits]
        if _are_new(found, digests) and not any(pk in bits for bits in looked_at for pk in found):
            # The whole chunk is as it was, which is the rule: no step for each row.
            known.put(digests, map(neg, chunk.lines))
            return
        ticked: dict[bytes, int] = {}
        for place, (digest, pk) in enumerate(zip(digests, found, strict=True)):
            line = chunk.lines[place]
            if pk > 0 and digest not in ticked and pk not in seen and pk not in doubtful:
                ticked[digest] = -line
            else:
                if pk > 0 and pk in doubtful:
                    seen.add(pk)
                changed.append((Row(line, tuple(chunk.cells[place])), digest))
        known.put(list(ticked), ticked.values())

    def line_of(self, digest: bytes) -> int:
        """Return the line in which a record's row came by unchanged, 0 if it did not."""
        return max(0, -self._known.get([digest])[0]) if digest else 0

    def absent(self, after: int, most: int) -> list[int]:
        """Return so many of the records of which no row came by, those with higher ids."""
        if self._unseen is None:
            self._unseen = Bits(self._known.positive())
            for pk in self.doubtful.above(0):
                self._unseen.add(pk)
        return list(islice((pk for pk in self._unseen.above(after) if pk not in self.seen), most))

    def note(self, key: str, change: int) -> None:
        """Remember which change was planned for a key."""
        self._keys.put([_short(key)], [change])

    def change_of(self, key: str) -> int | None:
        """Return the change that was planned for a key."""
        return self._keys.get([_short(key)])[0] or None

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


def _are_new(found: list[int], digests: list[bytes]) -> bool:
    """Tell whether all digests are known, no row of theirs came by, and no two are the same."""
    return min(found, default=0) > 0 and len(set(digests)) == len(digests)


def _short(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "replace"), digest_size=WIDTH).digest()


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


def _doubtful(run: Run, last: Job | None) -> Bits:
    """Return the records that somebody else changed since the last run, or hold a protection.

    What a full feed did not hold the last time is doubtful too, and is seen while they are read.
    """
    held = Protection.objects.filter(organization=run.organization)
    touched = Bits(held.values_list("patron", flat=True))
    if last is not None:
        for patron in _touched_since(last, run.job):
            touched.add(patron)
    found, ids = Bits(), touched.above(0)
    while some := list(islice(ids, 10_000)):
        # By the patron's own index; the source's has a million of the same.
        records = SourceRecord.objects.filter(patron__among=some)
        for pk, source in records.values_list("pk", "source"):
            if source == run.source.pk:
                found.add(pk)
    return found


def _touched_since(last: Job, job: Job) -> Iterator[int]:
    """Yield the patrons that others than these two jobs have changed since the first began."""
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
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement("openpatron.feeds", "touched_since"), params)
        while rows := cursor.fetchmany(5_000):
            yield from (row[0] for row in rows)
