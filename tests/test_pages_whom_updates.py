"""The pages of updates by filters, saved lists, sites and lists: what they offer, refuse, make."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.actions.block_patron import block_patron
from openpatron.patrons.actions.save_list import save_list
from openpatron.patrons.models import Association, Block, LocalCode
from openpatron.patrons.standing import Deed

from .visitor import REQUEST, Visitor, options, text_of
from .world import World

FIFTH = {"at": "maple", "whose": "grade_level", "value": "5"}
FOUND = {"who": "found", "found": "grade=5"}
TO = {"to": "cedar", "patron_type": "Student", "access_level": "Patron"}
WHY = {"checkout": "on", "reason": "Fees"}


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


def preview(visitor: Visitor, name: str, **words: Any) -> Any:
    address = reverse(name, args=["cascadia"])
    return visitor.client.post(f"{address}?request={REQUEST}", {"preview": "1"} | words)


@pytest.mark.parametrize(
    ("name", "words", "said"),
    [
        ("transfer", FIFTH | TO, "Transfer 2 patrons"),
        ("transfer", FOUND | TO | {"at": "maple"}, "Transfer 2 patrons"),
        ("remove_associations", FIFTH, "Remove 2 associations"),
        ("remove_associations", {"who": "saved", "saved": "Fifth", "at": "maple"}, "Remove 2 ass"),
        ("block_patrons", FOUND | WHY, "Block 2 patrons"),
        ("unblock_patrons", FOUND | {"reason": "Fees"}, "Lift the blocks of 2 patrons"),
        ("unblock_patrons", FIFTH, "Lift the blocks of 2 patrons"),
        ("change_field", FOUND | {"field": "language", "new": "es"}, "Change 2 patrons"),
        ("change_field", FOUND | {"do": "add", "field": "local_code", "new": "A"}, "Change 2 pat"),
    ],
)
def test_from_the_sentence_to_the_undo(
    world: World, dora: Visitor, name: str, words: dict[str, str], said: str
) -> None:
    for patron in world.crowd(2):
        world.tie(patron, world.alder)
        if name == "unblock_patrons":
            block_patron(world.operator, patron.pk, [Deed.RENEW], "Fees")
    save_list(world.operator, "Fifth", {"grade": "5"})
    tables = (Association, Block, LocalCode)
    before = [list(m._default_manager.order_by("pk").values()) for m in tables]

    looked = dora.get(name, **words)
    assert "Preview for 2 patrons" in text_of(looked)
    answer = preview(dora, name, **words)
    assert answer.status_code == 302, text_of(answer)
    assert preview(dora, name, **words).headers["Location"] == answer.headers["Location"]
    job = run(Job.objects.get())
    assert job.error == ""
    assert said in text_of(dora.get("job", job.pk))
    assert said in text_of(dora.get("confirm_job", job.pk))
    dora.post("confirm_job", job.pk)
    job = run(Job.objects.get())
    assert (job.state, job.applied_rows) == ("done", 2)
    again = dora.client.get(dora.get("plan_again", job.pk).headers["Location"])
    assert "Preview" in text_of(again)
    assert dora.get("undo_job", job.pk).status_code == 200
    dora.post("undo_job", job.pk)
    assert run(Job.objects.get()).state == "undone"
    if name != "block_patrons":
        now = [list(m._default_manager.order_by("pk").values()) for m in tables]
        assert now == before


@pytest.mark.parametrize(
    ("name", "words", "place"),
    [
        ("transfer", FIFTH, "to"),
        ("transfer", FOUND | TO, "at"),
        ("transfer", FIFTH | TO | {"to": "maple"}, "to"),
        ("remove_associations", FOUND, "at"),
        ("remove_associations", {"who": "saved", "at": "maple"}, "saved"),
        ("remove_associations", {"who": "saved", "saved": "Gone", "at": "maple"}, "saved"),
        ("remove_associations", {"who": "list", "at": "maple"}, "listed"),
        ("remove_associations", {"who": "found", "found": "site=fir", "at": "maple"}, "who"),
        ("block_patrons", FOUND | {"checkout": "on"}, "reason"),
        ("block_patrons", FOUND | {"reason": "Fees"}, "stops"),
        ("block_patrons", FOUND | WHY | {"until": "2020-01-01"}, "until"),
        ("block_patrons", FOUND | WHY | {"reason": "a\x00"}, "reason"),
        ("unblock_patrons", FOUND | {"reason": "None such"}, "reason"),
        ("change_field", FOUND | {"do": "add", "field": "local_code"}, "new"),
    ],
)
def test_what_is_wrong_is_said_beside_its_place(
    world: World, dora: Visitor, name: str, words: dict[str, str], place: str
) -> None:
    world.patron()
    save_list(world.operator, "Fifth", {"grade": "5"})
    answer = preview(dora, name, **words)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="#id_{place}"' in page
    assert f'id="id_{place}"' in page
    assert f'id="error_{place}"' in page
    assert not Job.objects.exists()


def test_levels_above_ones_own_are_not_offered(world: World, dora: Visitor) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    world.patron()
    assert "Teacher" not in options(dora.get("transfer", **FIFTH, to="cedar"), "access_level")
    refused = preview(dora, "transfer", **(FIFTH | TO | {"access_level": "Teacher"}))
    assert refused.status_code == 422
    assert 'id="error_access_level"' in refused.content.decode()


def test_the_patron_page_tells_what_happened(world: World, dora: Visitor) -> None:
    patron = world.patron(barcode="4711")
    preview(dora, "transfer", **FIFTH, **TO)
    run(confirm_job(world.operator, run(Job.objects.get())))
    page = text_of(dora.get("patron", patron.pk))
    assert "Transfer from Maple to Cedar" in page
    assert "Student" in page
