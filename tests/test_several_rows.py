"""Several rows of one person, at several sites; homerooms of a feed and who leads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.formats import format_of
from openpatron.feeds.formats.base import Options
from openpatron.feeds.models import Feed
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change
from openpatron.patrons.models import Association, Barcode, Homeroom, Patron

from .feed_scene import Scene, person, scene
from .test_formats import fixture
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
    # A level that nobody may give there, an unknown site: refused as in any row.
    refused = sis.feed(person(20), person(20, site="nowhere"))
    assert refused["rejected"] == 1


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
