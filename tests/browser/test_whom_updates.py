"""Updates by filters and saved lists in the browser: accessible in every state, by keyboard too."""

from __future__ import annotations

import pytest

from openpatron.patrons.actions.save_list import save_list

from .inspector import Inspector
from .scene import Scene
from .visitor import Visitor

pytestmark = pytest.mark.browser

FOUND = "who=found&found=grade%3D5"


@pytest.fixture
def dora_inspects(dora: Visitor) -> Inspector:
    return Inspector(dora)


def test_the_pages_in_every_state(dora_inspects: Inspector, scene: Scene) -> None:
    look_at = dora_inspects.look_at
    look_at("patrons/lists/", "Saved lists")
    save_list(scene.world.operator, "Fifth of Maple", {"grade": "5", "site": "maple"})
    look_at("patrons/lists/", "Saved lists")
    look_at("patrons/lists/save/?grade=5", "Save this list")
    look_at(f"update-patrons/?{FOUND}", "Update patrons")
    updates = "update-patrons"
    saved = "who=saved&saved=Fifth+of+Maple&at=maple"
    look_at(f"{updates}/change-a-field/?{FOUND}&do=add&field=local_code", "Change a field")
    look_at(f"{updates}/transfer/?{saved}&to=cedar&patron_type=Student", "Transfer patrons")
    look_at(f"{updates}/remove-associations/?{saved}", "Remove associations")
    look_at(f"{updates}/block-patrons/?{FOUND}", "Block patrons")
    look_at(f"{updates}/lift-blocks/?{FOUND}", "Lift blocks")
    for page in (f"{updates}/block-patrons/", f"{updates}/transfer/?{FOUND}"):
        dora_inspects.visitor.to(page)
        dora_inspects.visitor.by_role("button", "Preview").click()
        dora_inspects.visitor.page.get_by_role("alert").wait_for()
        dora_inspects.inspect(f"{page} with errors")
    dora_inspects.end()
