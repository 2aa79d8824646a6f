"""The command line: what it prints, what it exits with, what it refuses."""

from __future__ import annotations

import csv
import io

import pytest

from openpatron.ledger.models import Change, Job
from openpatron.patrons.lines import COLUMNS
from openpatron.patrons.models import Association, Barcode

from .command_line import CommandLine, openpatron, our_commands
from .world import World

__all__ = ["openpatron"]
pytestmark = pytest.mark.postgres

SENTENCE = {
    "--organization": "cascadia",
    "--at": "maple",
    "--whose": "grade_level=5",
    "--to": "cedar",
    "--patron-type": "Student",
    "--access-level": "Patron",
}


def words(**changed: str) -> list[str]:
    """The arguments of the main job; ``at=…`` changes one, ``at=""`` leaves it out."""
    options = SENTENCE | {f"--{k.replace('_', '-')}": v for k, v in changed.items()}
    return [word for option, value in options.items() if value for word in (option, value)]


def written() -> tuple[int, ...]:
    return tuple(m.objects.count() for m in (Job, Change, Association, Barcode))


@pytest.fixture
def fifth_grade(world: World) -> World:
    world.crowd(9, barcode=lambda n: str(4000 + n))
    world.patron(world.cedar, "4003", grade="6", last="Sixth")
    world.staff("District patrons manager", username="dora")
    world.staff("Library administrator", world.maple, username="leo")
    return world


def test_the_main_job_in_json(fifth_grade: World, openpatron: CommandLine) -> None:
    done = openpatron("add_associations", *words(), "--yes", "--format", "json")

    assert done.code == 0
    summary = done.json
    assert set(summary) == {"job", "state", "counts", "lines"}
    assert summary["state"] == "done"
    assert summary["counts"] == {
        "selected": 9,
        "added": 9,
        "skipped": 0,
        "barcode_changed": 1,
        "failed": 0,
    }
    assert all(set(line) == set(COLUMNS) for line in summary["lines"])
    changed = next(line for line in summary["lines"] if line["previous_barcode"])
    assert changed["previous_barcode"] == "4003"
    assert changed["barcode"] == fifth_grade.cedar.barcode_pattern.value(1)
    assert (changed["outcome"], changed["patron_type"], changed["access_level"]) == (
        "added",
        "Student",
        "Patron",
    )
    assert changed["reason"]
    assert changed["edit_url"].startswith("/o/cascadia/")
    assert Job.objects.get().created_by is None


@pytest.mark.any_engine
def test_again_skips_everybody(fifth_grade: World, openpatron: CommandLine) -> None:
    openpatron("add_associations", *words(), "--yes")
    again = openpatron("add_associations", *words(), "--yes", "--format", "json")
    assert again.code == 0
    assert (again.json["state"], again.json["counts"]["skipped"]) == ("done", 9)


def test_preview_changes_nothing(fifth_grade: World, openpatron: CommandLine) -> None:
    before = Association.objects.count(), Barcode.objects.count()
    plan = openpatron("add_associations", *words(), "--preview", "--format", "json")
    assert plan.code == 0
    assert plan.json["state"] == "planned"
    assert plan.json["counts"]["added"] == 9
    assert (Association.objects.count(), Barcode.objects.count()) == before

    done = openpatron("confirm", str(plan.json["job"]), "--format", "json")
    assert (done.code, done.json["state"]) == (0, "done")
    twice = openpatron("confirm", str(plan.json["job"]), "--format", "json")
    assert (twice.code, twice.json["counts"]) == (0, done.json["counts"])


def test_without_yes_and_without_a_terminal_it_refuses(
    fifth_grade: World, openpatron: CommandLine
) -> None:
    before = written()
    refused = openpatron("add_associations", *words())
    assert (refused.code, refused.out, written()) == (2, "", before)
    assert "--yes" in refused.err


def test_failed_rows_exit_with_1(fifth_grade: World, openpatron: CommandLine) -> None:
    fifth_grade.cedar.barcode_digits = 0
    fifth_grade.cedar.save()
    done = openpatron("add_associations", *words(), "--yes", "--format", "json")
    assert done.code == 1
    assert (done.json["counts"]["added"], done.json["counts"]["failed"]) == (8, 1)


def test_csv_and_table(fifth_grade: World, openpatron: CommandLine) -> None:
    number = openpatron("add_associations", *words(), "--yes", "--format", "json").json["job"]
    rows = list(csv.reader(io.StringIO(openpatron("job", str(number), "--format", "csv").out)))
    assert len(rows) == 10
    table = openpatron("job", str(number)).out
    assert "added: 9" in table
    assert "4003 →" in table


def test_undo(fifth_grade: World, openpatron: CommandLine) -> None:
    before = Association.objects.count()
    number = openpatron("add_associations", *words(), "--yes", "--format", "json").json["job"]
    undone = openpatron("undo", str(number), "--format", "json")
    assert (undone.code, undone.json["state"]) == (0, "undone")
    assert undone.json["counts"]["undone"] == 9
    assert Association.objects.count() == before


def test_jobs(fifth_grade: World, openpatron: CommandLine) -> None:
    assert "no jobs yet" in openpatron("jobs").out
    openpatron("add_associations", *words(), "--as", "dora", "--yes")
    listed = openpatron("jobs", "--format", "json").json
    assert [(j["state"], j["kind"]) for j in listed] == [("done", "add_associations")]
    assert Job.objects.values_list("created_by__username", flat=True).get() == "dora"
    assert "Cedar" in openpatron("jobs", "--organization", "cascadia").out
    assert openpatron("jobs", "--organization", "rainier", "--format", "json").json == []


@pytest.mark.any_engine
@pytest.mark.parametrize("whose", ["patron_type=Student", "graduation_year=2034", "status=active"])
def test_the_other_fields(fifth_grade: World, openpatron: CommandLine, whose: str) -> None:
    plan = openpatron("add_associations", *words(whose=whose), "--preview", "--format", "json")
    assert plan.json["counts"]["selected"] in {9, 11}


@pytest.mark.any_engine
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"at": "nowhere"}, "nowhere"),
        ({"at": "fir"}, "fir"),
        ({"at": "studio"}, "media site"),
        ({"to": "studio"}, "media site"),
        ({"to": "maple"}, "another site"),
        ({"whose": "shoe_size=44"}, "shoe_size"),
        ({"whose": "grade_level"}, "FIELD=VALUE"),
        ({"whose": "grade_level=99"}, "99"),
        ({"whose": "grade_level="}, "grade level"),
        ({"patron_type": "Wizard"}, "Wizard"),
        ({"access_level": "Emperor"}, "Emperor"),
        ({"access_level": "Emp\x00eror"}, "Emp"),
        ({"organization": "atlantis"}, "atlantis"),
        ({"organization": ""}, "--organization"),
        ({"at": ""}, "--at"),
        ({"resource_group": "Nobody"}, "Nobody"),
        ({"at": "maple' OR 1=1 --"}, "OR 1=1"),
        ({"whose": "grade_level=" + "9" * 10_000}, "9999"),
    ],
)
def test_wrong_words_get_one_sentence_and_write_nothing(
    fifth_grade: World, openpatron: CommandLine, changed: dict[str, str], said: str
) -> None:
    before = written()
    answer = openpatron("add_associations", *words(**changed), "--yes")
    assert (answer.code, answer.out, written()) == (2, "", before)
    assert said in answer.err
    assert "Traceback" not in answer.err
    assert len(answer.err.strip().splitlines()) == 1


@pytest.mark.parametrize("name", ["job", "undo", "confirm", "cancel", "resume"])
def test_wrong_job_numbers(world: World, openpatron: CommandLine, name: str) -> None:
    for number in ("99999", "0", "-1", "x", "1.5", "9" * 40, ""):
        answer = openpatron(name, number)
        assert (answer.code, answer.out) == (2, ""), number
        assert len(answer.err.strip().splitlines()) == 1, number


def test_unknown_options_get_one_sentence(openpatron: CommandLine) -> None:
    for name in our_commands():
        answer = openpatron(name, "--no-such-option")
        assert answer.code == 2, name
        assert len(answer.err.strip().splitlines()) == 1, name


@pytest.mark.any_engine
@pytest.mark.parametrize("username", ["leo", "rolf", "nobody"])
def test_others_are_refused_everything(
    fifth_grade: World, openpatron: CommandLine, username: str
) -> None:
    number = str(openpatron("add_associations", *words(), "--yes", "--format", "json").json["job"])
    before = written()
    wrong = 2 if username in {"nobody", "rolf"} else 3
    for name, arguments in {
        "add_associations": [*words(), "--yes"],
        "job": [number],
        "jobs": ["--organization", "cascadia"],
        "undo": [number],
        "confirm": [number],
        "cancel": [number],
        "resume": [number],
    }.items():
        answer = openpatron(name, *arguments, "--as", username)
        assert (answer.code, answer.out) == (wrong, ""), name
        assert len(answer.err.strip().splitlines()) == 1, name
    assert written() == before


def test_the_neighbour_sees_nothing(fifth_grade: World, openpatron: CommandLine) -> None:
    """A manager of Rainier: every command refuses, and a number does not even exist."""
    fifth_grade.neighbour("rolf")
    number = str(openpatron("add_associations", *words(), "--yes", "--format", "json").json["job"])
    before = written()
    for name, code in (("job", 2), ("undo", 2), ("confirm", 2), ("cancel", 2), ("resume", 2)):
        strange = openpatron(name, number, "--as", "rolf")
        missing = openpatron(name, "99999", "--as", "rolf")
        assert (strange.code, strange.out) == (code, ""), name
        assert strange.err.replace(number, "N") == missing.err.replace("99999", "N"), name
        assert openpatron(name, number, "--as", "rolf", "--organization", "cascadia").code == 3
    assert openpatron("add_associations", *words(), "--as", "rolf", "--yes").code == 3
    assert openpatron("jobs", "--as", "rolf", "--format", "json").json == []
    assert openpatron("jobs", "--as", "rolf", "--organization", "cascadia").code == 3
    assert written() == before
