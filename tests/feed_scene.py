"""A source of Cascadia and files of it, for tests of feeds."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openpatron.access.actor import Actor
from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.models import Feed, SourceSetup
from openpatron.feeds.run_checks import run_counts
from openpatron.feeds.setup_file import read_setup
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.models import Patron, Source

from .world import World

COLUMNS = (
    "external_id", "district_id", "username", "email", "first_name", "last_name", "birth_date",
    "mobile_phone", "grade_level", "site", "patron_type", "access_level", "homeroom", "barcode",
)  # fmt: skip
OWNED = [name for name in COLUMNS if name != "external_id"]
SAFE = {"created_percent": None, "changed_percent": None, "withdrawn_percent": None}


def person(number: int, **values: str) -> dict[str, str]:
    """Return a row of the file: the person of that number at maple, unless told otherwise."""
    row = {
        "external_id": f"S{number}",
        "district_id": f"D{number}",
        "username": f"learner{number}",
        "first_name": "Ada",
        "last_name": f"Learner {number}",
        "grade_level": "5",
        "site": "maple",
        "patron_type": "Student",
        "access_level": "Patron",
        "barcode": f"M{number:04d}",
    }
    return row | values


@dataclass
class Scene:
    """The source ``sis``, and what was fed from it."""

    world: World
    source: Source
    setup: SourceSetup
    columns: tuple[str, ...] = COLUMNS
    jobs: list[Job] = field(default_factory=list)

    def says(self, **values: Any) -> None:
        """Have the source say something else."""
        self.setup.document = self.setup.document | values
        read_setup(self.setup.document)
        self.setup.save()

    def file(self, *rows: Mapping[str, str]) -> bytes:
        """Return the rows as a CSV file."""
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return text.getvalue().encode()

    def receive(self, *rows: Mapping[str, str]) -> Feed:
        """Receive the rows as a file."""
        return self.receive_as(self.world.operator, *rows)

    def receive_as(self, actor: Actor, *rows: Mapping[str, str]) -> Feed:
        """Receive the rows as a file that somebody sent."""
        content = [self.file(*rows)]
        return receive_feed(actor, self.source, "people.csv", content, Feed.Arrival.UPLOAD)

    def plan(self, *rows: Mapping[str, str]) -> Job:
        """Plan a feed of these rows."""
        job = run(plan_feed(self.world.operator, self.receive(*rows)))
        assert (job.state, job.error) == ("planned", "")
        self.jobs.append(job)
        return job

    def apply(self, job: Job) -> Job:
        """Apply the plan."""
        job = run(confirm_job(self.world.operator, job))
        assert (job.state, job.error) == ("done", "")
        return job

    def feed(self, *rows: Mapping[str, str]) -> dict[str, int]:
        """Plan and apply, see that both count the same, and return the counts that are not 0."""
        job = self.plan(*rows)
        planned = self.counts(job)
        job = self.apply(job)
        assert self.counts(job) == planned
        return planned

    def undo(self, job: Job | None = None) -> Job:
        """Take the last feed back."""
        job = run(undo_job(self.world.operator, job or self.jobs[-1]))
        assert (job.state, job.error) == ("undone", "")
        return job

    @staticmethod
    def counts(job: Job) -> dict[str, int]:
        """Return the counts of a run that are not 0."""
        feed = Feed.objects.get(job=job)
        return {name: n for name, n in run_counts(job, feed).items() if n}

    @staticmethod
    def patron(number: int) -> Patron:
        """Return who is known to the source by that number."""
        return Patron.objects.select_related("account").get(source_record__key=f"S{number}")

    def reasons(self, job: Job | None = None) -> list[tuple[str, str]]:
        """Return outcome and reason of the rows of the last feed, in the order of the plan."""
        rows = Change.objects.filter(job=job or self.jobs[-1]).order_by("pk")
        return list(rows.values_list("outcome", "reason"))


def scene(world: World, **values: Any) -> Scene:
    """Make the source."""
    source = Source.objects.create(
        organization=world.cascadia, code="sis", name="Student information system", owned=OWNED
    )
    document: dict[str, Any] = {
        "format": "delimited",
        "fields": {name: {"columns": [name]} for name in COLUMNS},
        "owned": OWNED,
        "safety": {},
    }
    setup = SourceSetup(organization=world.cascadia, source=source, document=document)
    made = Scene(world, source, setup)
    made.says(**values)
    return made
