"""Messages that come back: delivery status notifications (RFC 3464) out of a maildir or a file.

A message that was taken by our server, and could not be delivered further on, is then a matter for
staff like one that was refused at once. It is found by its Message-ID, which nobody can guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message as Mail
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.text import storable

from .models import Message, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A longer mail is no notification; nobody has to read it.
_LONGEST = 10_000_000


@dataclass(slots=True)
class Bounces:
    """How many mails were read; how many messages came back; what was of no use."""

    read: int = 0
    returned: int = 0
    unknown: int = 0
    other: int = 0


def read_bounces(place: Path) -> Bounces:
    """Read the new mails of a maildir, or one file; mark what came back as undeliverable.

    What was read of a maildir is moved from ``new`` to ``cur``, so it counts once: a message that
    is sent again later is not marked by an old notification. Raises ``InputError`` for a place
    that is neither, or cannot be read.
    """
    result = Bounces()
    try:
        if place.is_file():
            _take(place, result)
            return result
        for found in _new_in(place):
            _take(found, result)
            found.rename(place / "cur" / f"{found.name.partition(':')[0]}:2,S")
    except OSError as error:
        raise InputError(
            "place",
            _("%(place)s cannot be read: %(why)s.")
            % {"place": str(place)[:200], "why": error.strerror or type(error).__name__},
        ) from error
    return result


def _new_in(place: Path) -> Iterator[Path]:
    if not ((place / "new").is_dir() and (place / "cur").is_dir()):
        raise InputError(
            "place",
            _("%s is neither a file nor a maildir, which is a folder with new and cur in it.")
            % str(place)[:200],
        )
    yield from sorted(path for path in (place / "new").iterdir() if path.is_file())


def _take(path: Path, result: Bounces) -> None:
    """Mark the messages of which a mail says that they failed."""
    result.read += 1
    mail = None if path.stat().st_size > _LONGEST else message_from_bytes(path.read_bytes())
    why = None if mail is None else _failure(mail)
    if mail is None or why is None:
        result.other += 1
        return
    told = _("It was sent, and came back: %s") % why
    number = _original(mail)
    marked = 0
    if number:
        # A parcel of letters comes back as a whole.
        sent = Message.objects.filter(Q(message_id=number) | Q(parcel=number), state=State.SENT)
        marked = sent.update(state=State.UNDELIVERABLE, error=told[:400])
    result.returned += marked
    result.unknown += not marked


def _failure(mail: Mail) -> str | None:
    """Return why it was given up, or None for a mail that does not say that it was."""
    if mail.get_content_type() != "multipart/report":
        return None
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks = part.get_payload()
        for block in blocks if isinstance(blocks, list) else ():
            if isinstance(block, Mail) and _header(block, "Action").casefold() == "failed":
                _kind, _semicolon, said = _header(block, "Diagnostic-Code").partition(";")
                return f"{_header(block, 'Status')} {said.strip()}".strip() or "–"
    return None


def _original(mail: Mail) -> str:
    """Return the Message-ID of the mail that came back, "" where it cannot be told."""
    for part in mail.walk():
        kind = part.get_content_type()
        inner: object = None
        if kind == "text/rfc822-headers":
            inner = message_from_bytes(bytes(part.get_payload(decode=True) or b""))
        elif kind == "message/rfc822":
            held = part.get_payload()
            inner = held[0] if isinstance(held, list) and held else None
        if isinstance(inner, Mail) and (found := _header(inner, "Message-ID")):
            return found
    return _header(mail, "In-Reply-To")


def _header(part: Mail, name: str) -> str:
    """Return a header in one printable line that a database can keep."""
    text = " ".join(str(part.get(name, "")).split())[:400]
    return text if storable(text) else ""
