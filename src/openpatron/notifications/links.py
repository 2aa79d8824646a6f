"""Links in messages: made when a message is sent, by the page they lead to, and stored nowhere."""

from __future__ import annotations

from collections.abc import Callable

from .models import Message

type Maker = Callable[[Message], str]

_makers: dict[str, Maker] = {}


class LinkError(Exception):
    """The link may not be sent any more; the message says why."""


def register(kind: str, maker: Maker) -> None:
    """Say how the link of a kind of message is made; it may raise ``LinkError``."""
    _makers[kind] = maker


def link_of(message: Message) -> str:
    """Return the link of a message, or raise ``LinkError``."""
    return _makers[message.kind](message)
