"""Messages that come back, read from a maildir: marked once, whatever else lies in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from openpatron.notifications.models import Kind, Message, State
from openpatron.notifications.queries import undelivered_messages
from openpatron.patrons.messages import notify

from .command_line import CommandLine, openpatron
from .world import World

__all__ = ("openpatron",)

pytestmark = pytest.mark.postgres

_NOTICE = """From: Mail Delivery System <MAILER-DAEMON@mx.example.org>
To: library@cascadia.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

I am sorry.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ada@example.org
Action: {action}
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such
 mailbox

--b
Content-Type: {kind}

Message-ID: {number}
Subject: x

Hello
--b--
"""


def notice(number: str, action: str = "failed", kind: str = "message/rfc822") -> str:
    return _NOTICE.format(number=number, action=action, kind=kind)


def test_what_came_back_is_marked_once_and_a_matter_for_staff(
    world: World, openpatron: CommandLine, tmp_path: Path
) -> None:
    ada = world.patron(email="ada@example.org")
    for kind in (Kind.RECALL, Kind.READY, Kind.REQUEST_CANCELLED):
        notify(ada, kind, {"items": [{"title": "Dune"}]}, site=world.maple)
    Message.objects.update(state=State.SENT, body="It was sent.")
    first, second, late = Message.objects.order_by("pk")
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    mails = (
        notice(first.message_id),
        notice(second.message_id, kind="text/rfc822-headers"),
        notice(late.message_id, "delayed"),
        notice("<nobody@example.org>"),
        notice("\x00<>"),
        "Subject: Out of office\n\nIn the Alps.",
        "",
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n",
    )
    for n, mail in enumerate(mails):
        (tmp_path / "new" / f"{n}.mx").write_bytes(mail.encode())
    answer = openpatron("read_bounces", str(tmp_path), "--format", "json")
    assert answer.json == {"read": 8, "returned": 2, "unknown": 2, "other": 4}
    problems = list(undelivered_messages(world.operator))
    assert problems == [second, first]
    assert problems[0].error == "It was sent, and came back: 5.1.1 550 5.1.1 No such mailbox"
    # What was sent again since is not marked by the old notification.
    Message.objects.update(state=State.SENT)
    assert openpatron("read_bounces", str(tmp_path)).out.startswith("read: 0  ")
    assert (tmp_path / "cur" / "0.mx:2,S").is_file()
    assert openpatron("read_bounces", str(tmp_path / "cur" / "0.mx:2,S")).code == 0
    assert list(undelivered_messages(world.operator)) == [first]
    wrong = openpatron("read_bounces", str(tmp_path / "tmp"))
    assert (wrong.code, "neither a file nor a maildir" in wrong.err) == (2, True)
