"""Merging two records of one person: what becomes of everything, and exactly back."""

from __future__ import annotations

import random
import time
from datetime import date
from typing import Any

import pytest

from openpatron.accounts.models import Account, Registration
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.merge_patrons import Pair, ask, plan_merge
from openpatron.patrons.models import (
    Association,
    Barcode,
    Homeroom,
    LocalCode,
    Note,
    Patron,
    RemovedPatron,
    StaffRole,
)
from openpatron.patrons.queries import history
from openpatron.patrons.standing import Deed
from openpatron.patrons.whole_record import read

from .command_line import CommandLine, openpatron
from .processes import Processes, errand
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres


def twins(world: World) -> tuple[Patron, Patron]:
    """Make two records of one person, both with something in every table."""
    made = []
    for n, (last, district_id) in enumerate((("Byron", ""), ("Byrom", "D1"))):
        patron = world.patron(
            barcode=f"100{n}", first="Ada", last=last, district_id=district_id, grade=f"{5 + n}"
        )
        world.tie(patron, (world.cedar, world.alder)[n], f"C{n}", patron_type="Faculty")
        block_patron(world.operator, patron.pk, [Deed.RENEW], f"lost {n}")
        Note.objects.create(organization=world.cascadia, patron=patron, text=f"note {n}")
        for code in ("both", f"own{n}"):
            LocalCode.objects.create(organization=world.cascadia, patron=patron, value=code)
        role = StaffRole.objects.create(
            organization=world.cascadia, patron=patron, access_level=world.levels["Teacher"]
        )
        role.sites.set([world.maple])
        Homeroom.objects.create(
            organization=world.cascadia, site=world.maple, name=f"5{n}", supervisor=patron
        )
        made.append(patron)
    Association.objects.filter(patron=made[1], site=world.maple).update(
        patron_type=world.types["Faculty"]
    )
    return made[0], made[1]


def merged(world: World, kept: Patron, other: Patron, *take: str, fill: bool = False) -> Job:
    pairs = ask(world.operator, [Pair(kept.pk, other.pk, None if fill else take)])
    job = run(plan_merge(world.operator, pairs))
    return run(confirm_job(world.operator, job))


def test_everything_goes_to_the_one_who_stays(world: World) -> None:
    kept, other = twins(world)
    job = merged(world, kept, other, fill=True)
    assert (job.error, job.counts) == ("", {"applied": {"": 1}})
    kept.refresh_from_db()
    assert not Patron.objects.filter(pk=other.pk).exists()
    assert (kept.district_id, kept.grade_level) == ("D1", "5"), "only what was empty"
    ties = {a.site.name: (a.patron_type.name, a.is_primary) for a in kept.associations.all()}
    assert ties == {
        "Maple": ("Student", True), "Cedar": ("Faculty", False), "Alder": ("Faculty", False)
    }  # fmt: skip
    assert {(b.value, b.state) for b in kept.barcodes.all()} == {
        ("1000", "current"), ("1001", "replaced"), ("C0", "current"), ("C1", "current")
    }  # fmt: skip
    assert sorted(kept.notes.values_list("text", flat=True)) == ["note 0", "note 1"]
    assert sorted(kept.local_codes.values_list("value", flat=True)) == ["both", "own0", "own1"]
    assert (kept.blocks.count(), kept.staff_roles.count()) == (2, 2)
    assert all(role.sites.count() == 1 for role in kept.staff_roles.all())
    assert kept.supervised_homerooms.count() == 2
    assert "1001" in kept.search_text
    assert not Registration.objects.filter(account=other.account).exists()
    assert Account.objects.get(pk=other.account_id).erase_on is not None
    told = history(world.operator, kept)
    assert {c.subject_id for c in told} == {kept.pk, other.pk}, "the history goes along"


@pytest.mark.any_engine
def test_what_is_chosen_comes_from_the_other(world: World) -> None:
    kept, other = twins(world)
    maple = world.maple.pk
    Account.objects.filter(pk=other.account_id).update(birth_date=date(2014, 2, 3))
    Association.objects.filter(patron=other).update(is_primary=False)
    Association.objects.filter(patron=other, site=world.alder).update(is_primary=True)
    merged(
        world, kept, other, "grade_level", "last_name", "birth_date", "primary",
        f"association:{maple}", f"barcode:{maple}",
    )  # fmt: skip
    kept.refresh_from_db()
    account = Account.objects.get(pk=kept.account_id)
    assert (kept.grade_level, kept.district_id) == ("6", "")
    assert (account.last_name, account.birth_date) == ("Byrom", date(2014, 2, 3))
    assert kept.sort_name == "byrom, ada"
    tie = kept.associations.get(site=world.maple)
    assert (tie.patron_type.name, tie.is_primary) == ("Faculty", False)
    assert kept.associations.get(is_primary=True).site == world.alder
    assert set(kept.barcodes.filter(state="current").values_list("value", flat=True)) == {
        "1001", "C0", "C1"
    }  # fmt: skip


@pytest.mark.parametrize("chosen", [True, False])
def test_an_undo_goes_back_exactly(world: World, chosen: bool) -> None:
    kept, other = twins(world)
    maple = world.maple.pk
    before = read([kept.pk, other.pk])
    accounts = list(Account.objects.order_by("pk").values())
    take = ["district_id", "last_name", f"association:{maple}", f"barcode:{maple}", "primary"]
    job = merged(world, kept, other, *(take if chosen else []))
    job = run(undo_job(world.operator, job))
    assert (job.error, job.counts) == ("", {"undone": {"": 1}})
    assert read([kept.pk, other.pk]) == before
    assert list(Account.objects.order_by("pk").values()) == accounts
    assert Registration.objects.count() == 2
    assert not RemovedPatron.objects.exists()


def edit(world: World, kept: Patron, _other: Patron) -> None:
    edit_patron(world.operator, kept.pk, EditedPatron("active", "9", 2034, None))


def note(world: World, kept: Patron, _other: Patron) -> None:
    Note.objects.create(organization=world.cascadia, patron=kept, text="new")


def erased(world: World, _kept: Patron, other: Patron) -> None:
    Account.objects.filter(pk=other.account_id).delete()


def again(world: World, _kept: Patron, other: Patron) -> None:
    Patron.objects.create(organization=world.cascadia, account=other.account)


def id_taken(world: World, _kept: Patron, _other: Patron) -> None:
    world.patron(district_id="D1")


@pytest.mark.parametrize(
    ("meanwhile", "reason"),
    [
        (edit, "changed_since"), (note, "changed_since"), (erased, "erased"),
        (again, "registered_again"), (id_taken, "id_taken"),
    ],
)  # fmt: skip
def test_what_was_changed_since_stays(world: World, meanwhile: Any, reason: str) -> None:
    kept, other = twins(world)
    job = merged(world, kept, other)
    meanwhile(world, kept, other)
    before = read([kept.pk])
    job = run(undo_job(world.operator, job))
    assert (job.error, job.counts) == ("", {"left": {reason: 1}})
    assert read([kept.pk]) == before


def test_many_pairs_in_one_job(world: World) -> None:
    people = world.crowd(20)
    pairs = [Pair(people[n].pk, people[n + 10].pk) for n in range(10)]
    before = read([p.pk for p in people])
    job = run(plan_merge(world.operator, ask(world.operator, pairs)))
    job = run(confirm_job(world.operator, job))
    assert (job.error, job.counts) == ("", {"applied": {"": 10}})
    assert Patron.objects.count() == 10
    job = run(undo_job(world.operator, job))
    assert job.counts == {"undone": {"": 10}}
    assert read([p.pk for p in people]) == before


def test_wrong_pairs_are_refused(world: World) -> None:
    one, two, three = (world.patron().pk for _ in range(3))
    wrong: list[tuple[list[Pair], str]] = [
        ([], "pairs"),
        ([Pair(one, one)], "pairs"),
        ([Pair(one, two), Pair(one, three)], "pairs"),
        ([Pair(one, two), Pair(two, three)], "pairs"),
        ([Pair(one, world.stranger().patrons.model.objects.count() + 9_000)], "pairs"),
        ([Pair(one, two, ("email",))], "take"),
        ([Pair(one, two, ("association:999",))], "take"),
    ]
    for pairs, field in wrong:
        with pytest.raises(InputError) as caught:
            ask(world.operator, pairs)
        assert caught.value.field == field


def test_personal_data_that_others_share_are_not_chosen(world: World) -> None:
    kept, other = world.patron(), world.patron()
    pairs = ask(world.operator, [Pair(kept.pk, other.pk, ("last_name",))])
    job = run(plan_merge(world.operator, pairs))
    Registration.objects.create(account=kept.account, organization=world.rainier)
    job = run(confirm_job(world.operator, job))
    assert job.counts == {"failed": {"shared": 1}}
    with pytest.raises(InputError, match="cannot be chosen here"):
        ask(world.operator, [Pair(kept.pk, other.pk, ("last_name",))])


def test_rights_above_ones_own_are_not_merged(world: World) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    kept, other = world.patron(), world.patron(level="Teacher")
    dora = world.actor(world.staff("District patrons manager", None, "dora"))
    job = run(plan_merge(dora, ask(dora, [Pair(kept.pk, other.pk)])))
    assert job.counts == {"conflict": {"above": 1}}
    assert dora.account is not None
    own = dora.account.patrons.get()
    job = run(plan_merge(dora, ask(dora, [Pair(kept.pk, own.pk)])))
    assert job.counts == {"conflict": {"own": 1}}


def test_only_a_manager_may_ask(world: World) -> None:
    librarian = world.actor(world.staff("Library administrator", world.maple))
    pairs = [Pair(world.patron().pk, world.patron().pk)]
    for do in (lambda: ask(librarian, pairs), lambda: plan_merge(librarian, pairs)):
        with pytest.raises(NotAllowedError):
            do()


@pytest.mark.any_engine
def test_the_page_shows_both_and_merges_what_is_chosen(world: World) -> None:
    visitor = Visitor(world.staff("District patrons manager", None, "dora"))
    kept, other = twins(world)
    page = visitor.get("merge_patrons", kept.pk, other.pk)
    said = text_of(page)
    assert "Byron" in said
    assert "Byrom" in said
    assert "Association with Maple" in said
    assert "Barcode at Maple" in said
    answer = visitor.post(
        "merge_patrons",
        kept.pk,
        other.pk,
        **{"take.last_name": "other", "take.grade_level": "kept"},
    )
    assert answer.status_code == 302
    job = run(Job.objects.get())
    assert "Merge 1 pair" in text_of(visitor.get("job", job.pk))
    assert "You can undo this" in text_of(visitor.get("confirm_job", job.pk))
    job = run(confirm_job(world.actor(visitor.account), job))
    assert "Byrom, Ada" in text_of(visitor.get("job", job.pk))
    assert Account.objects.get(pk=kept.account_id).last_name == "Byrom"
    assert "Merge patrons" in text_of(visitor.get("patron", kept.pk))
    assert visitor.get("merge_patrons", kept.pk, other.pk).status_code == 404
    assert visitor.get("merge_patrons", kept.pk, kept.pk).status_code == 404
    wrong = visitor.post("merge_patrons", kept.pk, world.patron().pk, **{"take.email": "other"})
    assert wrong.status_code == 422


@pytest.mark.any_engine
def test_the_command_merges_a_pair_and_a_file_of_pairs(
    world: World, openpatron: CommandLine, tmp_path: Any
) -> None:
    for n in range(6):
        world.patron(barcode=f"{n}", grade=f"{n}")
    here = ("merge_patrons", "--organization", "cascadia")
    yes = ("--yes", "--format", "json")
    answer = openpatron(*here, "0", "1", "--take", "grade_level", *yes)
    assert answer.json["counts"] == {"selected": 1, "merged": 1, "skipped": 0, "failed": 0}
    assert Barcode.objects.get(value="1").patron == Barcode.objects.get(value="0").patron
    assert Patron.objects.get(barcodes__value="0").grade_level == "1"
    (tmp_path / "pairs.csv").write_text("2,3\n\n4 , 5\n")
    answer = openpatron(*here, "--pairs", str(tmp_path / "pairs.csv"), *yes)
    assert answer.json["counts"]["merged"] == 2
    undone = openpatron("undo", str(answer.json["job"]), "--yes", "--format", "json")
    assert undone.json["counts"]["undone"] == 2
    (tmp_path / "wrong.csv").write_text("2\n")
    for words in (("2",), ("2", "3", "--take", "name"), ("--pairs", str(tmp_path / "wrong.csv"))):
        answer = openpatron(*here, *words, "--yes")
        assert (answer.code, len(answer.err.strip().splitlines())) == (2, 1), answer


def test_killed_anywhere_everything_is_there_once(
    committed_world: World, processes: Processes
) -> None:
    world, chance = committed_world, random.Random(3)  # noqa: S311  no secret
    people = world.crowd(16)
    before = read([p.pk for p in people])
    pairs = [Pair(people[n].pk, people[n + 8].pk) for n in range(8)]
    kills = 0

    def until_it_rests(job: Job) -> int:
        killed = 0
        while job.is_at_work:
            after = chance.randint(1, 60)
            killed += processes.work(errand(job, rows=3, lease=0.02, statements=after))[0] == -9
            time.sleep(0.02)
            job.refresh_from_db()
        return killed

    job = plan_merge(world.operator, ask(world.operator, pairs))
    kills += until_it_rests(job)
    kills += until_it_rests(confirm_job(world.operator, job))
    job.refresh_from_db()
    assert (job.error, job.counts) == ("", {"applied": {"": 8}})
    assert (Patron.objects.count(), Barcode.objects.filter(patron=None).count()) == (8, 0)
    kills += until_it_rests(undo_job(world.operator, job))
    assert read([p.pk for p in people]) == before
    assert kills >= 3


def test_two_jobs_on_one_pair_at_once(committed_world: World, processes: Processes) -> None:
    world = committed_world
    people = world.crowd(12)
    jobs = []
    for turned in (False, True):
        pairs = [
            Pair(people[n + 6].pk, people[n].pk) if turned else Pair(people[n].pk, people[n + 6].pk)
            for n in range(6)
        ]
        job = run(plan_merge(world.operator, ask(world.operator, pairs)))
        jobs.append(confirm_job(world.operator, job))
    assert processes.work(*(errand(job, rows=2) for job in jobs)) == [0, 0]
    outcomes: dict[str, int] = {}
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error) == ("done", "")
        for outcome, reasons in job.counts.items():
            outcomes[outcome] = outcomes.get(outcome, 0) + sum(reasons.values())
    assert outcomes == {"applied": 6, "failed": 6}
    assert Patron.objects.count() == 6
    assert Change.objects.filter(outcome="applied").values("subject_id").distinct().count() == 6
