"""Whoever holds less does not get at whoever holds more: not by a feed, not by a job."""

from __future__ import annotations

import pytest

from openpatron.access.models import AccessLevel
from openpatron.accounts.models import Registration
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.edit_patron import EditedPatron, edit_patron
from openpatron.patrons.actions.link_to_source import link_to_source
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.models import Association, Patron, SourceRecord, StaffRole
from openpatron.patrons.standing import Deed

from .feed_scene import person, scene
from .world import World

pytestmark = pytest.mark.postgres


def boss_of(world: World, patron: Patron) -> None:
    """Have somebody hold all that the manager of the district holds, and more."""
    level, _made = AccessLevel.objects.get_or_create(
        organization=world.cascadia,
        name="Full rights",
        permissions=[
            *world.levels["District patrons manager"].permissions, "rostering.manage_targets",
        ],
    )  # fmt: skip
    StaffRole.objects.create(
        organization=world.cascadia, patron=patron, access_level=level, is_organization_wide=True
    )


def test_a_feed_takes_nobody_over_who_holds_more(world: World) -> None:
    sis = scene(world)
    sis.feed(*(person(n, email=f"l{n}@example.org") for n in range(3)))
    boss_of(world, sis.patron(1))
    dora = world.actor(world.staff("District patrons manager"))
    rows = [
        person(0, email="new0@example.org"),
        person(1, email="mine@example.org"),
        person(2, email="new2@example.org"),
    ]
    feed = sis.receive(*rows)
    job = run(plan_feed(dora, feed))
    assert sis.counts(job) == {"updated": 2, "rejected": 1}
    # Between plan and yes somebody else came to hold more.
    boss_of(world, sis.patron(2))
    job = run(confirm_job(dora, job))
    assert {sis.patron(n).account.email for n in range(3)} == {
        "new0@example.org", "l1@example.org", "l2@example.org",
    }  # fmt: skip
    reasons = Change.objects.filter(job=job).order_by("pk").values_list("outcome", "reason")
    assert list(reasons) == [
        ("applied", "updated"), ("conflict", "person_above"), ("failed", "person_above"),
    ]  # fmt: skip
    # Nor by leaving them out.
    job = run(confirm_job(dora, run(plan_feed(dora, sis.receive(rows[0])))))
    assert {sis.patron(n).status for n in (1, 2)} == {"active"}
    # The clock acts for the organization; what it did is not undone by who holds less.
    sis.feed(*rows)
    assert sis.patron(1).account.email == "mine@example.org"
    run(undo_job(dora, sis.jobs[-1]))
    assert {sis.patron(n).account.email for n in (1, 2)} == {"mine@example.org", "new2@example.org"}


@pytest.mark.any_engine
def test_a_feed_does_not_take_over_the_sign_in_of_staff_elsewhere(world: World) -> None:
    sis = scene(world, match=["district_id"])
    sis.feed(*(person(n, email=f"l{n}@example.org") for n in range(3)))
    for n, level in ((1, "District patrons manager"), (2, "Patron")):
        account = sis.patron(n).account
        Registration.objects.create(organization=world.rainier, account=account)
        with open_organization(world.rainier):
            there = Patron.objects.create(organization=world.rainier, account=account)
            world.tie(there, world.fir)
            if level != "Patron":
                StaffRole.objects.create(
                    organization=world.rainier,
                    patron=there,
                    is_organization_wide=True,
                    access_level=world.neighbour_levels[level],
                )
    rows = [
        person(n, email=f"mine{n}@example.org", username=f"mine{n}", last_name="New")
        for n in range(3)
    ]
    assert sis.feed(*rows) == {"updated": 3, "protected": 1}
    people = [sis.patron(n).account for n in range(3)]
    assert [one.email for one in people] == [
        "mine0@example.org", "l1@example.org", "mine2@example.org",
    ]  # fmt: skip
    assert [one.username for one in people] == ["mine0", "learner1", "mine2"]
    assert {one.last_name for one in people} == {"New"}
    # The key, by which an identity provider knows them, is their sign-in as well.
    assert sis.feed(*(rows[n] | {"external_id": f"X{n}"} for n in range(3))) == {
        "unchanged": 2,
        "rejected": 1,
    }
    keys = SourceRecord.objects.order_by("patron").values_list("key", flat=True)
    assert list(keys) == ["X0", "S1", "X2"]


def test_a_job_leaves_who_holds_more_alone(world: World) -> None:
    dora = world.actor(world.staff("District patrons manager"))
    boss, tied, nobody = (world.patron() for _ in range(3))
    boss_of(world, boss)
    level = StaffRole.objects.get(patron=boss).access_level
    Association.objects.filter(patron=tied).update(access_level=level)
    asked = ask(
        dora, field="status", new="inactive", at="maple", whose="grade_level", value="5"
    )  # fmt: skip
    job = run(plan_update(dora, asked))
    assert job.counts == {"conflict": {"staff": 2}, "planned": {"": 1}}
    boss_of(world, nobody)
    job = run(confirm_job(dora, job))
    assert not Patron.objects.filter(status="inactive").exists()


def test_who_holds_more_by_an_association_is_above(world: World) -> None:
    """A level of a site is a level."""
    clerk = world.levels["Teacher"]
    rights = ("view", "edit", "block", "open_external")
    clerk.permissions = ["organizations.view_home", *(f"patrons.{right}" for right in rights)]
    clerk.save()
    uma = world.actor(world.staff("Teacher", world.maple))
    boss = world.patron(level="Library administrator")
    colleague = world.patron(level="Teacher")
    world.tie(colleague, world.cedar, level="Teacher")
    scene(world)
    for attack in (
        lambda: edit_patron(uma, boss.pk, EditedPatron("inactive", "", None, None)),
        lambda: block_patron(uma, boss.pk, [Deed.RENEW], "why"),
        lambda: link_to_source(uma, boss.pk, "sis", "my-own-key"),
    ):
        with pytest.raises(NotAllowedError, match="that you do not hold"):
            attack()
    edit_patron(uma, colleague.pk, EditedPatron("inactive", "", None, None))
