"""The pages of changing a field, promoting and expiring: what they offer, refuse and make."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from openpatron.ledger.engine import run
from openpatron.ledger.models import Job
from openpatron.patrons.actions.save_list import save_list
from openpatron.patrons.models import Homeroom, Patron

from .visitor import REQUEST, Visitor, options, text_of
from .world import World

FIFTH = {"at": "maple", "whose": "grade_level", "value": "5"}
SET = {"field": "status", "new": "inactive"}


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


def preview(visitor: Visitor, name: str = "change_field", **words: Any) -> Any:
    address = reverse(name, args=["cascadia"])
    return visitor.client.post(f"{address}?request={REQUEST}", {"preview": "1"} | words)


def test_the_list_of_updates_leads_to_all(world: World, dora: Visitor) -> None:
    page = text_of(dora.get("update_patrons"))
    for title in ("Add associations", "Change a field", "Promote a school year"):
        assert title in page


def test_places_offer_what_occurs_with_counts(world: World, dora: Visitor) -> None:
    for grade in ("5", "5", "10"):
        world.patron(grade=grade)
    Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="5a")
    page = dora.get("change_field", **FIFTH)
    assert options(page, "value") == ["5 (2)", "10 (1)"]
    assert "2 patrons are selected." in text_of(page)
    assert options(page, "new") == []
    assert options(dora.get("change_field", **FIFTH, field="homeroom"), "new") == ["5a"]
    assert options(dora.get("change_field", **FIFTH, **SET), "new") == [
        "active", "inactive", "restricted"
    ]  # fmt: skip
    assert "District patrons manager" in options(
        dora.get("change_field", **FIFTH, field="access_level"), "new"
    )
    clearing = dora.get("change_field", **FIFTH, do="clear")
    assert options(clearing, "field") == [
        "grade level", "graduation year", "expiry date", "communication language", "homeroom"
    ]  # fmt: skip


@pytest.mark.parametrize("do", ["set", "clear"])
def test_from_the_sentence_to_the_undo(world: World, dora: Visitor, do: str) -> None:
    world.crowd(3)
    words = {"do": do, "field": "graduation_year", "new": "2040"}
    answer = preview(dora, **FIFTH, **words)
    job = run(Job.objects.get())
    assert answer.headers["Location"] == reverse("job", args=["cascadia", job.pk])
    # The same page sent twice makes one job.
    assert preview(dora, **FIFTH, **words).headers["Location"] == answer.headers["Location"]
    page = text_of(dora.get("job", job.pk))
    assert "Change 3 patrons" in page
    assert "Changed from 2034 → to" in page
    assert "Yes, change 3 patrons" in text_of(dora.get("confirm_job", job.pk))
    dora.post("confirm_job", job.pk)
    job = run(Job.objects.get())
    assert Patron.objects.filter(graduation_year=2040 if do == "set" else None).count() >= 3
    assert "Done: 3 patrons changed." in text_of(dora.get("job", job.pk))
    assert "Yes, restore 3 patrons" in text_of(dora.get("undo_job", job.pk))
    assert "Job" in text_of(dora.get("print_job", job.pk))
    again = dora.client.get(dora.get("plan_again", job.pk).headers["Location"])
    assert "Preview for 3 patrons" in text_of(again)
    listing = text_of(dora.get("jobs"))
    assert "3 changed" in listing
    patron = Patron.objects.filter(grade_level="5").latest("id")
    assert "graduation year" in text_of(dora.get("patron", patron.pk)).casefold()


def test_a_list_is_pasted_or_uploaded(world: World, dora: Visitor) -> None:
    world.patron(barcode="4711"), world.patron(barcode="4712")
    looked = dora.post("change_field", who="list", listed="4711\n4712", **SET)
    assert "2 entries are on the list." in text_of(looked)
    assert "4711" not in looked.headers["HX-Replace-Url"]
    assert not Job.objects.exists()

    preview(dora, who="list", listed="4711\nnobody", **SET)
    job = run(Job.objects.get())
    page = text_of(dora.get("job", job.pk))
    assert "No patron here has the barcode or district id “nobody” (line 2)." in page
    assert "Line 2: “nobody”" in page
    again = dora.client.get(dora.get("plan_again", job.pk).headers["Location"])
    assert "4711\nnobody</textarea>" in again.content.decode()

    file = SimpleUploadedFile("cards.csv", "\ufeff4712\r\n".encode())
    preview(dora, who="list", listed="4711", file=file, **SET)
    assert Job.objects.latest("id").params["listed"] == [[1, "4712"]]
    refused = preview(dora, who="list", file=SimpleUploadedFile("x", b"\xff\xfe1"), **SET)
    assert refused.status_code == 422
    assert "is not a text in UTF-8" in text_of(refused)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({}, "at"),
        (FIFTH, "field"),
        (FIFTH | {"field": "status"}, "new"),
        (FIFTH | {"field": "status", "new": "asleep"}, "new"),
        (FIFTH | {"field": "grade_level", "new": "x" * 31}, "new"),
        (FIFTH | {"field": "expires_on", "new": "2027-02-30"}, "new"),
        (FIFTH | {"field": "graduation_year", "new": "12"}, "new"),
        (FIFTH | {"field": "homeroom", "new": "none"}, "new"),
        (FIFTH | {"value": "12"} | SET, "value"),
        ({"who": "list", "listed": " "} | SET, "listed"),
        ({"who": "list", "listed": "1", "field": "homeroom"}, "at"),
    ],
)
def test_what_is_wrong_is_said_beside_its_place(
    world: World, dora: Visitor, words: dict[str, str], place: str
) -> None:
    world.patron()
    answer = preview(dora, **words)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert f'href="#id_{place}"' in page
    assert f'id="id_{place}"' in page
    assert f'id="error_{place}"' in page
    for typed in words.values():
        assert typed.strip() in page, "what was typed is never lost"
    assert not Job.objects.exists()


def test_levels_above_ones_own_are_not_offered(world: World, dora: Visitor) -> None:
    world.levels["Teacher"].permissions = ["patrons.override"]
    world.levels["Teacher"].save()
    world.patron()
    page = dora.get("change_field", **FIFTH, field="access_level")
    assert "Teacher" not in options(page, "new")
    assert "rights that you do not hold" in text_of(page)
    answer = preview(dora, **FIFTH, field="access_level", new="Teacher")
    assert answer.status_code == 422
    assert not Job.objects.exists()


def test_the_promotion_shows_the_grades_and_moves_them(world: World, dora: Visitor) -> None:
    world.crowd(3, grade="K")
    world.crowd(2, world.alder, grade="5")
    page = text_of(dora.get("promote"))
    assert "K 3 patrons" in page
    assert "5 patrons move up. 2 of them graduate." in page
    assert "3 patrons move up." in text_of(dora.get("promote", at="maple"))
    both = dora.client.get(f"{reverse('promote', args=['cascadia'])}?at=maple&at=alder")
    assert "5 patrons move up." in text_of(both)
    assert both["HX-Replace-Url"].endswith("?who=at&at=maple&at=alder")
    save_list(world.operator, "Kindergarten", {"grade": "K"})
    listed = dora.get("promote", who="saved", saved="Kindergarten")
    assert "3 patrons move up." in text_of(listed)
    assert "Grade level: K" in text_of(listed)
    assert "2 patrons move up." in text_of(dora.get("promote", who="found", found="site=alder"))
    words = {"to.K": "1", "to.5": "graduated", "status": "inactive", "expires_on": "2027-06-30"}
    preview(dora, "promote", **words)
    job = run(Job.objects.get())
    page = text_of(dora.get("job", job.pk))
    assert "K → 1, 5 → graduated. Who graduates gets the status inactive." in page
    assert "Change 5 patrons" in page
    again = dora.client.get(dora.get("plan_again", job.pk).headers["Location"])
    assert 'value="inactive" selected' in again.content.decode()


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"to.5": ""}, "following"),
        ({"to.5": "x" * 31}, "following"),
        ({"to.7": "8"}, "following"),
        ({"to.5": "graduated", "status": "asleep"}, "status"),
        ({"to.5": "graduated", "expires_on": "soon"}, "expires_on"),
        ({"at": "nowhere"}, "at"),
        ({"who": "at"}, "at"),
        ({"who": "saved"}, "saved"),
        ({"who": "found", "found": "grade=99"}, "who"),
    ],
)
def test_a_promotion_that_cannot_be_says_why(
    world: World, dora: Visitor, words: dict[str, str], place: str
) -> None:
    world.patron()
    answer = preview(dora, "promote", **words)
    assert answer.status_code == 422
    assert f'href="#id_{place}"' in answer.content.decode()
    assert f'id="error_{place}"' in answer.content.decode()
    assert not Job.objects.exists()


def test_expired_patrons_are_previewed(world: World, dora: Visitor) -> None:
    assert "There is nothing to do." in text_of(dora.get("expire_patrons"))
    world.patron()
    Patron.objects.filter(grade_level="5").update(
        expires_on=timezone.localdate() - timedelta(days=1)
    )
    assert "1 active patron has an expiry date before" in text_of(dora.get("expire_patrons"))
    preview(dora, "expire_patrons")
    assert "Change 1 patron" in text_of(dora.get("job", run(Job.objects.get()).pk))


@pytest.mark.parametrize("name", ["change_field", "promote", "expire_patrons"])
def test_pages_ask_as_often_for_many_as_for_few(world: World, dora: Visitor, name: str) -> None:
    words = {} if name == "expire_patrons" else {"at": "maple"}
    if name == "change_field":
        words |= {"whose": "grade_level", "value": "5", "field": "homeroom"}
    counted = []
    for grade, size in (("5", 2), ("6", 40)):
        world.crowd(size, grade=grade)
        Homeroom.objects.create(organization=world.cascadia, site=world.maple, name=grade)
        dora.get(name, **words)
        with CaptureQueriesContext(connection) as asked:
            dora.get(name, **words)
        counted.append(len(asked))
    assert counted[0] == counted[1]
