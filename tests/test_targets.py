"""What goes to the targets: packages, and messages that there is news."""

from __future__ import annotations

import csv
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.utils import timezone

from openpatron.kernel.errors import InputError
from openpatron.patrons.models import Patron
from openpatron.rostering import targets
from openpatron.rostering.actions.create_target import WantedTarget, create_target, edit_target
from openpatron.rostering.actions.export_roster import export_roster
from openpatron.rostering.models import Target
from openpatron.rostering.targets.news import deliver_news
from openpatron.rostering.targets.webhook import deliver as webhook

from .rosters import School, school_of
from .test_oneroster import deliver
from .world import World


@pytest.fixture
def school(world: World) -> School:
    return school_of(world)


def test_every_kind_is_a_folder_of_the_same_files() -> None:
    kinds = targets.kinds()
    assert kinds.keys() == set(Target.Kind.values)
    for name, kind in kinds.items():
        folder = Path(str(targets.__file__)).parent / name.replace("-", "_")
        files = {file.name for file in folder.iterdir()}
        assert {"__init__.py", "kind.py", "deliver.py", "README.md"} <= files
        assert type(kind).__module__.endswith(f"{folder.name}.kind")
    assert set(targets.told()) == kinds.keys() - {"oneroster-rest"}


def read(path: Path) -> dict[str, list[dict[str, str]]]:
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        texts = {name: file.read(name).decode() for name in file.namelist()}
    assert all("\r\n" in text and "\n" not in text.replace("\r\n", "") for text in texts.values())
    return {
        name.removesuffix(".csv"): list(csv.DictReader(io.StringIO(text)))
        for name, text in texts.items()
    }


@pytest.mark.postgres
def test_packages_are_whole_and_strict(world: World, school: School, tmp_path: Path) -> None:
    one, two, three = school.students
    grades = (("K", "F", one), ("5", "X", two), ("senior", "", three))
    for grade, gender, patron in grades:
        Patron.objects.filter(pk=patron.pk).update(grade_level=grade)
        patron.account.gender, patron.account.birth_date = gender, timezone.localdate()
        patron.account.save()
    deliver(world)
    for version, number in (("oneroster-1.1", "1.1"), ("oneroster-1.2", "1.2")):
        to = tmp_path / f"{version}.zip"
        export_roster(world.operator, [world.maple], version, to, demographics=True)
        files = read(to)
        # The words of the standard, or none.
        assert {row["grades"] for row in files["users"]} == {"KG", "05", ""}
        sexes = {row["sex"] for row in files["demographics"]}
        assert sexes == {"female", ""} | ({"other"} if number == "1.2" else set())
        manifest = {row["propertyName"]: row["value"] for row in files["manifest"]}
        assert manifest["oneroster.version"] == number
        bulk = {n.removeprefix("file.") for n, v in manifest.items() if v == "bulk"}
        assert bulk == files.keys() - {"manifest"}
        assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []
        ids = {name: {row["sourcedId"] for row in rows} for name, rows in files.items()
               if name != "manifest"}  # fmt: skip
        assert len(files["users"]) == len(ids["users"]) == 5
        for row in files["enrollments"]:
            assert row["classSourcedId"] in ids["classes"]
            assert row["userSourcedId"] in ids["users"]
            assert row["schoolSourcedId"] in ids["orgs"]
        for row in files["classes"]:
            assert row["termSourcedIds"] in ids["academicSessions"]
            assert row["courseSourcedId"] in ids["courses"]
        assert {row["status"] for rows in files.values() for row in rows if "status" in row} == {""}
        assert ("roles" in files) == (number == "1.2")
        roles = {row["role"] for row in files["roles" if number == "1.2" else "users"]}
        assert roles == {
            "student", "teacher", "siteAdministrator" if number == "1.2" else "administrator",
        }  # fmt: skip
    with pytest.raises(InputError):
        export_roster(world.operator, [world.maple], "oneroster-1.2", tmp_path / "no" / "x.zip")


class _Answers(BaseHTTPRequestHandler):
    answers: ClassVar[list[tuple[int, dict[str, str]]]] = []
    got: ClassVar[list[tuple[str, bytes]]] = []
    patience: ClassVar[threading.Event] = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.headers["X-OpenPatron-Signature"], body))
        status, headers = self.answers.pop(0)
        if status == -1:
            self.patience.wait(30)
            return
        if status == 0:
            self.wfile.write(b"HTTP/1.1 2")
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/news"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_news_are_told_or_tried_again(
    world: World, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as address:
        target, _secret = create_target(
            world.operator, WantedTarget("Hook", "webhook", [world.maple], address)
        )
        deliver(world)
        for answer, health, due in (
            ((500, {}), "retry", 30),
            ((429, {"Retry-After": "120"}), "retry", 120),
            ((503, {"Retry-After": "nonsense"}), "retry", 120),
            ((0, {}), "retry", 240),
            ((302, {"Location": address}), "reconfigure", None),
            ((401, {}), "reconfigure", None),
            ((410, {}), "give_up", None),
            ((204, {}), "good", None),
        ):
            _Answers.answers[:] = [answer]
            now = timezone.now()
            Target.objects.update(news_at=now)
            assert deliver_news() == (health == "good"), answer
            target.refresh_from_db()
            assert target.health == health, (answer, target.problem)
            waits = target.news_at and (target.news_at - now).total_seconds()
            assert (waits is None) == (due is None), answer
            if due is not None:
                assert due - 1 < waits < due + 20, answer  # type: ignore[operator]
            assert bool(target.problem) == (health != "good")
        assert deliver_news() == 0
        # It takes the message, and never answers.
        _Answers.answers[:] = [(-1, {})]
        Target.objects.update(news_at=timezone.now())
        with monkeypatch.context() as hurried:
            hurried.setattr(webhook, "TIMEOUT", 0.2)
            assert deliver_news() == 0
        _Answers.patience.set()
        target.refresh_from_db()
        assert (target.health, "in time" in target.problem) == ("retry", True)
    signature, body = _Answers.got[-1]
    assert signature.startswith("sha256=")
    assert json.loads(body)["sites"] == ["maple"]
    assert b"tess" not in body
    # Nobody is there any more.
    Target.objects.update(news_at=timezone.now())
    assert deliver_news() == 0
    target.refresh_from_db()
    assert target.health == "retry"
    with pytest.raises(InputError):
        edit_target(
            world.operator, target.pk, WantedTarget("Hook", "webhook", [world.maple], "file:///etc")
        )


def test_a_package_goes_into_its_folder(world: World, school: School, tmp_path: Path) -> None:
    create_target(
        world.operator, WantedTarget("Folder", "oneroster-csv", [world.maple], str(tmp_path))
    )
    deliver(world)
    assert deliver_news() == 1
    assert len(read(tmp_path / "oneroster.zip")["users"]) == 5
    (target,) = Target.objects.all()
    wanted = WantedTarget(
        "Folder", target.kind, [world.maple], str(tmp_path), version="oneroster-1.1"
    )
    edit_target(world.operator, target.pk, wanted)
    Target.objects.update(news_at=timezone.now())
    assert deliver_news() == 1
    assert "roles" not in read(tmp_path / "oneroster.zip")
    Target.objects.update(address=str(tmp_path / "gone"), news_at=timezone.now())
    assert deliver_news() == 0
    assert Target.objects.get().health == "reconfigure"
