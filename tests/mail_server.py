"""A real mail server on loopback that keeps what it gets, and refuses what it is told to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from openpatron.kernel.mail_server import MailServer, parse_mail_server


class Inbox:
    """What was delivered, in its order; ``answers``: what an address is refused with."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answers: dict[str, str] = {}
        # Seconds that the server thinks after it has taken a mail.
        self.slow = 0.0
        self.url = ""

    @property
    def server(self) -> MailServer | None:
        return parse_mail_server(self.url)

    @property
    def subjects(self) -> list[str]:
        return [mail["Subject"] for mail in self.mails]

    def bodies(self) -> list[str]:
        texts = [mail.get_body(("plain",)) for mail in self.mails]
        return [text.get_content().replace("\r\n", "\n") if text else "" for text in texts]

    def files(self) -> list[bytes]:
        return [file.get_content() for mail in self.mails for file in mail.iter_attachments()]

    async def handle_RCPT(  # noqa: N802  the library's name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  the library's name
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        mail = message_from_bytes(envelope.content, policy=default)
        self.mails.append(mail)
        self.recipients += envelope.rcpt_tos
        await asyncio.sleep(self.slow)
        return "250 taken"


@contextmanager
def inbox() -> Iterator[Inbox]:
    """Open an inbox on a free port of loopback."""
    opened = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    controller = Controller(opened, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        opened.url = f"smtp://127.0.0.1:{port}"
        yield opened
    finally:
        controller.stop()
