"""Files that are meant to do harm, and what happens around a feed between its plan and its yes."""

from __future__ import annotations

from pathlib import Path

import pytest

from openpatron.feeds.formats import format_of
from openpatron.feeds.formats.base import Options
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.actions.merge_patrons import Pair, ask, plan_merge
from openpatron.patrons.actions.remove_patron import remove_patron
from openpatron.patrons.models import Association, Patron, Protection, Source, SourceRecord

from .feed_scene import person, scene
from .world import World

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("byte", [b",", b"x", b'"'])
def test_a_line_without_an_end_is_refused_and_not_read(tmp_path: Path, byte: bytes) -> None:
    file = tmp_path / "endless.csv"
    file.write_bytes(b"username,last_name\n" + byte * (3 << 20))
    with pytest.raises(InputError, match="line without an end"):
        format_of("delimited").table(file, Options())


def test_whatever_happens_between_plan_and_yes(world: World) -> None:
    sis = scene(world)
    sis.feed(*(person(n) for n in range(8)))
    job = sis.plan(
        *(person(n, last_name="New", grade_level="6", email=f"n{n}@x.org") for n in range(9))
    )
    who = [sis.patron(n) for n in range(8)]
    # 0 is removed, 1 is merged into 2, 3 goes to another source, 4 leaves its site, 5 is
    # protected, of 6 the address is somebody else's now, and so is that of 8, who is new.
    remove_patron(world.operator, who[0].pk)
    run(
        confirm_job(
            world.operator,
            run(plan_merge(world.operator, ask(world.operator, [Pair(who[2].pk, who[1].pk)]))),
        )
    )
    other = Source.objects.create(organization=world.cascadia, code="hr", name="HR", owned=[])
    SourceRecord.objects.filter(patron=who[3]).update(source=other)
    Association.objects.filter(patron=who[4]).delete()
    Protection.objects.create(organization=world.cascadia, patron=who[5], field="grade_level")
    for n in (6, 8):
        world.patron(email=f"n{n}@x.org")
    job = sis.apply(job)
    grades = {
        p.source_record.key: p.grade_level for p in Patron.objects.exclude(source_record=None)
    }
    assert grades == {"S2": "6", "S3": "5", "S4": "6", "S5": "5", "S6": "5", "S7": "6"}


def test_what_goes_from_one_batch_to_another_ends_neither_early(world: World) -> None:
    """The first takes what the last gives up; all between them are applied as well."""
    sis, number = scene(world), 16
    sis.feed(*(person(n) for n in range(number)))
    rows = [person(n, grade_level="6") for n in range(number)]
    rows[0]["username"], rows[-1]["username"] = rows[-1]["username"], rows[0]["username"]
    assert sis.feed(*rows) == {"updated": number}
    assert set(Patron.objects.values_list("grade_level", flat=True)) == {"6"}
    assert not Change.objects.filter(job=sis.jobs[-1]).exclude(outcome="applied").exists()
    job = Job.objects.get(pk=sis.jobs[-1].pk)
    assert sis.patron(0).account.username == f"learner{number - 1}"
    assert (job.state, job.done) == ("done", number)
