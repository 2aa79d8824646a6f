"""The pages of external records: locked fields, the question, protections, what a person sees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from openpatron.feeds.models import SourceSetup
from openpatron.patrons.models import Association, Patron, Protection, Source, SourceRecord

from .test_external import external, protected, source
from .visitor import Visitor, text_of
from .world import World


@pytest.fixture
def leo(world: World) -> Visitor:
    return Visitor(world.staff("Library administrator", world.maple, "leo"))


@pytest.fixture
def ada(world: World) -> Patron:
    patron = world.patron(
        first="Ada", last="Byron", username="ada", barcode="4711", mobile_phone="+14155550123"
    )
    owned = ["first_name", "mobile_phone", "status", "grade_level", "patron_type"]
    external(patron, source(world.cascadia, owned=owned), first_name="Ada", grade_level="5")
    return patron


def form_of(patron: Patron) -> dict[str, str]:
    tie = Association.objects.get(patron=patron)
    return {
        "status": patron.status,
        "grade_level": patron.grade_level,
        "graduation_year": "2034",
        "expires_on": "",
        "local_codes": "",
        "resource_sharing_library": "",
        f"type_{tie.pk}": str(tie.patron_type_id),
        f"level_{tie.pk}": str(tie.access_level_id),
        f"homeroom_{tie.pk}": "",
    }


def test_the_patrons_page_says_what_is_owned(leo: Visitor, ada: Patron) -> None:
    answer = leo.get("patron", ada.pk)
    page, said = answer.content.decode(), text_of(answer)
    assert "External record “Source sis” owns: First name, Mobile phone, Status" in said
    assert "Its key there is K1 (last received" in said
    assert 'aria-describedby="own-first_name"' in page
    assert "Owned by “Source sis”. Last received on" in said
    assert "Owned by “Source sis”. Nothing was received for it yet." in said
    assert "Open for update" in said
    tie = Association.objects.get(patron=ada)
    assert f'id="own-patron_type_{tie.pk}"' in page
    assert f'id="own-access_level_{tie.pk}"' not in page


def test_locked_fields_are_read_and_not_sent(leo: Visitor, ada: Patron) -> None:
    page = leo.get("edit_patron", ada.pk).content.decode()
    locked = page[: page.index('id="id_grade_level"')].rpartition("<input")[2]
    assert "readonly" in locked
    assert "name=" not in locked
    assert "disabled" not in locked
    # What is sent nevertheless is not taken.
    leo.post("edit_patron", ada.pk, **form_of(ada) | {"grade_level": "9", "status": "inactive"})
    ada.refresh_from_db()
    assert (ada.grade_level, ada.status) == ("5", "active")
    said = text_of(leo.get("edit_personal_data", ada.pk))
    assert ": Ada." in said


def test_the_question_names_the_fields_and_the_next_run(
    world: World, leo: Visitor, ada: Patron
) -> None:
    SourceSetup.objects.create(
        organization=world.cascadia,
        source=Source.objects.get(),
        next_run_at=timezone.now() + timedelta(days=1),
    )
    sent = form_of(ada) | {"grade_level": "6", "graduation_year": "2033", "open": "yes"}
    assert "All fields can be changed now" in text_of(leo.get("edit_patron", ada.pk, open="yes"))
    asked = leo.post("edit_patron", ada.pk, **sent)
    said = text_of(asked)
    assert "Should the next synchronization leave the fields you change as you set them?" in said
    assert (
        "You change: Grade level , owned by “Source sis”. It counts when the next feed runs, on"
        in said
    )
    assert 'value="no" checked' in asked.content.decode()
    assert 'value="6"' in asked.content.decode(), "what was typed is not lost"
    assert Patron.objects.get(pk=ada.pk).grade_level == "5"

    answer = leo.post("edit_patron", ada.pk, **sent, asked="grade_level", leave="no")
    assert answer.status_code == 302
    assert Patron.objects.get(pk=ada.pk).grade_level == "6"
    assert protected(ada) == set()

    sent = form_of(Patron.objects.get(pk=ada.pk)) | {"grade_level": "7", "open": "yes"}
    wrong = leo.post(
        "edit_patron", ada.pk, **sent, asked="grade_level", leave="yes", until="2020-01-01"
    )
    assert "is no day from today on" in text_of(wrong)
    leo.post("edit_patron", ada.pk, **sent, asked="grade_level", leave="yes")
    assert protected(ada) == {"grade_level"}
    said = text_of(leo.get("patron", ada.pk))
    assert "1 field is protected from feeds" in said
    assert "this value is ours, feeds leave it" in said
    # A further field was changed than the question was about: it is asked again.
    sent = form_of(Patron.objects.get(pk=ada.pk)) | {"status": "inactive", "open": "yes"}
    assert "You change: Status" in text_of(
        leo.post("edit_patron", ada.pk, **sent, asked="grade_level", leave="yes")
    )


def test_personal_data_are_opened_the_same_way(leo: Visitor, ada: Patron) -> None:
    page = leo.get("edit_personal_data", ada.pk, open="yes")
    names = page.context["form"].fields
    sent = {n: str(page.context["form"].initial[n]) for n in names} | {"open": "yes"}
    said = text_of(leo.post("edit_personal_data", ada.pk, **sent | {"first_name": "Gusta"}))
    assert "You change: First name , owned by" in said
    leo.post(
        "edit_personal_data",
        ada.pk,
        **sent | {"first_name": "Gusta", "asked": "first_name", "leave": "yes"},
    )
    assert protected(ada) == {"first_name"}
    assert Patron.objects.get(pk=ada.pk).account.first_name == "Gusta"


def test_without_the_right_the_page_says_who_may_grant_it(world: World, ada: Patron) -> None:
    leo = world.staff("Library administrator", world.maple, "leo")
    leo.first_name, leo.last_name = "Leo", "Lindqvist"
    leo.save()
    level = world.levels["District patrons manager"]
    level.name, level.pk = "Weak", None
    level.permissions = ["patrons.view", "patrons.edit"]
    level.save()
    world.levels["Weak"] = level
    eve = Visitor(world.staff("Weak", world.maple, "eve"))
    said = text_of(eve.get("patron", ada.pk))
    needs = "You need the right “Open external accounts for update” at Maple."
    assert f"{needs} It can be granted by Leo Lindqvist." in said
    assert "Open for update" not in said
    refused = eve.get("edit_patron", ada.pk, open="yes")
    assert refused.status_code == 403
    assert "at Maple" in text_of(refused)


def test_protections_are_listed_and_released(world: World, leo: Visitor, ada: Patron) -> None:
    Protection.objects.create(organization=world.cascadia, patron=ada, field="first_name")
    Protection.objects.create(
        organization=world.cascadia, patron=ada, field="grade_level", until=timezone.localdate()
    )
    Patron.objects.filter(pk=ada.pk).update(grade_level="6")
    far = world.patron(world.cedar)
    hidden = Protection.objects.create(organization=world.cascadia, patron=far, field="status")
    said = text_of(leo.get("protections"))
    assert "2 protections" in said
    assert "Grade level 6 5 Source sis" in said
    assert "First name Ada Ada the same Source sis" in said
    assert "1 protection " in text_of(leo.get("protections", field="first_name"))
    assert "No protection fits" in text_of(leo.get("protections", q="nobody"))

    row = Protection.objects.get(field="grade_level")
    SourceRecord.objects.update(digest=b"x" * 16)
    leo.post("release_protections", protection=str(row.pk))
    assert protected(ada) == {"first_name"}
    assert bytes(SourceRecord.objects.get().digest) == b""
    assert "Protection released" in text_of(leo.get("patron", ada.pk))
    leo.post("release_protections", protection=str(hidden.pk))
    assert protected(far) == {"status"}


def test_the_list_is_narrowed_by_record_and_source(world: World, leo: Visitor, ada: Patron) -> None:
    world.patron(first="Ines", last="Internal")
    for words, finds, lacks in (
        ({"record": "external"}, "Byron", "Internal"),
        ({"record": "internal"}, "Internal, Ines", "Byron"),
        ({"source": "sis"}, "Byron", "Internal, Ines"),
    ):
        said = text_of(leo.get("patrons", **words))
        assert finds in said, words
        assert f"{lacks} " not in said.replace("internal", ""), words


def test_a_person_reads_who_keeps_the_data(world: World, ada: Patron) -> None:
    own = Visitor(ada.account)
    answer = own.client.get(reverse("edit_own_data"))
    assert "“Source sis” of Cascadia keeps this." in text_of(answer)
    Source.objects.update(owned=["additional_email"])
    said = text_of(own.get("edit_own_contact"))
    assert "“Source sis” keeps this for the library." in said
