"""The run of a feed, measured in a process of its own, and its floors.

python -m benchmarks.feeds ours|floor|same|turned|hash|changed N    does it once, and prints that

``ours`` feeds N people to an empty source, ``floor`` reads the same file and writes the same final
rows by executemany or COPY; ``same`` feeds the file again, ``hash`` only reads it and hashes its
rows; ``turned`` feeds the same rows as another file, so that each of them has to be looked at;
``changed`` feeds it with one row in a hundred changed.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import time
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "openpatron.config.settings")
import django

django.setup()

from django.conf import settings  # noqa: E402  Django's own order
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from benchmarks import dataset  # noqa: E402
from benchmarks.bulk_job import cpu_seconds, peak_megabytes  # noqa: E402
from openpatron.access.actor import operator  # noqa: E402
from openpatron.access.models import AccessLevel  # noqa: E402
from openpatron.accounts.models import Account, Registration  # noqa: E402
from openpatron.feeds.actions.receive_feed import parts_of, receive_feed  # noqa: E402
from openpatron.feeds.actions.run_feed import plan_feed  # noqa: E402
from openpatron.feeds.models import Feed, SourceSetup  # noqa: E402
from openpatron.feeds.run_write import Person  # noqa: E402
from openpatron.kernel.rows import insert_rows, reserve_ids  # noqa: E402
from openpatron.ledger.actions.confirm_job import confirm_job  # noqa: E402
from openpatron.ledger.engine import run  # noqa: E402
from openpatron.ledger.models import Change, Job, State  # noqa: E402
from openpatron.organizations.models import PatronType, Site  # noqa: E402
from openpatron.organizations.scope import find_organization, open_organization  # noqa: E402
from openpatron.patrons.models import (  # noqa: E402
    Association,
    Barcode,
    Patron,
    Source,
    SourceRecord,
)
from openpatron.patrons.search import search_text, sort_name  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable

    from openpatron.access.actor import Actor

COLUMNS = (
    "external_id", "district_id", "username", "email", "first_name", "last_name", "birth_date",
    "grade_level", "site", "patron_type", "access_level", "barcode",
)  # fmt: skip
_BATCH = 10_000


def main() -> None:
    """Do what the arguments say."""
    what, n = sys.argv[1], int(sys.argv[2])
    with open_organization(find_organization(dataset.SLUG)) as organization:
        actor = operator(organization)
        path = write_file(n, what)
        works: dict[str, Callable[[], None]] = {
            "ours": lambda: feed(actor, path),
            "same": lambda: feed(actor, path),
            "turned": lambda: feed(actor, path),
            "changed": lambda: feed(actor, path),
            "floor": lambda: floor(actor, path),
            "hash": lambda: read_and_hash(path),
        }
        source(actor)
        cpu, start = cpu_seconds(), time.perf_counter()
        works[what]()
        found = {"seconds": time.perf_counter() - start, "cpu": cpu_seconds() - cpu}
        found["written"] = written(actor)
    print(json.dumps(found | {"megabytes": peak_megabytes()}))


def write_file(n: int, what: str) -> Path:
    """Write the file of n people: ``turned`` from the last, or one in a hundred ``changed``."""
    changed, people = what == "changed", range(n)
    path = Path(settings.DATA_DIR) / f"feed-{n}-{what}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for i in reversed(people) if what == "turned" else people:
            grade = "9" if changed and i % 100 == 0 else "5"
            writer.writerow(
                (
                    f"B{i}", f"BD{i}", f"bench.learner{i}", f"bench{i}@example.org", "Ada",
                    f"Learner {i}", f"20{10 + i % 10}-0{1 + i % 9}-1{i % 10}", grade,
                    dataset.site_name(n), "Student", "Patron", f"BF{i:08d}",
                )
            )  # fmt: skip
    return path


def source(actor: Actor) -> Source:
    """Return the source, made once."""
    found, is_new = Source.objects.get_or_create(
        organization=actor.organization,
        code="bench",
        defaults={"name": "Bench", "owned": COLUMNS[1:]},
    )
    if is_new:
        document = {
            "format": "delimited", "fields": {name: name for name in COLUMNS},
            "owned": list(COLUMNS[1:]), "absence": "inactive", "options": {"encoding": "utf-8"},
        }  # fmt: skip
        SourceSetup.objects.create(organization=actor.organization, source=found, document=document)
    return found


def feed(actor: Actor, path: Path) -> None:
    """Feed the file: receive, plan, apply."""
    arrived = receive_feed(actor, source(actor), path.name, parts_of(path), Feed.Arrival.COMMAND)
    job = run(confirm_job(actor, run(plan_feed(actor, arrived))))
    assert job.state == State.DONE, job.error


def written(actor: Actor) -> int:
    """Return how many rows the last run wrote beside its own: changes, and records received."""
    job = Job.objects.order_by("-pk").first()
    if job is None:
        return 0
    records = SourceRecord.objects.filter(source=source(actor), received_at__gte=job.created_at)
    return Change.objects.filter(job=job).count() + records.count()


def read_and_hash(path: Path) -> None:
    """Read the rows and hash each."""
    seen = set()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file):
            seen.add(blake2b("\x1f".join(row).encode(), digest_size=16).digest())


def floor(actor: Actor, path: Path) -> None:
    """Read the file and write the rows that a feed leaves, as one who trusts it would."""
    organization = actor.organization
    found, now = source(actor), timezone.now()
    names = {site.short_name: site for site in Site.objects.all()}
    student = PatronType.objects.get(name="Student").pk
    level = AccessLevel.objects.get(name="Patron").pk
    job = Job.objects.create(
        organization=organization, kind="run_feed", state=State.DONE, way="cli"
    )
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        while True:
            batch = [row for _i, row in zip(range(_BATCH), rows, strict=False)]
            if not batch:
                return
            with transaction.atomic():
                _write(batch, organization.pk, found.pk, names, (student, level), job.pk, now)


def _write(
    batch: list[dict[str, Any]], organization: int, found: int, names: dict[str, Site],
    tie: tuple[int, int], job: int, now: Any,
) -> None:  # fmt: skip
    accounts, patrons = reserve_ids(Account, len(batch)), reserve_ids(Patron, len(batch))
    people = [Person.of(row) for row in batch]
    insert_rows(
        Account,
        ("id", "password", "is_active", "created_at", "username", "email", "first_name",
         "last_name", "middle_name", "preferred_name", "language", "birth_date"),
        ((pk, "!", True, now, r["username"], r["email"], r["first_name"], r["last_name"], "", "",
          "", r["birth_date"]) for pk, r in zip(accounts, batch, strict=True)),
    )  # fmt: skip
    insert_rows(
        Registration, ("account_id", "organization_id"), ((a, organization) for a in accounts)
    )
    insert_rows(
        Patron,
        ("id", "organization_id", "account_id", "district_id", "status", "grade_level",
         "registered_on", "search_text", "sort_name"),
        ((p, organization, a, r["district_id"], "active", r["grade_level"], now.date(),
          search_text(person, r["district_id"], [r["barcode"]]), sort_name(person))
         for p, a, r, person in zip(patrons, accounts, batch, people, strict=True)),
    )  # fmt: skip
    insert_rows(
        Association,
        ("organization_id", "patron_id", "site_id", "patron_type_id", "access_level_id",
         "is_primary"),
        ((organization, p, names[r["site"]].pk, *tie, True)
         for p, r in zip(patrons, batch, strict=True)),
    )  # fmt: skip
    insert_rows(
        Barcode,
        ("organization_id", "patron_id", "site_id", "value", "state"),
        ((organization, p, names[r["site"]].pk, r["barcode"], "current")
         for p, r in zip(patrons, batch, strict=True)),
    )  # fmt: skip
    insert_rows(
        SourceRecord,
        ("organization_id", "source_id", "patron_id", "key", "values", "digest", "received_at"),
        ((organization, found, p, r["external_id"], json.dumps(r),
          blake2b("\x1f".join(r.values()).encode(), digest_size=16).digest(), now)
         for p, r in zip(patrons, batch, strict=True)),
    )  # fmt: skip
    insert_rows(
        Change,
        ("organization_id", "job_id", "subject_kind", "subject_id", "outcome", "reason", "notable",
         "before", "after", "way", "at"),
        ((organization, job, "patron", p, "applied", "", False, "{}",
          json.dumps(r | {"_feed": {"theirs": r}}), "cli", now)
         for p, r in zip(patrons, batch, strict=True)),
    )  # fmt: skip


if __name__ == "__main__":
    main()
