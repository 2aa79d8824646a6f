"""Several rows of one person, at several sites; homerooms of a feed and who leads them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.formats import format_of
from openpatron.feeds.formats.base import Options
from openpatron.feeds.models import Feed
from openpatron.feeds.run_reading import close_reading
from openpatron.kernel.errors import InputError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.patrons.actions.edit_patron import EditedAssociation, EditedPatron, edit_patron
from openpatron.patrons.actions.release_protections import release_protections
from openpatron.patrons.actions.update_patrons import ask, plan_update
from openpatron.patrons.external import Opening, external_of
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron, Protection
from openpatron.patrons.protections import ProtectionFilter, protections, side_by_side

from .feed_scene import Scene, person, scene
from .test_formats import fixture
from .visitor import Visitor, text_of
from .world import World

pytestmark = pytest.mark.postgres


@pytest.fixture(autouse=True)
def _own_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sis(world: World) -> Scene:
    return scene(world)


def test_rows_of_one_person_at_several_sites_are_an_association_each(sis: Scene) -> None:
    crowd = [person(n) for n in range(2, 14)]
    here = person(1, homeroom="5a", email="ada@example.org")
    there = person(1, site="alder", patron_type="Faculty", barcode="A1", grade_level="6")
    third = person(1, site="cedar", barcode="M0002", grade_level="")
    rows = [here, *crowd, there, third]
    assert sis.feed(*rows) == {"created": 13}, sis.reasons()

    def ties(number: int) -> dict[str, tuple[str, str, bool, list[str]]]:
        patron = sis.patron(number)
        return {
            tie.site.short_name: (
                tie.patron_type.name,
                tie.homeroom.name if tie.homeroom else "",
                tie.is_primary,
                list(patron.barcodes.filter(site=tie.site).values_list("value", flat=True)),
            )
            for tie in Association.objects.filter(patron=patron)
        }

    assert ties(1) == {
        "maple": ("Student", "5a", False, ["M0001"]),
        "alder": ("Faculty", "", False, ["A1"]),
        "cedar": ("Student", "", True, ["M0002"]),
    }
    patron = sis.patron(1)
    assert (patron.grade_level, patron.account.email) == ("6", "ada@example.org")
    assert "a1" in patron.search_text
    job = sis.jobs[-1]
    said = Change.objects.filter(job=job, reason="another_site").values_list(
        "subject_id", flat=True
    )
    assert sorted(said) == [15, 16]
    row = Change.objects.get(job=job, subject_kind="patron", subject_id=patron.pk)
    assert row.after["further_sites"] == "alder, maple"
    assert Feed.objects.get(job=job).counts["twice"] == 2
    assert sis.feed(here, *crowd, third, there) == {"unchanged": 13}, "it keeps its site"
    sis.undo(sis.jobs[0])
    assert not Association.objects.exists()

    # Somebody who is here already gets the further site, and loses it by an undo, if nobody
    # has changed it since.
    sis.feed(person(1), *crowd)
    two = [person(1), *crowd, there | {"grade_level": "5"}]
    assert sis.feed(*two) == {"updated": 1, "unchanged": 12}
    assert set(ties(1)) == {"maple", "alder"}
    assert ties(1)["maple"][2]
    sis.undo()
    assert set(ties(1)) == {"maple"}
    assert "a1" not in sis.patron(1).search_text
    assert not Barcode.objects.filter(value="A1").exists()
    sis.feed(*two)
    Association.objects.filter(patron=sis.patron(1), site__short_name="alder").update(
        patron_type=sis.world.types["Student"]
    )
    assert sis.undo().counts["left"] == {"changed_since": 1}
    assert set(ties(1)) == {"maple", "alder"}
    # An unknown site: refused as in any row.
    refused = sis.feed(person(20), person(20, site="nowhere"))
    assert refused["rejected"] == 1


def at(sis: Scene, number: int = 1) -> dict[str, tuple[str, str, bool, list[str]]]:
    """Return by site: patron type, homeroom, whether it is the primary one, current cards."""
    patron = sis.patron(number)
    current = patron.barcodes.filter(state="current")
    return {
        tie.site.short_name: (
            tie.patron_type.name,
            tie.homeroom.name if tie.homeroom else "",
            tie.is_primary,
            list(current.filter(site=tie.site).values_list("value", flat=True)),
        )
        for tie in Association.objects.filter(patron=patron)
    }


def further(sis: Scene, number: int = 1) -> dict[str, dict[str, str]]:
    """Return what the record keeps of further sites."""
    return sis.patron(number).source_record.further or {}


def test_further_sites_follow_later_feeds(sis: Scene) -> None:
    here, there = person(1), person(1, site="alder", homeroom="6a", barcode="A1")
    crowd = [person(n) for n in range(2, 8)]
    sis.feed(here, there, *crowd)
    assert set(further(sis)) == {"maple"}, "the source speaks of the last row's site"
    first = at(sis)
    assert first == {
        "maple": ("Student", "", False, ["M0001"]),
        "alder": ("Student", "6a", True, ["A1"]),
    }
    changed = person(1, patron_type="Faculty", homeroom="5b", barcode="M9")
    assert sis.feed(changed, there, *crowd) == {"updated": 1, "unchanged": 6}
    row = Change.objects.get(job=sis.jobs[-1], reason="updated")
    assert (row.before["patron_type at maple"], row.after["patron_type at maple"]) == (
        "Student",
        "Faculty",
    )
    after = {"maple": ("Faculty", "5b", False, ["M9"]), "alder": first["alder"]}
    assert at(sis) == after
    assert "m9" in sis.patron(1).search_text
    assert sis.feed(changed, there, *crowd) == {"unchanged": 7}
    sis.undo(sis.jobs[1])
    assert at(sis) == first
    # A hand edit since stays, and the whole row with it.
    sis.feed(changed, there, *crowd)
    assert at(sis) == after
    Association.objects.filter(patron=sis.patron(1), site__short_name="maple").update(
        patron_type=sis.world.types["Student"]
    )
    assert sis.undo().counts["left"] == {"changed_since": 1}
    # What was given by hand becomes the source's where a row names it; a card that is taken there
    # is left to its holder, or refused, as the source says.
    sis.world.tie(sis.patron(2), sis.world.cedar, patron_type="Faculty")
    assert sis.feed(changed, there, *crowd, person(2, site="cedar"))["updated"] >= 1
    assert at(sis, 2)["cedar"][0] == "Student"
    sis.says(barcode_taken="reject")
    refused = [changed, there, *crowd, person(3, site="alder", barcode="A1")]
    assert sis.feed(*refused)["rejected"] == 1
    assert "barcode_taken" in {reason for _o, reason in sis.reasons()}


def missed(sis: Scene) -> None:
    """Have two days pass since a site of the first person is missing."""
    record = sis.patron(1).source_record
    for said in (record.further or {}).values():
        if "missing_since" in said:
            said["missing_since"] = (timezone.localdate() - timedelta(days=2)).isoformat()
    record.save()


def test_a_further_site_that_no_row_names_is_left(sis: Scene) -> None:
    sis.says(absence="inactive", absence_days=2)
    here, there = person(1, barcode="M1"), person(1, site="alder", barcode="A1")
    crowd = [person(n) for n in range(2, 8)]
    # The source speaks of maple, where it found them; alder is a further site.
    sis.feed(here, *crowd)
    sis.feed(here, *crowd, there)
    both = at(sis)
    assert set(both) == {"maple", "alder"}

    # A day without it, a row that is refused, a file of changes only: it stays.
    sis.feed(here, *crowd, person(1, site="nowhere"))
    assert further(sis) == {"alder": {**further(sis)["alder"]}}
    assert "missing_since" not in further(sis)["alder"]
    sis.says(coverage="incremental")
    sis.feed(here, *crowd)
    assert "missing_since" not in further(sis)["alder"]
    sis.says(coverage="full")
    assert sis.feed(here, *crowd) == {"unchanged": 7}
    assert further(sis)["alder"]["missing_since"] == timezone.localdate().isoformat()
    assert at(sis) == both
    # It comes back, and goes for good; a protection of the association keeps it.
    sis.feed(here, there, *crowd)
    assert "missing_since" not in further(sis)["alder"]
    sis.feed(here, *crowd)
    missed(sis)
    kept = Protection.objects.create(
        organization=sis.world.cascadia, patron=sis.patron(1), field="site@alder"
    )
    assert sis.feed(here, *crowd)["protected"] == 1
    assert at(sis) == both
    kept.delete()
    assert sis.feed(here, *crowd) == {"updated": 1, "unchanged": 6}
    assert set(at(sis)) == {"maple"}
    assert not further(sis)
    assert sis.patron(1).barcodes.get(value="A1").state == "retired"
    dora = Visitor(sis.world.staff("District patrons manager", username="dora"))
    history = text_of(dora.get("patron", sis.patron(1).pk))
    assert "Associations ended with" in history, history
    sis.undo()
    assert at(sis) == both
    assert further(sis)["alder"]["missing_since"]
    assert sis.feed(here, *crowd) == {"updated": 1, "unchanged": 6}
    assert sis.feed(here, *crowd) == {"unchanged": 7}


@pytest.mark.any_engine
def test_the_source_speaks_of_another_site_when_its_own_is_gone(sis: Scene) -> None:
    sis.says(absence="inactive", absence_days=2)
    here, there = person(1, barcode="M1"), person(1, site="alder", barcode="A1")
    crowd = [person(n) for n in range(2, 8)]
    sis.feed(here, *crowd)
    sis.feed(here, there, *crowd)
    both = at(sis)
    sis.feed(*crowd, there)
    assert sis.patron(1).source_record.values["site"] == "alder"
    assert at(sis) == both
    missed(sis)
    sis.feed(*crowd, there)
    assert at(sis) == {"alder": ("Student", "", True, ["A1"])}
    sis.undo()
    assert at(sis) == both
    # Who stood in several rows and is in none any more is withdrawn like anybody.
    sis.says(absence_days=0)
    assert sis.feed(*crowd) == {"unchanged": 6, "withdrawn": 1}
    assert sis.patron(1).status == "inactive"
    # Absence may mean nothing: then the association becomes one of ours.
    sis.says(absence="nothing")
    sis.feed(here, there, *crowd)
    sis.feed(here, *crowd)
    assert not further(sis)
    assert at(sis) == both


def test_a_run_that_is_taken_up_anew_misses_nobody_of_two_rows(sis: Scene) -> None:
    """They have no digest by which their rows were known to have come by."""
    sis.says(absence="inactive")
    rows = [person(1), person(1, site="alder", barcode="A1"), person(2), person(2, grade_level="6")]
    rows += [person(n) for n in range(3, 20)]
    sis.feed(*rows)
    job = run(plan_feed(sis.world.operator, sis.receive(*rows)), on_progress=close_reading)
    assert sis.counts(job) == {"unchanged": 19}


@pytest.mark.any_engine
def test_fields_at_further_sites_are_locked_and_protected(sis: Scene, world: World) -> None:
    here, there = person(1), person(1, site="alder", barcode="A1")
    sis.feed(here, *[person(n) for n in range(2, 8)])
    sis.feed(here, there, *[person(n) for n in range(2, 8)])
    patron = sis.patron(1)
    person_of = world.staff("District patrons manager", username="dora")
    dora = world.actor(person_of)
    tie = patron.associations.get(site=world.alder)
    lock = external_of(patron).lock("patron_type", tie)
    assert lock
    assert (lock.received, lock.protected_as) == ("Student", "patron_type@alder")
    edited = EditedPatron(
        patron.status,
        patron.grade_level,
        patron.graduation_year,
        patron.expires_on,
        (EditedAssociation(tie.pk, world.types["Faculty"], tie.access_level, None),),
    )
    with pytest.raises(InputError, match="Open the record"):
        edit_patron(dora, patron.pk, edited)
    edit_patron(dora, patron.pk, edited, Opening(protects=True))
    assert Protection.objects.get().field == "patron_type@alder"
    rows = [here, there, *[person(n) for n in range(2, 8)]]
    assert sis.feed(*rows) == {"protected": 1, "unchanged": 6}
    assert at(sis)["alder"][0] == "Faculty"
    rows[0] = person(1, patron_type="Faculty")
    assert sis.feed(*rows) == {"updated": 1, "protected": 1, "unchanged": 6}
    found = protections(dora, ProtectionFilter(field="patron_type", differs=True))
    one = side_by_side(dora, found)[0]
    assert (one.ours, one.theirs) == ("Faculty", "Student")
    page = text_of(Visitor(person_of).get("protections"))
    assert "Patron type at alder" in page
    release_protections(dora, [found.get().pk])
    assert sis.feed(*rows) == {"updated": 1, "unchanged": 6}
    assert at(sis)["alder"][0] == "Student"
    # A job leaves it, or protects it by the same name.
    said: dict[str, Any] = {"field": "patron_type", "new": "Faculty", "at": "alder"}
    job = run(plan_update(dora, ask(dora, **said, listed="A1")))
    assert job.counts == {"skipped": {f"owned:{sis.source.pk}": 1}}
    job = run(plan_update(dora, ask(dora, **said, listed="A1", owned="protect")))
    job = run(confirm_job(dora, job))
    assert Protection.objects.get().field == "patron_type@alder"
    run(undo_job(dora, job))
    assert not Protection.objects.exists()


def test_homerooms_and_who_leads_them_go_with_an_undo(sis: Scene) -> None:
    sis.columns = (*sis.columns, "leads")
    fields = sis.setup.document["fields"] | {"homeroom_supervisor": {"columns": ["leads"]}}
    sis.says(fields=fields)
    maple = sis.world.maple
    kept = Homeroom.objects.create(organization=sis.world.cascadia, site=maple, name="5k")
    rows = [person(n, homeroom="5a", leads="S9") for n in range(8)]
    rows += [person(8, homeroom="5k", leads="S9"), person(9, patron_type="Faculty")]
    sis.feed(*rows)
    teacher = sis.patron(9)
    assert {r.name: r.supervisor for r in Homeroom.objects.all()} == {"5a": teacher, "5k": teacher}
    assert sis.undo().counts["undone"] == {"": 10}
    assert list(Homeroom.objects.all()) == [kept]
    assert not Patron.objects.filter(source_record__isnull=False).exists()
    # A room that somebody uses or renames stays; so does a supervisor whom somebody else set.
    sis.feed(*rows)
    room = Homeroom.objects.get(name="5a")
    other = sis.world.patron()
    Association.objects.filter(patron=other).update(homeroom=room)
    Homeroom.objects.filter(pk=kept.pk).update(supervisor=other)
    sis.undo()
    assert {r.name: r.supervisor for r in Homeroom.objects.all()} == {"5a": None, "5k": other}


@pytest.mark.any_engine
def test_a_oneroster_package_brings_homerooms_and_who_leads_them(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path / "roster"
    file = fixture("oneroster", "clean")
    chosen = format_of("oneroster")
    columns = chosen.suggest(chosen.table(file, Options()))
    made = scene(
        world,
        format="oneroster",
        fields={name: {"columns": [column]} for name, column in columns.items()},
        sites={"Maple": "maple", "Cedar": "cedar"},
        default_patron_type="Student",
        default_access_level="Patron",
    )
    feed = receive_feed(
        world.operator, made.source, "x.zip", [file.read_bytes()], Feed.Arrival.UPLOAD
    )
    job = run(plan_feed(world.operator, feed))
    assert job.total == Feed.objects.get().counts["rows"]
    made.apply(job)
    led = {r.name: r.supervisor for r in Homeroom.objects.all()}
    assert led
    assert all(led.values())
    made.undo(job)
    assert not Homeroom.objects.exists()
