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
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from .links import LinkError, link_of
from .models import Message, State, Way
from .password_requests import post_requested_links
from .post import LINK, new_message_id
from .smtp import Connection, DownError, RefusedError
from .texts import with_text

# Longer than a conversation with the slowest server may take.
LEASE = timedelta(minutes=5)
# After so long nobody tries any more.
_GIVE_UP = timedelta(days=5)
_LONGEST_PAUSE = timedelta(hours=6)
_AT_ONCE = 200
# More letters go in another file: a mail server takes no mail of any size.
_LETTERS_IN_A_FILE = 200
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
    """Claim one message, or the letters of its file; raise ``DownError`` if the server is gone."""
    token = get_random_string(32)
    mine = Message.objects.filter(lease_token=token)
    if not _claim(number, token):
        return  # another sender has it
    free = {"lease_token": "", "lease_until": None}
    messages = list(mine.select_related("organization", "site").order_by("pk"))
    first = messages[0]
    try:
        for message in messages:
            _write_down(message)
        if first.way == Way.LETTER:
            from .letters import send_letters  # noqa: PLC0415  slow to load, and seldom needed

            send_letters(mail, messages)
        else:
            mail.send(first, _body(first))
    except LinkError as error:
        mine.update(**free, state=State.UNDELIVERABLE, error=str(error)[:400])
        result.refused += 1
    except RefusedError as error:
        _put_off(mine, first, error, result)
    except DownError as error:
        later = timezone.now() + timedelta(minutes=1)
        mine.update(**free, next_try_at=later, error=str(error)[:400])
        result.put_off += len(messages)
        raise
    else:
        mine.update(
            **free,
            state=State.SENT,
            sent_at=timezone.now(),
            attempts=first.attempts + 1,
            error="",
            # The text is kept; what it was made of has served.
            values={},
        )
        result.sent += len(messages)


def _claim(number: int, token: str) -> bool:
    """Take a message, or all letters of one file, if nobody else holds them."""
    now = timezone.now()
    claimed = {"lease_token": token, "lease_until": now + LEASE}
    message = _due(now).filter(pk=number).first()
    if message is None:
        return False
    if message.way != Way.LETTER:
        return bool(_due(now).filter(pk=number).order_by().update(**claimed))
    if not message.parcel:
        # What is in a file stays in it: who gets it a second time gets the same.
        same = _due(now).filter(
            way=Way.LETTER,
            parcel="",
            organization=message.organization_id,
            site=message.site_id,
            to=message.to,
        )
        chosen = list(same.values_list("pk", flat=True)[:_LETTERS_IN_A_FILE])
        with transaction.atomic():
            found = Message.objects.select_for_update().filter(pk__in=chosen, parcel="")
            Message.objects.filter(pk__in=[one.pk for one in found]).update(parcel=new_message_id())
        message.refresh_from_db(fields=["parcel"])
    return bool(_due(now).filter(parcel=message.parcel).order_by().update(**claimed))


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


def _write_down(message: Message) -> None:
    """Give a message that is made of values its text, and keep what was sent."""
    if not message.body:
        with_text(message)
        message.save(update_fields=["subject", "body", "language", "missed_language"])


def _body(message: Message) -> str:
    lines = message.body.split("\n")
    if LINK not in lines:
        return message.body
    with translation.override(message.language):
        link = link_of(message)
    return "\n".join(link if line == LINK else line for line in lines)
