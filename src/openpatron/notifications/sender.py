"""Sending what waits in the outbox.

At least once: a row is ``sent`` only after the server took it. Without doubles: a sender claims a
row by one conditional update and holds it by a lease, so of two senders one sends. A killed
sender's row is free again when its lease ends; its Message-ID stays, so that whoever got it
already can tell. A server that is down changes nothing but the time.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from .links import LinkError, link_of
from .models import Message, State
from .password_requests import post_requested_links
from .post import LINK
from .smtp import Connection, DownError, RefusedError
from .texts import with_text

# Longer than a conversation with the slowest server may take.
LEASE = timedelta(minutes=5)
# After so long nobody tries any more.
_GIVE_UP = timedelta(days=5)
_LONGEST_PAUSE = timedelta(hours=6)
_AT_ONCE = 200
# Seconds between two looks into the outbox, and between two attempts to reach the server.
_PAUSE, _PAUSE_WHILE_DOWN = 3.0, 30.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Sent:
    """What came of one round: sent, refused for good, put off; and, where it is, why it is down."""

    sent: int = 0
    refused: int = 0
    put_off: int = 0
    down: str = ""


def send_waiting() -> Sent:
    """Send all that waits and is due; return what came of it.

    Call it outside of a transaction. Without a mail server everything waits.
    """
    post_requested_links()
    result = Sent()
    if settings.OPENPATRON_EMAIL_URL is None or not _due(timezone.now()).exists():
        return result
    mail = Connection(settings.OPENPATRON_EMAIL_URL)
    try:
        # Nothing is claimed before it is known that there is somebody to take it.
        mail.open()
        while numbers := list(_due(timezone.now()).values_list("pk", flat=True)[:_AT_ONCE]):
            for number in numbers:
                _send_one(mail, number, result)
    except DownError as error:
        result.down = str(error)
    finally:
        mail.close()
    return result


def send_until(stop: threading.Event) -> None:
    """Send what waits, again and again, until told to stop; for a thread of its own."""
    pause = _PAUSE
    while not stop.wait(pause):
        close_old_connections()
        try:
            result = send_waiting()
        except DatabaseError:
            log.warning("the database did not answer the sender; it will ask again")
            continue
        if result.down and pause == _PAUSE:
            log.warning("the mail server does not answer; messages wait")
        pause = _PAUSE_WHILE_DOWN if result.down else _PAUSE
    connection.close()


def _due(now: datetime) -> QuerySet[Message]:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    due = Message.objects.filter(free, state=State.WAITING, next_try_at__lte=now)
    return due.order_by("next_try_at", "pk")


def _send_one(mail: Connection, number: int, result: Sent) -> None:
    """Claim one message and send it; raise ``DownError`` where the server is gone."""
    now, token = timezone.now(), get_random_string(32)
    claimed = {"lease_token": token, "lease_until": now + LEASE}
    if not _due(now).filter(pk=number).order_by().update(**claimed):
        return  # another sender has it
    mine = Message.objects.filter(pk=number, lease_token=token)
    free = {"lease_token": "", "lease_until": None}
    message = mine.select_related("organization", "site").get()
    try:
        _write_down(mine, message)
        mail.send(message, _body(message))
    except LinkError as error:
        mine.update(**free, state=State.UNDELIVERABLE, error=str(error)[:400])
        result.refused += 1
    except RefusedError as error:
        _put_off(mine, message, error, result)
    except DownError as error:
        later = timezone.now() + timedelta(minutes=1)
        mine.update(**free, next_try_at=later, error=str(error)[:400])
        result.put_off += 1
        raise
    else:
        mine.update(
            **free,
            state=State.SENT,
            sent_at=timezone.now(),
            attempts=message.attempts + 1,
            error="",
        )
        result.sent += 1


def _put_off(mine: QuerySet[Message], message: Message, error: RefusedError, result: Sent) -> None:
    """Note a refusal: for good, or until the next attempt, ever later."""
    now, attempts = timezone.now(), message.attempts + 1
    told = {
        "lease_token": "",
        "lease_until": None,
        "attempts": attempts,
        "error": _("The mail server refused it: %s") % error,
    }
    told["error"] = str(told["error"])[:400]
    if error.is_final:
        mine.update(**told, state=State.UNDELIVERABLE)
        result.refused += 1
    elif now - message.created_at > _GIVE_UP:
        mine.update(**told, state=State.FAILED)
        result.refused += 1
    else:
        pause = min(timedelta(minutes=2 ** min(attempts, 10)), _LONGEST_PAUSE)
        mine.update(**told, next_try_at=now + pause)
        result.put_off += 1


def _write_down(mine: QuerySet[Message], message: Message) -> None:
    """Give a message that is made of values its text, and keep what was sent."""
    if not message.body:
        with_text(message)
        mine.update(
            subject=message.subject,
            body=message.body,
            language=message.language,
            missed_language=message.missed_language,
        )


def _body(message: Message) -> str:
    lines = message.body.split("\n")
    if LINK not in lines:
        return message.body
    with translation.override(message.language):
        link = link_of(message)
    return "\n".join(link if line == LINK else line for line in lines)
