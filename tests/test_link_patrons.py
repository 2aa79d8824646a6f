"""Internal to external and back, for one and for many; what becomes of it with the record."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.feeds.records import FIELDS
from openpatron.kernel.errors import InputError, NotAllowedError, StateError
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.undo_job import undo_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.notifications.models import Kind, Message
from openpatron.patrons.actions import (
    link_patrons as linking,
    merge_patrons as merging,
    remove_patrons as removing,
    unlink_patrons as unlinking,
)
from openpatron.patrons.actions.link_to_source import link_to_source
from openpatron.patrons.actions.protect_fields import protect_fields
from openpatron.patrons.actions.release_protections import (
    ask as ask_release,
    plan_release,
    release_tonight,
)
from openpatron.patrons.actions.unlink_from_source import unlink_from_source
from openpatron.patrons.external import LOCKABLE
from openpatron.patrons.models import Patron, Protection, SourceRecord
from openpatron.patrons.protections import (
    ProtectionFilter,
    in_order,
    protections as found_protections,
    side_by_side,
)

from .command_line import CommandLine, openpatron
from .test_external import external, outcomes, protected, source
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

FIFTH: dict[str, Any] = {"at": "maple", "whose": "grade_level", "value": "5"}


def done(world: World, job: Job) -> Job:
    return run(confirm_job(world.operator, run(job)))


def undone(world: World, job: Job) -> Job:
    return run(undo_job(world.operator, job))


@pytest.fixture
def leo(world: World) -> Actor:
    return world.actor(world.staff("Library administrator", world.maple, "leo"))


def test_what_can_be_owned_is_what_a_feed_may_give() -> None:
    assert set(LOCKABLE) <= set(FIELDS)


def test_one_is_linked_and_unlinked(world: World, leo: Actor) -> None:
    owner = source(world.cascadia)
    patron = world.patron(username="ada", email="ada@x.example")
    record = link_to_source(leo, patron.pk, "sis", " K-7 ")
    assert (record.source, record.key, record.values) == (owner, "K-7", {})
    with pytest.raises(StateError, match="already"):
        link_to_source(leo, patron.pk, "sis", "K-8")
    other = world.patron()
    for words, field in ((("sis", "K-7"), "key"), (("sis", " "), "key"), (("x", "1"), "source")):
        with pytest.raises(InputError) as caught:
            link_to_source(leo, other.pk, *words)
        assert caught.value.field == field
    protect_fields(leo, patron.pk, ["first_name"])
    with pytest.raises(InputError, match="city"):
        protect_fields(leo, patron.pk, ["city"])

    patron.account.set_unusable_password()
    patron.account.save()
    with pytest.raises(InputError, match="no password"):
        unlink_from_source(leo, patron.pk, sign_in="as_it_is", keep_protections=True)
    made = unlink_from_source(leo, patron.pk, sign_in="password", keep_protections=True)
    patron.account.refresh_from_db()
    assert patron.account.check_password(made)
    assert not SourceRecord.objects.exists()
    assert protected(patron) == {"first_name"}
    told = [c.after for c in Change.objects.filter(subject_id=patron.pk).order_by("pk")]
    assert told[0] == {"source": "Source sis", "source_key": "K-7"}
    assert told[2] == {"source": None, "source_key": None, "sign_in": "password"}

    link_to_source(leo, patron.pk, "sis", "K-7")
    unlink_from_source(leo, patron.pk, sign_in="link", keep_protections=False)
    assert protected(patron) == set()
    assert Message.objects.filter(kind=Kind.SET_PASSWORD, patron_id=patron.pk).count() == 1
    with pytest.raises(StateError):
        unlink_from_source(leo, patron.pk, sign_in="link", keep_protections=False)


def test_many_are_linked_by_a_key_that_they_have(world: World) -> None:
    owner = source(world.cascadia)
    fit = [world.patron(district_id=f"D{n}") for n in range(9)]
    without, clash = world.patron(), world.patron(district_id="TAKEN")
    elsewhere = world.patron(world.cedar)
    external(elsewhere, owner, "TAKEN")
    other = world.patron(district_id="OTHER")
    external(other, source(world.cascadia, "hr"), "H1")
    asked = linking.ask(world.operator, source="sis", **FIFTH)
    job = done(world, linking.plan_links(world.operator, asked))
    assert outcomes(job) == {p.pk: ("applied", "") for p in fit} | {
        without.pk: ("conflict", "no_key"),
        clash.pk: ("conflict", "key_taken"),
        other.pk: ("conflict", "external"),
    }
    assert set(owner.records.values_list("key", flat=True)) == {
        "TAKEN", *(p.district_id for p in fit),
    }  # fmt: skip
    undone(world, job)
    assert owner.records.count() == 1


def test_many_are_linked_by_keys_on_a_list(
    world: World, openpatron: CommandLine, tmp_path: Path
) -> None:
    owner = source(world.cascadia)
    fit = [world.patron(district_id=f"D{n}") for n in range(9)]
    clash, other = world.patron(barcode="4711"), world.patron(district_id="OTHER")
    external(world.patron(), owner, "TAKEN")
    external(other, source(world.cascadia, "hr"), "H1")
    text = "\n".join(f"D{n}; K-{n}" for n in range(9))
    text = f'{text}\n\n"4711","TAKEN"\nOTHER\tK-77\nNOBODY, K-78\nD3, K-79\n'
    words = {"source": "sis", "key": "listed"}
    for wrong, field, said in (
        ("4711", "listed", "Line 1 is “4711”"),
        ("4711, a, b", "listed", "Line 1"),
        ("D1, K\n\nD2, K", "listed", "Line 3 gives the key “K” of line 1 again"),
        (None, "key", "only stand on a list"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            linking.ask(world.operator, **words, listed=wrong)
        assert caught.value.field == field
    job = run(linking.plan_links(world.operator, linking.ask(world.operator, **words, listed=text)))
    # Somebody else gets a key meanwhile.
    external(world.patron(), owner, "K-8")
    job = run(confirm_job(world.operator, job))
    rows = Change.objects.filter(job=job)
    assert dict(rows.values_list("subject_id", "reason")) == {p.pk: "" for p in fit[:8]} | {
        fit[8].pk: "key_taken", clash.pk: "key_taken", other.pk: "external",
        13: "unknown", 14: "twice",
    }  # fmt: skip
    assert {r.patron_id: r.key for r in owner.records.all() if r.patron in fit} == {
        patron.pk: f"K-{n}" for n, patron in enumerate(fit[:8])
    }
    undone(world, job)
    assert set(owner.records.values_list("key", flat=True)) == {"TAKEN", "K-8"}

    dora = Visitor(world.staff("District patrons manager", username="dora"))
    assert "On each line a barcode" in text_of(
        dora.get("link_patrons", list_of=str(job.pk), key="listed")
    )
    sent = {"who": "list", "listed": "D1, K-1", "preview": "1"} | words
    assert dora.post("link_patrons", **sent).status_code == 302
    assert Job.objects.latest("pk").params["keys"] == {"1": "K-1"}
    said = text_of(dora.post("link_patrons", **(sent | {"who": "at"})))
    assert "Keys can only stand on a list" in said
    here = ("--organization", "cascadia", "--source", "sis", "--key", "listed", "--yes")
    file = tmp_path / "keys.csv"
    file.write_text("D1,K-1\n")
    answer = openpatron("link_patrons", *here, "--barcodes", str(file), "--format", "json")
    assert (answer.code, answer.json["counts"]["linked"]) == (0, 1)


def test_many_are_unlinked_if_they_can_sign_in(world: World) -> None:
    owner = source(world.cascadia)
    mailed = [world.patron(email=f"p{n}@x.example", password="!x") for n in range(8)]
    stuck = world.patron(password="!x")
    known = world.patron(password="argon2$hash")
    internal = world.patron()
    for number, patron in enumerate([*mailed, stuck, known]):
        external(patron, owner, f"K{number}", first_name="Ada")
    Protection.objects.create(
        organization=world.cascadia, patron=mailed[0], field="email", until=date(2099, 1, 1)
    )
    asked = unlinking.ask(world.operator, protections="drop", **FIFTH)
    job = done(world, unlinking.plan_unlinking(world.operator, asked))
    assert outcomes(job) == {p.pk: ("applied", "") for p in [*mailed, known]} | {
        stuck.pk: ("conflict", "no_way_in"),
        internal.pk: ("conflict", "internal"),
    }
    assert list(SourceRecord.objects.values_list("patron", flat=True)) == [stuck.pk]
    assert Message.objects.filter(kind=Kind.SET_PASSWORD).count() == len(mailed)
    assert not Protection.objects.exists()
    # A key that somebody else got meanwhile is left.
    external(internal, owner, "K1")
    job = undone(world, job)
    found = outcomes(job)
    assert found[mailed[1].pk] == ("left", "value_gone")
    assert found[mailed[0].pk] == ("undone", "")
    back = SourceRecord.objects.get(patron=mailed[0])
    assert (back.key, back.values) == ("K0", {"first_name": "Ada"})
    assert bytes(back.digest) == b"0123456789abcdef"
    assert Protection.objects.get().until == date(2099, 1, 1)


def test_only_who_holds_both_rights(world: World, leo: Actor) -> None:
    source(world.cascadia)
    level = world.levels["District patrons manager"]
    level.permissions = [p for p in level.permissions if p != "patrons.open_external"]
    level.save()
    dora = world.actor(world.staff("District patrons manager", username="dora"))
    for who in (leo, dora):
        with pytest.raises(NotAllowedError):
            linking.ask(who, source="sis", **FIFTH)
        with pytest.raises(NotAllowedError):
            unlinking.ask(who, **FIFTH)
        with pytest.raises(NotAllowedError):
            ask_release(who, ProtectionFilter())


def test_protections_are_released_in_a_job_and_on_their_day(world: World) -> None:
    owner = source(world.cascadia)
    patrons = world.crowd(9)
    yesterday = timezone.localdate() - timedelta(days=1)
    for number, patron in enumerate(patrons):
        external(patron, owner, f"K{number}")
        for field in ("first_name", "email"):
            Protection.objects.create(
                organization=world.cascadia,
                patron=patron,
                field=field,
                until=yesterday if number == 0 and field == "email" else None,
            )
    night = release_tonight(world.operator)
    assert night is not None
    assert set(outcomes(done(world, night))) == {patrons[0].pk}
    assert protected(patrons[0]) == {"first_name"}
    assert release_tonight(world.operator) is None

    asked = ask_release(world.operator, ProtectionFilter(source="sis", field="first_name"))
    assert asked.count == 9
    job = done(world, plan_release(world.operator, asked))
    assert set(Protection.objects.values_list("field", flat=True)) == {"email"}
    assert {bytes(d) for d in SourceRecord.objects.values_list("digest", flat=True)} == {b""}
    undone(world, job)
    assert protected(patrons[3]) == {"first_name", "email"}


def test_protections_that_differ_are_found_ordered_written_and_released(
    world: World, openpatron: CommandLine
) -> None:
    owner = source(world.cascadia)
    ada = world.patron(first="Ada", last="Byron", barcode="M1", grade="5")
    same = {
        "first_name": "Ada", "birth_date": "", "grade_level": "5", "patron_type": "Student",
        "site": "maple", "barcode": "M1",
    }  # fmt: skip
    other = same | {
        "first_name": "Augusta", "birth_date": "2014-06-23", "grade_level": "6", "site": "alder",
        "patron_type": "Teacher", "barcode": "M2",
    }  # fmt: skip
    bob = world.patron(first="Ada", last="Zuse", barcode="A1", grade="5")
    external(ada, owner, "K1", **same)
    external(bob, owner, "K2", **other)
    for patron in (ada, bob, world.patron(last="Internal")):
        for field in (*same, "graduation_year", "homeroom"):
            Protection.objects.create(organization=world.cascadia, patron=patron, field=field)
    every = found_protections(world.operator, ProtectionFilter())
    # The database says of each what is said of one by one.
    by_hand = {one.protection.pk for one in side_by_side(world.operator, every) if one.differs}
    found = found_protections(world.operator, ProtectionFilter(differs=True))
    assert set(found.values_list("pk", flat=True)) == by_hand
    assert set(found.values_list("field", flat=True)) == set(other)
    ordered = [row.patron for row in in_order(every, "differs")]
    assert ordered[: len(other)] == [bob] * len(other)
    assert in_order(every, "-since").first() == every.order_by("-pk").first()

    dora = Visitor(world.staff("District patrons manager", username="dora"))
    page = text_of(dora.get("protections", differs="yes", sort="field"))
    assert "Zuse" in page
    assert "Byron" not in page
    answer = dora.get("export_protections", "csv", differs="yes")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 1 + len(other)
    assert lines[0].startswith("protection,patron_id,name,source,field,ours,theirs")
    assert dora.get("export_protections", "xml").status_code == 404
    here = ("--organization", "cascadia", "--differs")
    assert len(openpatron("protections", *here, "--format", "json").json) == len(other)

    # Many are released by what the list is narrowed by.
    answer = dora.post("release_protections", all="yes", differs="yes", q="zuse", field="barcode")
    assert answer.status_code == 302
    job = done(world, Job.objects.latest("pk"))
    assert "only what differs" in text_of(dora.get("job", job.pk))
    assert outcomes(job) == {bob.pk: ("applied", "")}
    assert found.count() == len(other) - 1


def test_a_record_goes_and_comes_back_with_its_source(world: World) -> None:
    owner = source(world.cascadia)
    patron = world.patron(status="inactive")
    external(patron, owner, "K1", first_name="Ada")
    Protection.objects.create(organization=world.cascadia, patron=patron, field="email")
    asked = removing.ask(world.operator, status="inactive")
    job = done(world, removing.plan_removal(world.operator, asked))
    assert not SourceRecord.objects.exists()
    undone(world, job)
    back = SourceRecord.objects.get(patron=patron.pk)
    assert (back.key, back.values) == ("K1", {"first_name": "Ada"})
    assert bytes(back.digest) == b"0123456789abcdef"
    assert protected(patron) == {"email"}

    job = done(world, removing.plan_removal(world.operator, asked))
    external(world.patron(), owner, "K1")
    assert outcomes(undone(world, job)) == {patron.pk: ("left", "key_taken")}


@pytest.mark.parametrize("both", [True, False])
def test_a_merged_record_has_one_source(world: World, both: bool) -> None:
    owner = source(world.cascadia)
    kept, other = world.patron(), world.patron()
    external(other, owner, "OTHER")
    if both:
        external(kept, owner, "KEPT")
    for patron, fields in ((kept, ["email"]), (other, ["email", "last_name"])):
        for field in fields:
            Protection.objects.create(organization=world.cascadia, patron=patron, field=field)
    pairs = merging.ask(world.operator, [merging.Pair(kept.pk, other.pk)])
    job = done(world, merging.plan_merge(world.operator, pairs))
    assert outcomes(job) == {kept.pk: ("applied", "")}
    assert SourceRecord.objects.get().key == ("KEPT" if both else "OTHER")
    assert SourceRecord.objects.get().patron_id == kept.pk
    assert protected(kept) == ({"email"} if both else {"email", "last_name"})
    assert outcomes(undone(world, job)) == {kept.pk: ("undone", "")}
    assert SourceRecord.objects.get(key="OTHER").patron_id == other.pk
    assert protected(other) == {"email", "last_name"}


def test_a_merge_leaves_what_a_source_owns(world: World) -> None:
    owner = source(world.cascadia, owned=["additional_email", "grade_level"])
    kept, other = world.patron(), world.patron(grade="9")
    external(kept, owner, "KEPT")
    Patron.objects.filter(pk=other.pk).update(additional_email="m@x.example", second_city="Paris")
    chosen = merging.ask(world.operator, [merging.Pair(kept.pk, other.pk, ("grade_level",))])
    job = run(merging.plan_merge(world.operator, chosen))
    assert outcomes(job) == {kept.pk: ("conflict", "owned")}
    pairs = merging.ask(world.operator, [merging.Pair(kept.pk, other.pk)])
    done(world, merging.plan_merge(world.operator, pairs))
    kept.refresh_from_db()
    assert (kept.second_city, kept.additional_email) == ("Paris", "")


def test_the_commands(world: World, openpatron: CommandLine) -> None:
    here = ("--organization", "cascadia")
    source(world.cascadia)
    world.patron(first="Ada", last="Byron", district_id="D1", email="ada@x.example")
    fifth = ("--at", "maple", "--whose", "grade_level=5", "--yes", "--format", "json")
    answer = openpatron("link_patrons", *here, *fifth, "--source", "sis")
    assert (answer.code, answer.json["counts"]["linked"]) == (0, 1)
    patron = Patron.objects.get()
    protect_fields(world.operator, patron.pk, ["first_name", "email"])
    SourceRecord.objects.update(values={"first_name": "Augusta"})
    (email, first) = openpatron("protections", *here, "--format", "json").json
    assert (first["field"], first["ours"], first["theirs"]) == ("first_name", "Ada", "Augusta")
    assert (first["differs"], email["theirs"], email["differs"]) == (True, None, False)
    assert "Augusta" in openpatron("protections", *here).out
    assert openpatron("protections", *here, "--format", "csv").out.count("\n") == 3
    assert openpatron("protections", *here, "--source", "none").code == 2
    number = str(first["protection"])
    assert openpatron("protections", *here, "--release", number).code == 2, "nobody says yes"
    assert openpatron("protections", *here, "--release", number, "--yes").code == 0
    assert openpatron("protections", *here, "--release", number, "--yes").code == 2
    answer = openpatron("protections", *here, "--release-all", "--yes", "--format", "json")
    assert answer.json["counts"]["released"] == 1
    answer = openpatron("unlink_patrons", *here, *fifth)
    assert (answer.code, answer.json["counts"]["unlinked"]) == (0, 1)


@pytest.mark.any_engine
def test_the_pages(world: World) -> None:
    source(world.cascadia)
    patron = world.patron(first="Ada", district_id="D1", email="ada@x.example")
    dora = Visitor(world.staff("District patrons manager", username="dora"))
    assert "Link to a source" in text_of(dora.get("patron", patron.pk))
    assert "A value is needed here." in text_of(dora.post("link_to_source", patron.pk))
    answer = dora.post("link_to_source", patron.pk, source="sis", key="K1")
    assert answer.status_code == 302
    said = text_of(dora.get("patron", patron.pk))
    assert "Unlink from the source" in said
    assert "Linked to a source" in said
    assert "Send a link to set a password to ada@x.example" in text_of(
        dora.get("unlink_from_source", patron.pk)
    )
    shown = dora.post("unlink_from_source", patron.pk, sign_in="password", protections="drop")
    assert "is internal now" in text_of(shown)
    words = {"at": "maple", "whose": "grade_level", "value": "5", "preview": "1"}
    for name, more in (
        ("link_patrons", {"source": "sis", "key": "district_id"}),
        ("unlink_patrons", {"protections": "keep", "sign_in": "link"}),
    ):
        assert "Preview" in text_of(dora.get(name))
        before = Job.objects.count()
        assert dora.post(name, **words | more).status_code == 302
        assert Job.objects.count() == before + 1
    assert "Link patrons to a source" in text_of(dora.get("update_patrons"))
    status = {"field": "status", "new": "inactive"}
    assert "where a source owns it," in text_of(dora.get("change_field", **words | status))
