"""What goes wrong on the way to a platform, and what comes of it."""

from __future__ import annotations

import json
import logging
import shutil
import ssl
import subprocess
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from openpatron.accounts.models import Account
from openpatron.kernel.sealed import seal
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.engine import run
from openpatron.ledger.models import Change, Job
from openpatron.organizations.models import PatronType
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering import schedule
from openpatron.rostering.actions import sync_site as sync_module
from openpatron.rostering.actions.create_target import WantedTarget, create_target
from openpatron.rostering.actions.edit_homeroom import WantedRoom, add_homeroom
from openpatron.rostering.actions.sync_site import ask_for_sync, sync_site
from openpatron.rostering.failures import MOST_ATTEMPTS
from openpatron.rostering.models import (
    PlatformSetup,
    SentClass,
    SentEnrollment,
    SentUser,
    Target,
)
from openpatron.rostering.queries import readiness
from openpatron.rostering.rules import RULES
from openpatron.rostering.targets.news import deliver_news
from openpatron.rostering.targets.webhook.outside import is_outside

from .command_line import CommandLine, openpatron
from .rosters import PASSWORD, School, school_of
from .ssh_server import SshServer, make_key, ssh_server
from .test_oneroster import Platform
from .test_targets import read
from .visitor import Visitor, text_of
from .world import World

__all__ = ("openpatron", "ssh_server")

pytestmark = pytest.mark.postgres


@pytest.fixture
def school(world: World) -> School:
    for name in ("Library administrator", "District patrons manager"):
        world.levels[name].permissions += ["rostering.manage", "rostering.manage_targets"]
        world.levels[name].save()
    return school_of(world)


def sync(world: World) -> Job:
    job = run(sync_site(world.operator, world.maple, at_once=True))
    return run(confirm_job(world.operator, job)) if job.state == "planned" else job


def test_every_rule_leads_to_its_very_field(world: World, school: School) -> None:
    """Everything is made wrong that can be; each link leads to a page on which its anchor is."""
    one, two, three = school.students
    leader = world.patron(last="Leads", level="Patron", patron_type="Faculty")
    Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="6B", supervisor=leader
    )
    Homeroom.objects.create(organization=world.cascadia, site=world.maple, name="Empty")
    half = world.patron(last="Half", level="Teacher", patron_type="Student")
    # Half a student each; the other half counts as nothing.
    guest = PatronType.objects.create(organization=world.cascadia, name="Guest")
    Association.objects.filter(patron=two).update(patron_type=guest)
    Association.objects.filter(patron=one).update(
        access_level=world.levels["Library administrator"]
    )
    for patron in (one, half):
        patron.barcodes.update(state="replaced")
    two.account.set_unusable_password()
    two.account.save()
    Association.objects.filter(patron=three).update(homeroom=None)
    PlatformSetup.objects.update(is_used=False, supervisor=None)
    found = readiness(world.operator, world.maple)
    failing = {c.rule.code: c.failing for c in found.conditions if not c.holds}
    # A username is never missing: no account can be without.
    missing = {rule.code for rule in RULES} - failing.keys()
    assert missing <= {"teacher_username", "student_username"}, missing
    dora = Visitor(world.staff("District patrons manager"))
    pages: dict[str, str] = {}
    for link in {one.link for some in failing.values() for one in some}:
        address, _mark, anchor = link.partition("#")
        if address not in pages:
            answer = dora.client.get(address)
            assert answer.status_code == 200, address
            pages[address] = answer.content.decode()
        assert f'id="{anchor}"' in pages[address], link


def test_groups_of_the_platform_are_delivered_once(world: World, school: School) -> None:
    PlatformSetup.objects.update(groups_managed="there")
    assert sync(world).counts == {"applied": {"": 6}}
    assert SentEnrollment.objects.filter(status="active").count() == 4
    one, two, three = school.students
    Homeroom.objects.filter(pk=school.room.pk).update(name="Renamed")
    Association.objects.filter(patron=one).update(homeroom=None)
    two.account.first_name = "Changed"
    two.account.save()
    Patron.objects.filter(pk=three.pk).update(status="inactive")
    new = world.patron(last="New", password=PASSWORD)
    Association.objects.filter(patron=new).update(homeroom=school.room)
    sync(world)
    # Accounts go on, groups are the platform's: only who is gone leaves them.
    assert SentClass.objects.get().title == "5A"
    assert SentUser.objects.get(patron_id=two.pk).values["givenName"] == "Changed"
    users = SentUser.objects.filter(status="active").values_list("patron_id", flat=True)
    assert new.pk in users
    rows = SentEnrollment.objects.filter(status="active", role="student")
    assert {row.sent_user.patron_id for row in rows} == {two.pk}
    # (who is not ready any more is gone as well, for its own reason)
    assert sync(world).counts == {}
    PlatformSetup.objects.update(groups_managed="here")
    sync(world)
    assert SentClass.objects.get().title == "Renamed"
    rows = SentEnrollment.objects.filter(status="active", role="student")
    assert {row.sent_user.patron_id for row in rows} == {two.pk, new.pk}


def test_runs_that_fail_are_tried_again_later_and_given_up(
    world: World, school: School, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    now = timezone.now()
    setup = PlatformSetup.objects.get(site=world.maple)
    dora = Visitor(world.staff("District patrons manager"))

    def fails(*_args: Any) -> None:
        raise RuntimeError("s3cret of the database")

    waits = []
    with monkeypatch.context() as patched:
        patched.setattr(sync_module, "room_differences", fails)
        for turn in range(MOST_ATTEMPTS):
            monkeypatch.setattr(timezone, "now", lambda moment=now: moment)
            (job,) = schedule.start_due()
            assert schedule.start_due() == []
            assert run(job).state == "failed"
            assert schedule.start_due() == []
            setup.refresh_from_db()
            if turn < MOST_ATTEMPTS - 1:
                assert (setup.health, setup.attempts) == ("retry", turn + 1)
                assert setup.again_at is not None
                waits.append((setup.again_at - now).total_seconds())
                # A clock that jumps back does not wait for years.
                back = schedule.next_run(setup, now - timedelta(days=900))
                assert back == now - timedelta(days=900)
                now = setup.again_at
        assert waits == [60, 240, 960, 3840, 15360]
        assert (setup.health, schedule.next_run(setup, now)) == ("give_up", None)
        monkeypatch.undo()
    said = text_of(dora.get("sync_site", "maple"))
    assert "6 runs in a row were stopped by an error, the last by: RuntimeError" in said
    assert "s3cret" not in said
    # Asked for, it is tried again; what works is forgiven.
    ask_for_sync(world.operator, world.maple)
    (job,) = schedule.start_due()
    run(confirm_job(world.operator, run(job)))
    setup.refresh_from_db()
    assert (setup.health, setup.problem, setup.attempts) == ("good", "", 0)
    # Without a supervisor somebody has to change the settings.
    PlatformSetup.objects.update(supervisor=None)
    assert schedule.start_due() == []
    assert "has no supervisor any more" in text_of(dora.get("sync_site", "maple"))


def test_a_package_is_brought_by_sftp(
    world: World,
    school: School,
    ssh_server: SshServer,
    tmp_path: Path,
    openpatron: CommandLine,
) -> None:
    sync(world)
    address = f"sftp://{ssh_server.username}@127.0.0.1:{ssh_server.port}{ssh_server.folder}"
    (tmp_path / "key").write_text(ssh_server.private_key)
    made = openpatron(
        "create_target", "--organization", "cascadia", "--kind", "oneroster-sftp", "--sites",
        "maple", "--name", "Server", "--to", address, "--host-key", ssh_server.host_key,
        "--secret-file", str(tmp_path / "key"), "--format", "json",
    )  # fmt: skip
    assert json.loads(made.out)["client_secret"] == ""
    target = Target.objects.get()
    assert ssh_server.private_key not in target.sealed_secret
    Target.objects.update(news_at=timezone.now())
    assert deliver_news() == 1, Target.objects.get().problem
    assert len(read(ssh_server.folder / "oneroster.zip")["users"]) == 5
    assert deliver_news() == 0
    Target.objects.update(news_at=timezone.now())
    assert deliver_news() == 1
    assert [path.name for path in ssh_server.folder.iterdir()] == ["oneroster.zip"]

    # What is wrong is sorted; another server gets no stored secret.
    make_key(tmp_path / "other")
    other = " ".join((tmp_path / "other.pub").read_text().split()[:2])
    for changed, health, sentence in (
        ({"host_key": other}, "reconfigure", "another host key"),
        ({"address": address + "/nowhere"}, "reconfigure", "no folder"),
        ({"address": address.replace(f":{ssh_server.port}/", ":1/")}, "retry", "be reached"),
        ({"sealed_secret": seal("wrong")}, "reconfigure", "does not accept"),
        ({"sealed_secret": "broken"}, "reconfigure", "Type it again"),
    ):
        kept = {name: getattr(target, name) for name in changed}
        Target.objects.update(**changed, news_at=timezone.now())
        assert deliver_news() == 0
        stands = Target.objects.get()
        assert (stands.health, sentence in stands.problem) == (health, True), stands.problem
        Target.objects.update(**kept)

    dora = Visitor(world.staff("District patrons manager"))
    words = {
        "name": "Server", "sites": str(world.maple.pk), "scopes": "roster-core.readonly",
        "is_active": "yes", "address": address, "host_key": ssh_server.host_key,
    }  # fmt: skip
    shown = dora.get("edit_target", target.pk)
    assert "BEGIN" not in shown.content.decode()
    assert "Give another secret" not in text_of(shown)
    assert dora.post("edit_target", target.pk, **words).status_code == 302
    for wrong, sentence in (
        ({"address": address.replace("127.0.0.1", "elsewhere.example")}, "Give the password"),
        ({"host_key": other}, "Give the password"),
        ({"host_key": "nonsense"}, "no host key"),
        ({"address": "sftp://a:b@host/x"}, "no password"),
        ({"address": "https://host/x"}, "like sftp://"),
    ):
        refused = dora.post("edit_target", target.pk, **words | wrong)
        assert (refused.status_code, sentence in text_of(refused)) == (422, True), wrong
    assert dora.post("renew_target_secret", target.pk).status_code == 302
    assert Target.objects.get().secret_hash == ""


@pytest.mark.any_engine
def test_messages_stay_out_of_the_house_and_away_from_wrong_certificates(
    world: World, school: School, settings: Settings, tmp_path: Path
) -> None:
    key, certificate = str(tmp_path / "k.pem"), str(tmp_path / "c.pem")
    program = shutil.which("openssl") or "openssl"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost",
         "-days", "2", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_words: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()

    def told(address: str) -> Target:
        Target.objects.update(address=address, news_at=timezone.now(), attempts=0)
        assert deliver_news() == 0
        return Target.objects.get()

    here = f"https://localhost:{server.server_port}/news"
    create_target(world.operator, WantedTarget("Hook", "webhook", [world.maple], here))
    try:
        found = told(here)
        assert (found.health, "certificate" in found.problem) == ("reconfigure", True)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    settings.OPENPATRON_PRIVATE_WEBHOOKS = False
    for host in ("localhost", "127.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:10.1.2.3]"):
        for scheme in ("http", "https"):
            found = told(f"{scheme}://{host}/news")
            assert found.health == "reconfigure", host
            assert "into the network of this server" in found.problem
    assert is_outside("93.184.215.14")
    assert not is_outside("fe80::1%eth0")
    assert not is_outside("224.0.0.1")


def test_everybody_moves_overnight(world: World, school: School) -> None:
    """Four times as many cost the same queries for a batch: so 40,000 do, in 4 batches."""
    teacher = world.patron(
        last="Other", level="Teacher", patron_type="Faculty", email="o@x.org", password=PASSWORD
    )
    other = add_homeroom(world.operator, world.maple, WantedRoom("6B", teacher.pk))
    Association.objects.filter(patron=teacher).update(homeroom=other)
    asked = []
    for more in (30, 90):
        world.crowd(more)
        everybody = Association.objects.filter(site=world.maple, patron_type__name="Student")
        numbers = list(everybody.values_list("patron", flat=True))
        Account.objects.filter(patrons__in=numbers).update(password=PASSWORD)
        everybody.update(homeroom=school.room)
        with override_settings(OPENPATRON_JOB_BATCH_ROWS=10_000):
            sync(world)
            everybody.update(homeroom=other)
            job = run(sync_site(world.operator, world.maple, at_once=True))
            job = confirm_job(world.operator, job)
            with CaptureQueriesContext(connection) as queries:
                done = run(job)
        assert done.counts["applied"][""] > more
        asked.append(len(queries))
        assert not SentEnrollment.objects.filter(
            status="active", role="student", sent_class__homeroom_id=school.room.pk
        ).exists()
    # Where the machine is slow, a worker renews its lease once more.
    assert asked[1] <= asked[0] + 1, asked


def test_a_run_that_is_killed_goes_on_where_it_stood(
    world: World, school: School, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Both sides are restarted in mid-run: ours between two batches, theirs between two pages."""
    settings.OPENPATRON_JOB_BATCH_ROWS = 2
    job = run(sync_site(world.operator, world.maple, at_once=True))
    confirm_job(world.operator, job)

    class PowerCutError(BaseException):
        pass

    def cut(job: Job) -> None:
        raise PowerCutError

    with pytest.raises(PowerCutError):
        run(job, cut)
    assert 0 < Change.objects.filter(job=job, outcome="applied").count() < 6
    assert not SentEnrollment.objects.filter(sent_user__isnull=True).exists()
    assert PlatformSetup.objects.get(site=world.maple).groups_sent_at is None
    # Somebody leaves the homeroom meanwhile; the lease runs out, another worker goes on.
    Association.objects.filter(patron=school.students[2]).update(homeroom=None)
    Job.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(job).state == "done"
    assert SentUser.objects.filter(status="active").count() == 4
    assert SentEnrollment.objects.filter(status="active", role="student").count() == 2
    assert sync(world).counts == {}

    target, secret = create_target(
        world.operator, WantedTarget("Reader", "oneroster-rest", [world.maple])
    )
    platform = Platform(target, secret)
    first = platform.get("users", limit=2).json()["users"]
    assert Target.objects.get().pulled_at is None
    dora = Visitor(world.staff("District patrons manager"))
    assert "not fetched yet" in text_of(dora.get("sync_site", "maple"))
    # Restarted, it has no session of us: it goes on with another token, at its offset.
    again = Platform(target, secret)
    second = again.get("users", limit=2, offset=2).json()["users"]
    ids = {one["sourcedId"] for one in first + second}
    assert len(ids) == SentUser.objects.count() == 4
    pulled = Target.objects.get().pulled_at
    assert pulled is not None
    assert pulled > SentUser.objects.latest("modified_at").modified_at
    said = text_of(dora.get("sync_site", "maple"))
    assert "not fetched yet" not in said
    assert "Reader" in said
    # What is new since is fetched by what is new since; a gap, or half, does not count.
    school.teacher.account.last_name = "Newer"
    school.teacher.account.save()
    sync(world)
    assert "not fetched yet" in text_of(dora.get("sync_site", "maple"))
    later = (pulled + timedelta(days=1)).isoformat()
    again.get("users", filter=f"dateLastModified>'{later}'")
    again.get("users", filter="familyName='Newer'")
    again.get("users", limit=1, offset=3)
    assert Target.objects.get().pulled_at == pulled
    before = (pulled - timedelta(minutes=1)).isoformat()
    again.get("users", filter=f"dateLastModified>='{before}'")
    assert "not fetched yet" not in text_of(dora.get("sync_site", "maple"))
