"""``openpatron update_patrons``: what it asks for, prints and answers with."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

HERE = ("update_patrons", "--organization", "cascadia")
FIFTH = (*HERE, "--at", "maple", "--whose", "grade_level=5")


def test_preview_changes_nothing_and_yes_does(world: World, openpatron: CommandLine) -> None:
    world.crowd(3)
    preview = openpatron(*FIFTH, "--set", "status=inactive", "--preview", "--format", "json")
    assert preview.code == 0
    assert preview.json["counts"] == {"selected": 3, "changed": 3, "skipped": 0, "failed": 0}
    assert not Patron.objects.filter(status="inactive").exists()

    done = openpatron(*FIFTH, "--set", "status=inactive", "--yes", "--format", "json")
    assert (done.code, done.json["state"]) == (0, "done")
    line = done.json["lines"][0]
    assert list(line) == [
        "patron_id", "name", "line", "listed", "field", "before", "after", "outcome", "reason",
        "edit_url",
    ]  # fmt: skip
    assert (line["field"], line["before"], line["after"]) == ("status", "active", "inactive")
    assert line["outcome"] == "changed"
    assert Patron.objects.filter(status="inactive").count() == 3

    undone = openpatron("undo", str(done.json["job"]), "--yes", "--format", "json")
    assert undone.json["counts"]["undone"] == 3
    assert not Patron.objects.filter(status="inactive").exists()


def test_the_table_shows_before_and_after(world: World, openpatron: CommandLine) -> None:
    world.patron(first="Ada", last="Byron")
    answer = openpatron(*FIFTH, "--clear", "graduation_year", "--yes")
    assert "clear the graduation year" in answer.out
    assert "2034 → none" in answer.out
    assert "changed: 1" in answer.out
    again = openpatron(*FIFTH, "--clear", "graduation_year", "--yes", "--format", "csv")
    assert "There is nothing to change: it is so already." in again.out


def test_a_list_from_a_file_and_from_standard_input(
    world: World, openpatron: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.patron(barcode="4711"), world.patron(barcode="4712")
    (tmp_path / "cards.txt").write_bytes(b"\xef\xbb\xbf4711\r\n4712\r\nnobody\r\n")
    wanted = (*HERE, "--set", "expires_on=2027-06-30", "--yes", "--format", "json")
    answer = openpatron(*wanted, "--barcodes", str(tmp_path / "cards.txt"))
    assert answer.code == 1, "one is unknown"
    assert answer.json["counts"] == {"selected": 3, "changed": 2, "skipped": 0, "failed": 1}
    assert answer.json["lines"][0]["line"] == 3

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"4711")))
    assert openpatron(*wanted, "--barcodes", "-").json["counts"]["skipped"] == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (*HERE, "--at", "maple", "--set", "status=inactive"),
        (*FIFTH, "--barcodes", "x", "--set", "status=inactive"),
        FIFTH,
        (*FIFTH, "--set", "status"),
        (*FIFTH, "--set", "status=inactive", "--clear", "homeroom"),
        (*FIFTH, "--set", "name=Ada"),
        (*FIFTH, "--set", "status=inactive"),
        (*HERE, "--barcodes", "/nowhere/at all", "--set", "status=inactive", "--yes"),
        (*HERE, "--barcodes", "/dev/null", "--set", "status=inactive", "--yes"),
        (*HERE, "--at", "maple", "--whose", "grade", "--set", "status=inactive", "--yes"),
        (*FIFTH[:1], *FIFTH[3:], "--set", "status=inactive", "--yes"),
    ],
)
def test_wrong_arguments_are_answered_in_one_sentence(
    world: World, openpatron: CommandLine, arguments: tuple[str, ...]
) -> None:
    world.patron()
    answer = openpatron(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.strip().splitlines()) == 1
    assert not Job.objects.exists()


def test_a_refusal_names_the_option_and_what_there_is(
    world: World, openpatron: CommandLine
) -> None:
    world.patron()
    for wrong, sentence in (
        (("--set", "language=klingon"), "--set: “klingon” is no language code"),
        (("--set", "homeroom=Nope"), "--set: there is no homeroom “Nope”"),
    ):
        assert openpatron(*FIFTH, *wrong).err.startswith(sentence)
    without = openpatron(*HERE, "--whose", "grade_level=5", "--set", "status=inactive")
    assert without.err.startswith("at: name the site. There are: alder, cedar")
    world.staff("Library administrator", world.maple, "leo")
    person = (
        *("register_patron", "--organization", "cascadia", "--username", "ada"),
        *("--last-name", "L", "--patron-type", "Student", "--access-level", "Patron"),
    )
    elsewhere = openpatron(*person, "--site", "cedar", "--as", "leo")
    assert (elsewhere.code, "“Register patrons” at Cedar, which" in elsewhere.err) == (3, True)
    year = openpatron(*person, "--site", "maple", "--graduation-year", "20x7")
    assert (year.code, "“20x7” is no graduation year" in year.err) == (2, True)


def test_rights_are_those_of_the_person(world: World, openpatron: CommandLine) -> None:
    world.patron()
    world.staff("Library administrator", world.maple, "leo")
    world.staff("District patrons manager", None, "dora")
    wanted = (*FIFTH, "--set", "status=inactive", "--yes", "--format", "json")
    assert openpatron(*wanted, "--as", "leo").code == 3
    assert openpatron(*wanted, "--as", "dora").code == 0
