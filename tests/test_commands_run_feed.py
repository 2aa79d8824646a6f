"""``openpatron run_feed``: preview, yes, limits, what is printed, and the rejected rows."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pytest_django import Settings

from openpatron.patrons.models import SourceRecord

from .command_line import CommandLine, openpatron
from .feed_scene import Scene, person, scene
from .world import World

__all__ = ("openpatron",)


@pytest.fixture
def sis(world: World, settings: Settings, tmp_path: Path) -> Scene:
    settings.DATA_DIR = tmp_path / "data"
    return scene(world, safety={"withdrawn_percent": 10}, absence="inactive")


def test_a_feed_by_command(sis: Scene, openpatron: CommandLine, tmp_path: Path) -> None:
    file, rejected = tmp_path / "people.csv", tmp_path / "rejected.csv"
    file.write_bytes(sis.file(*(person(n) for n in range(5)), person(5, site="nowhere")))
    words = ["run_feed", "sis", str(file), "--organization", "cascadia"]

    said = openpatron(*words, "--preview", "--format", "json")
    told = json.loads(said.out)
    assert (said.code, told["state"], SourceRecord.objects.count()) == (1, "planned", 0)
    assert list(told) == ["job", "state", "counts", "lines"]
    assert told["counts"] == {
        "created": 5, "updated": 0, "unchanged": 0, "withdrawn": 0, "reactivated": 0,
        "protected": 0, "rejected": 1,
    }  # fmt: skip

    said = openpatron(*words, "--yes", "--format", "json", "--rejected", str(rejected))
    told = json.loads(said.out)
    assert (said.code, told["state"], told["counts"]["created"]) == (1, "done", 5)
    line = told["lines"][0]
    assert (line["name"], line["action"], line["outcome"]) == (
        "Ada Learner 0",
        "created",
        "applied",
    )
    assert ["last_name", "", "Learner 0"] in line["changes"]
    assert "nowhere" in told["lines"][-1]["reason"]
    (row,) = csv.DictReader(io.StringIO(rejected.read_text(encoding="utf-8-sig")))
    assert (row["external_id"], "nowhere" in row["openpatron_reason"]) == ("S5", True)

    # Mended and fed again, in the file's own format: the reason is no column of it.
    rejected.write_text(rejected.read_text(encoding="utf-8-sig").replace("nowhere,", "maple,", 1))
    sis.says(coverage="incremental")
    again = ["run_feed", "sis", str(rejected), "--organization", "cascadia"]
    said = openpatron(*again, "--yes", "--format", "json")
    assert (said.code, json.loads(said.out)["counts"]["created"]) == (0, 1)
    sis.says(coverage="full")

    # Beyond the limits a yes beforehand is none.
    file.write_bytes(sis.file(*(person(n) for n in range(3))))
    said = openpatron(*words, "--yes")
    assert said.code == 1
    assert "would be withdrawn" in said.err
    assert "openpatron confirm" in said.err
    assert not SourceRecord.objects.exclude(missing_since=None).exists()

    for wrong, sentence in (
        (["run_feed", "nobody", str(file), "--organization", "cascadia"], "There is no source"),
        (["run_feed", "sis", "/nowhere.csv", "--organization", "cascadia"], "cannot be read"),
    ):
        said = openpatron(*wrong, "--yes")
        assert (said.code, sentence in said.err) == (2, True)
    file.write_bytes(b"")
    said = openpatron(*words, "--yes")
    assert (said.code, "is empty" in said.err) == (2, True)
    said = openpatron(*words, "--yes", "--as", sis.world.staff("Teacher").username)
    assert said.code == 3
