"""Handing a message to the mail server, and what its answers mean."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from django.conf import settings
from django.utils import timezone
from email_validator import EmailNotValidError, validate_email

from openpatron.kernel.mail_server import MailServer

from .models import Message

# Seconds that the server may take to answer one line.
TIMEOUT = 20
_PERMANENT = 500


@dataclass(frozen=True, slots=True)
class File:
    """A PDF that goes with a message."""

    name: str
    content: bytes


class DownError(Exception):
    """The server cannot be reached, or hung up: no message's fault, all are tried again."""


class RefusedError(Exception):
    """The server did not take this message; ``is_final``: nor will it another time."""

    def __init__(self, answer: str, *, is_final: bool) -> None:
        """Keep what the server said."""
        super().__init__(answer)
        self.is_final = is_final


class Connection:
    """A connection to the mail server, opened by the first message."""

    def __init__(self, server: MailServer) -> None:
        """Remember where the server is; nothing is opened yet."""
        self._server = server
        self._smtp: smtplib.SMTP | None = None

    def open(self) -> None:
        """Connect and sign in, or raise ``DownError``."""
        server = self._server
        try:
            context = ssl.create_default_context()
            if server.security == "tls":
                self._smtp = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=TIMEOUT, context=context
                )
            else:
                self._smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT)
            if server.security == "starttls":
                self._smtp.starttls(context=context)
            if server.username:
                self._smtp.login(server.username, server.password)
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise DownError(_said(error)) from error

    def send(self, message: Message, body: str, file: File | None = None) -> None:
        """Send one message, with a file if there is one.

        Raises ``DownError`` or ``RefusedError``.
        """
        if self._smtp is None:
            self.open()
        assert self._smtp is not None  # noqa: S101  for mypy
        try:
            self._smtp.send_message(
                as_email(message, body, file),
                settings.OPENPATRON_EMAIL_FROM,
                [_on_the_wire(message.to)],
            )
        except smtplib.SMTPRecipientsRefused as error:
            ((code, answer),) = error.recipients.values()
            raise RefusedError(f"{code} {_text(answer)}", is_final=code >= _PERMANENT) from error
        except smtplib.SMTPSenderRefused as error:
            # Our own address is not liked: a matter of settings, not of this message.
            raise RefusedError(_said(error), is_final=False) from error
        except smtplib.SMTPResponseException as error:
            raise RefusedError(_said(error), is_final=error.smtp_code >= _PERMANENT) from error
        except smtplib.SMTPNotSupportedError as error:
            raise RefusedError(_said(error), is_final=True) from error
        except ValueError as error:
            # No mail can be made of it: a character in the address that none may have.
            raise RefusedError(_said(error), is_final=True) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise DownError(_said(error)) from error

    def close(self) -> None:
        """Hang up."""
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (OSError, smtplib.SMTPException):
                self._smtp.close()
            self._smtp = None


def as_email(message: Message, body: str, file: File | None = None) -> EmailMessage:
    """Return the message as it goes over the wire."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = settings.OPENPATRON_EMAIL_FROM
    mail["To"] = _on_the_wire(message.to)
    mail["Subject"] = message.subject
    mail["Message-ID"] = message.message_id
    mail["Date"] = format_datetime(timezone.now())
    mail["Content-Language"] = message.language
    # No answers by machines, and none to machines (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(body, cte="quoted-printable")
    if file is not None:
        mail.add_attachment(file.content, maintype="application", subtype="pdf", filename=file.name)
    return mail


def _on_the_wire(address: str) -> str:
    """Return the address with its domain in ASCII, which every server understands."""
    try:
        checked = validate_email(address, check_deliverability=False, allow_quoted_local=True)
    except EmailNotValidError:
        return address
    return checked.ascii_email or checked.normalized


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())
