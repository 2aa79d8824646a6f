"""The pages of sources: a sample becomes a source by choosing; its settings; whose they are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from pytest_django import Settings

from openpatron.access.actor import Actor
from openpatron.feeds import formats
from openpatron.feeds.actions import keep_sample as samples
from openpatron.feeds.actions.edit_source import (
    WantedSource,
    create_source,
    delete_source,
    edit_source,
)
from openpatron.feeds.models import Feed, SourceSetup
from openpatron.feeds.queries import setup_of, source, sources
from openpatron.feeds.setup_file import as_dict, read_setup, read_source
from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError, StateError
from openpatron.kernel.sealed import unseal
from openpatron.ledger.models import Change
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Source, SourceRecord

from .visitor import Visitor, text_of
from .world import World

FIXTURES = Path(formats.__file__).parent / "delimited" / "fixtures"
DOCUMENT: dict[str, Any] = {
    "format": "delimited",
    "fields": {"external_id": "ID", "last_name": "Name", "site": "School", "role": "Job"},
    "sites": {"Maple School": "maple"},
    "default_patron_type": "Student",
    "default_access_level": "Patron",
    "owned": ["last_name"],
}


@pytest.fixture
def dora(world: World) -> Visitor:
    return Visitor(world.staff("District patrons manager", username="dora"))


@pytest.fixture(autouse=True)
def _own_data_folder(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def wanted(code: str = "sis", **changed: Any) -> WantedSource:
    return WantedSource(code, "The SIS", read_setup(DOCUMENT | changed))


def upload(dora: Visitor, name: str, data: bytes | None = None, query: str = "") -> Any:
    data = (FIXTURES / name).read_bytes() if data is None else data
    address = reverse("add_source", args=["cascadia"]) + query
    return dora.client.post(address, {"file": SimpleUploadedFile(name, data)})


def form_of(page: Any) -> dict[str, str]:
    """Return what a browser would send of the page's form."""
    html = page.content.decode()
    found = dict(re.findall(r'<input type="hidden" name="(asked_\w+)" value="([^"]*)"', html))
    form = page.context["form"]
    return found | {name: str(form[name].value() or "") for name in form.fields}


def test_a_sample_becomes_a_source_by_choosing(world: World, dora: Visitor) -> None:
    """Upload, guess, look, choose otherwise, save; the sample is gone then."""
    sent = upload(dora, "students-powerschool.csv")
    page = dora.client.get(sent.url)
    said = text_of(page)
    assert "no row would be rejected" in said
    for shown in ("Nguyễn", "2013-11-02", "maple", "100232", "none” is no telephone number"):
        assert shown in said
    words = form_of(page)
    assert (words["column_0"], words["column_1"]) == ("both_ids", "whole_name")
    assert words["value_status_1"] == "inactive"
    # The street is wanted for nothing, grade KG is ours, Alder is not of this source.
    alder = next(
        name
        for name, field in page.context["form"].fields.items()
        if field.label == "ALDER ELEMENTARY"
    )
    words |= {"column_9": "", "value_grade_level_2": "Kinder", alder: "", "code": "SIS!"}
    answer: Any = dora.client.post(sent.url, words | {"show": ""})
    said = text_of(answer)
    assert (answer.status_code, "2 of 5 rows would be rejected" in said) == (200, True)
    assert "“ALDER ELEMENTARY” is no school that this source is mapped for" in said
    assert ("Kinder" in said, "12 Oak St" not in said.split("What each column gives")[0]) == (
        True, True,
    )  # fmt: skip
    refused = dora.client.post(sent.url, words | {"save": "", "column_4": "last_name"})
    assert (refused.status_code, "gives this already" in text_of(refused)) == (422, False)
    refused = dora.client.post(sent.url, words | {"save": "", "column_5": "grade_level"})
    assert (refused.status_code, "gives this already" in text_of(refused)) == (422, True)
    refused = dora.client.post(sent.url, words | {"save": ""})
    assert (refused.status_code, "small letters" in text_of(refused)) == (422, True)
    assert not Source.objects.exists()
    saved: Any = dora.client.post(sent.url, words | {"save": "", "code": "sis", "name": "Our SIS"})
    assert saved.url == reverse("source", args=["cascadia", "sis"])
    assert dora.client.get(sent.url).status_code == 404
    found = source(world.operator, "sis")
    setup = setup_of(found)
    assert setup is not None
    assert "street" not in {rule.field for rule in setup.rules} | set(found.owned)
    assert setup.sites == {"Maple Elementary School": "maple"}
    assert "The SIS" not in text_of(dora.get("source", "sis"))
    # The same source again by another sample: what is not chosen there stays.
    edit_source(
        world.operator,
        "sis",
        wanted(**{**as_dict(setup), "default_site": "cedar", "schedule": {"times": ["02:00"]}}),
    )
    sent = upload(dora, "students-powerschool.csv", query="?source=sis")
    page = dora.client.get(sent.url)
    assert (
        dora.client.post(sent.url, form_of(page) | {"save": "", "column_8": ""}).status_code == 302
    )
    after = setup_of(source(world.operator, "sis"))
    assert after is not None
    assert (after.default_site, after.schedule.times) == ("cedar", ("02:00",))
    assert {r.field for r in setup.rules} - {r.field for r in after.rules} == {"home_phone"}


def test_rules_that_are_more_than_a_column_are_chosen(world: World, dora: Visitor) -> None:
    data = b"ID,Name,Street,House,Grade,Cell\n7,Ng Ada,Oak St,12,5,+14155550100\n"
    sent = upload(dora, "rules.csv", data)
    page = dora.client.get(sent.url)
    assert 'name="rules_sent" value="2-2"' in page.content.decode()
    words = form_of(page) | {
        "rules_sent": "2-2", "column_0": "external_id", "column_1": "", "column_2": "",
        "default_site": "maple", "default_patron_type": "Student",
        "default_access_level": "Patron",
    }  # fmt: skip

    def made(n: int, field: str, how: str, **more: str) -> dict[str, str]:
        return {f"made_{n}_{name}": v for name, v in ({"field": field, "how": how} | more).items()}

    for wrong, said in (
        (made(0, "city", "constant"), "Text: Give the text."),
        (made(0, "", "join"), "Choose the field that this gives."),
        (made(0, "street", "join", first="Street"), "Choose the columns that are joined."),
        (made(0, "last_name", "split", first="Name"), "at which it is split"),
        ({"homeroom_0_role": "student"}, "Say what the homeroom is called."),
    ):
        refused: Any = dora.client.post(sent.url, words | wrong | {"save": ""})
        assert (refused.status_code, said in text_of(refused)) == (422, True), said
    words |= made(0, "street", "join", first="House", second="Street", text=" ")
    words |= made(1, "city", "constant", text="Salem")
    page = dora.client.post(sent.url, words | {"show": ""})
    assert 'name="rules_sent" value="4-2"' in page.content.decode(), "there is always room"
    words |= made(2, "last_name", "split", first="Name", text=" ", part="1")
    words |= made(3, "first_name", "split", first="Name", text=" ", part="2")
    words |= {
        "rules_sent": "4-2", "homeroom_0_grade_level": "5", "homeroom_0_name": "Five",
        "homeroom_1_name": "Grade {grade_level}", "clears": "mobile_phone", "code": "rules",
    }  # fmt: skip
    shown: Any = dora.client.post(sent.url, words | {"show": ""})
    assert "Five" in text_of(shown)
    saved: Any = dora.client.post(sent.url, words | {"save": ""})
    assert saved.status_code == 302, text_of(saved)
    setup = setup_of(source(world.operator, "rules"))
    assert setup is not None
    rules = {rule.field: rule for rule in setup.rules}
    assert (rules["street"].columns, rules["city"].constant) == (("House", "Street"), "Salem")
    assert (rules["last_name"].part, rules["first_name"].part) == (0, 1)
    assert [rule.name for rule in setup.homerooms] == ["Five", "Grade {grade_level}"]
    assert "homeroom" in setup.owned
    assert {name for name, rule in rules.items() if rule.empty_clears} == {"mobile_phone"}
    # By another sample all of it stands in the form, and stays; what is emptied goes.
    sent = upload(dora, "rules.csv", data, query="?source=rules")
    page = dora.client.get(sent.url)
    again = form_of(page) | {
        f.html_name: str(f.value() or "") for f in page.context["form"].rules if f.name != "clears"
    }
    made_of = {again[f"made_{n}_field"]: n for n in range(6)}
    assert made_of.keys() >= {"street", "city", "last_name", "first_name"}
    city = made_of["city"]
    again |= {"rules_sent": "6-4", "clears": "mobile_phone"}
    again |= {f"made_{city}_field": "", f"made_{city}_how": ""}
    assert dora.client.post(sent.url, again | {"save": ""}).status_code == 302
    after = setup_of(source(world.operator, "rules"))
    assert after is not None
    assert {r.field for r in setup.rules} - {r.field for r in after.rules} == {"city"}
    assert (after.homerooms, {r.field for r in after.rules if r.empty_clears}) == (
        setup.homerooms, {"mobile_phone"},
    )  # fmt: skip


def test_a_sample_is_ones_own_and_of_any_kind(
    world: World, dora: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others have no such address; too large, empty and broken ones are told of; old ones go."""
    sent = upload(dora, "no-header.csv")
    page = dora.client.get(sent.url)
    words = form_of(page)
    assert words["header"] == "no"
    assert "No column tells who somebody is" in text_of(page)
    shown = dora.client.post(sent.url, words | {"column_0": "external_id", "column_1": "last_name"})
    assert "Hopper" in text_of(shown)
    other = Visitor(world.staff("District patrons manager", username="dirk"))
    assert other.client.get(sent.url).status_code == 404
    folders = list((tmp_path / "samples").glob("*/*/*"))
    assert len(folders) == 1
    for name, data in (("x.csv", b""), ("x.xlsx", b"PK\x03\x04 xl/ nothing"), ("../../x", b"\n")):
        refused = upload(dora, name, data)
        assert refused.status_code == 422
    monkeypatch.setattr(samples, "LARGEST", 10)
    assert "part of it is enough" in text_of(upload(dora, "schueler.csv"))
    assert list((tmp_path / "samples").glob("*/*/*")) == folders
    monkeypatch.setattr(samples, "_KEPT_SECONDS", -1)
    upload(dora, "x.csv", b"")
    assert not list((tmp_path / "samples").glob("*/*/*"))
    missing = dora.client.post(reverse("add_source", args=["cascadia"]), {})
    assert (missing.status_code, "A value is needed" in text_of(missing)) == (422, True)


def test_the_settings_of_a_source(world: World, dora: Visitor) -> None:
    """Sections, errors at their fields, the secret sealed, one row in the ledger; and as text."""
    create_source(world.operator, wanted())
    page = dora.get("edit_source", "sis")
    form = page.context["form"]
    words: dict[str, Any] = {name: form[name].value() for name in form.fields}
    words = {name: value for name, value in words.items() if value not in ([], None)}
    words |= {"seen": form.seen}
    address = reverse("edit_source", args=["cascadia", "sis"])
    changed = words | {
        "name": "Our SIS", "arrival_kind": "sftp", "arrival_host": "sis.example",
        "arrival_username": "lib", "arrival_host_key": "ssh-ed25519 AAAA", "secret": "geheim",
        "schedule_times": "02:30, 13:00", "safety_created_percent": "5",
        "safety_changed_percent": "", "owned": ["last_name", "site"], "absence": "inactive",
        "absence_days": "14",
    }  # fmt: skip
    for field, value, said in (
        ("schedule_times", "2", "like “02:30”"),
        ("arrival_host", "", "value is required"),
        ("safety_created_percent", "much", "Allowed: “never”"),
        ("default_site", "fir", "one of the values"),
        ("code", "No", "small letters"),
        ("match", [], "othing is named"),
    ):
        refused = dora.client.post(address, changed | {field: value})
        assert refused.status_code == 422
        assert said in str(refused.context["form"].errors[field]), field
    before = Change.objects.count()
    assert dora.client.post(address, changed).status_code == 302
    setup = setup_of(source(world.operator, "sis"))
    assert setup is not None
    assert (setup.arrival.host, setup.schedule.times) == ("sis.example", ("02:30", "13:00"))
    assert (setup.safety.created_percent, setup.safety.changed_percent) == (5, None)
    row = SourceSetup.objects.get()
    assert (unseal(row.sealed_secret), "geheim" in row.sealed_secret) == ("geheim", False)
    change = Change.objects.latest("id")
    assert Change.objects.count() == before + 1
    assert change.after["schedule.times"] == "02:30, 13:00"
    assert "geheim" not in str(change.after)
    said = text_of(dora.get("source", "sis"))
    for words_ in ("Our SIS", "lib@sis.example:22", "after 14 days", "Maple School", "from 5 % on"):
        assert words_ in said
    assert "geheim" not in said
    # Somebody who had it open before is told; the same again is no change.
    assert "Somebody changed this" in text_of(dora.client.post(address, changed))
    # As text, as a file, and what is wrong in it.
    text = dora.get("source_file", "sis")
    assert text["Content-Disposition"] == 'attachment; filename="sis.toml"'
    assert read_source(text.content.decode()).setup == setup
    for wrong, told, said in (
        ("sis.example", "", "arrival.host"),
        ("maple", "nowhere", "There are: alder, cedar"),
    ):
        broken = text.content.decode().replace(wrong, told)
        answer = dora.post("edit_source_text", "sis", file=broken)
        assert (answer.status_code, said in text_of(answer)) == (422, True)
    other = text.content.decode().replace("14", "30")
    assert dora.post("edit_source_text", "sis", file=other).status_code == 302
    after = setup_of(source(world.operator, "sis"))
    assert (after and after.absence_days, unseal(SourceSetup.objects.get().sealed_secret)) == (
        30, "geheim",
    )  # fmt: skip


def test_the_list_and_deleting(world: World, dora: Visitor) -> None:
    """Last feed, counts and next run; a source that owns somebody is not deleted."""
    assert "There are no sources yet" in text_of(dora.get("sources"))
    create_source(world.operator, wanted())
    create_source(world.operator, wanted("other"))
    found = source(world.operator, "sis")
    for n, counts in enumerate(({"created": 1}, {"updated": 3, "rejected": 2})):
        Feed.objects.create(
            organization=world.cascadia, source=found, file_name=f"f{n}.csv", digest="0",
            arrival="upload", counts=counts,
        )  # fmt: skip
    record = SourceRecord.objects.create(
        organization=world.cascadia, source=found, patron=world.patron(), key="1"
    )
    said = text_of(dora.get("sources"))
    assert ("3 updated, 2 rejected" in said, "1 created" in said) == (True, False)
    assert [one.patrons for one in sources(world.operator)] == [1, 0]
    assert "f0.csv" in text_of(dora.get("source", "sis"))
    kept = dora.post("delete_source", "sis")
    assert "owns 1 patrons" in text_of(dora.client.get(kept.url))
    record.delete()
    dora.post("delete_source", "sis")
    assert [one.source.code for one in sources(world.operator)] == ["other"]
    assert Change.objects.latest("id").before["name"] == "The SIS"
    # A source of which nothing is said yet has its page.
    Source.objects.create(organization=world.cascadia, code="bare", name="Bare")
    assert "not said yet" in text_of(dora.get("source", "bare"))
    assert dora.get("source_file", "bare").status_code == 404
    assert dora.get("edit_source", "bare").status_code == 302
    assert dora.get("edit_source_text", "bare").status_code == 200


def test_what_a_source_may_not_say(world: World) -> None:
    """Nothing of another organization, no level above one's own, no code twice."""
    fields = DOCUMENT["fields"]
    create_source(world.operator, wanted())
    for changed, field in (
        ({"default_site": "fir"}, "default_site"),
        ({"sites": {"Oak": "studio"}}, "sites.Oak"),
        ({"default_patron_type": "Alien"}, "default_patron_type"),
        ({"identity_provider": "idp"}, "identity_provider"),
        (
            {"fields": fields | {"patron_type": {"columns": "x", "values": {"a": "Z"}}}},
            "fields.patron_type.values.a",
        ),
        ({}, "code"),
    ):
        with pytest.raises(InputError) as caught:
            create_source(world.operator, wanted(**changed))
        assert caught.value.field == field
    weak = world.levels["Library administrator"]
    weak.permissions = ["feeds.manage", "organizations.view_home"]
    weak.grants = ["Patron"]
    weak.save()
    leo: Actor = world.actor(world.staff("Library administrator", username="leo"))
    edit_source(leo, "sis", wanted())
    columns = {"fields": DOCUMENT["fields"] | {"access_level": "Level"}}
    for above in ({"default_access_level": "District patrons manager"}, columns):
        with pytest.raises(NotAllowedError):
            edit_source(leo, "sis", wanted(**above))
    with open_organization(world.rainier), pytest.raises(NotFoundError):
        delete_source(world.operator, "sis")
    SourceRecord.objects.create(
        organization=world.cascadia, source=Source.objects.get(), patron=world.patron(), key="1"
    )
    with pytest.raises(StateError, match="owns 1 patrons"):
        delete_source(world.operator, "sis")
