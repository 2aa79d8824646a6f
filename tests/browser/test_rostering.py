"""The pages of homerooms and synchronization, as a browser shows them."""

from __future__ import annotations

import pytest

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.patrons.models import Homeroom
from openpatron.rostering.actions.create_target import WantedTarget, create_target
from openpatron.rostering.actions.sync_site import sync_site
from tests.rosters import school_of

from .conftest import Visit
from .inspector import Inspector
from .scene import Scene

pytestmark = pytest.mark.browser


def test_the_pages_of_rostering(visit: Visit, scene: Scene) -> None:
    world = scene.world
    level = world.levels["District patrons manager"]
    level.permissions += ["rostering.manage", "rostering.manage_targets"]
    level.save()
    school = school_of(world)
    empty = Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="6B " + "x" * 40
    )
    school.students[0].barcodes.update(state="replaced")
    job = run(sync_site(world.operator, world.maple, at_once=True))
    done = run(confirm_job(world.operator, job))
    target, _secret = create_target(
        world.operator, WantedTarget("Reading community", "oneroster-rest", [world.maple])
    )
    dora = visit(scene.dora)
    inspector = Inspector(dora)
    for path, says in (
        ("rostering/", "Sync"),
        ("rostering/sites/maple/sync/", "Sync of Maple"),
        ("rostering/sites/maple/readiness/", "Readiness of Maple"),
        ("rostering/sites/maple/reading-platform/", "Site info of Maple"),
        ("rostering/sites/maple/homerooms/", "Homerooms of Maple"),
        (f"rostering/sites/maple/homerooms/{school.room.pk}/", "Homeroom 5A"),
        ("rostering/sites/maple/homerooms/add/", "Make a homeroom"),
        ("rostering/sites/maple/homerooms/copy/", "Copy homerooms"),
        ("rostering/sites/maple/homerooms/move/", "Move students"),
        (
            f"rostering/sites/maple/homerooms/{school.room.pk}/merge/",
            "Merge homeroom 5A into another",
        ),
        (
            f"rostering/sites/maple/homerooms/{empty.pk}/site/",
            f"Move homeroom {empty.name} to another site",
        ),
        (
            "rostering/sites/maple/readiness/student_homeroom/",
            "Mend all: move them to a homeroom",
        ),
        (
            "rostering/sites/maple/readiness/student_barcode/",
            "Mend all: give them the next barcodes",
        ),
        ("rostering/targets/", "Platforms"),
        ("rostering/targets/add/", "Add a platform"),
        (f"rostering/targets/{target.pk}/", "Edit Reading community"),
        (f"jobs/{done.pk}/", f"Job {done.pk}"),
    ):
        if path.startswith("jobs/"):
            dora.to(path)
            inspector.inspect(path)
        else:
            inspector.look_at(path, says)
    inspector.end()

    # A scanner types and presses Enter, one card after the other.
    dora.to(f"rostering/sites/maple/homerooms/{empty.pk}/")
    dora.page.locator("#id_card").focus()
    for student in school.students[1:]:
        dora.page.keyboard.type(student.barcodes.get().value)
        dora.page.keyboard.press("Enter")
        dora.page.get_by_text(f"{student.account.full_name} is in 6B").wait_for()
        dora.page.locator("#id_card:focus").wait_for()
    assert empty.associations.count() == len(school.students) - 1
