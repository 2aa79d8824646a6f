"""Links in messages: made when a message is sent, by the page they lead to, and stored nowhere."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.urls import reverse

from .models import Message

type Maker = Callable[[Message], str]

_makers: dict[str, Maker] = {}


class LinkError(Exception):
    """The link may not be sent any more; the message says why."""


def address(name: str, key: str) -> str:
    """Return the whole address of a page whose key opens it: of a link that is sent or shown."""
    return f"{settings.OPENPATRON_BASE_URL}{reverse(name, args=[key])}"


def register(kind: str, maker: Maker) -> None:
    """Say how the link of a kind of message is made; it may raise ``LinkError``."""
    _makers[kind] = maker


def link_of(message: Message) -> str:
    """Return the link of a message, or raise ``LinkError``."""
    return _makers[message.kind](message)
