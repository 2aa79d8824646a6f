"""Where mail goes, as a setting says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

# By scheme: how the line is secured, and the port that is usual for it.
_SCHEMES = {"smtp": ("", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server; ``security`` is "", "starttls" or "tls"."""

    host: str
    port: int
    username: str = ""
    password: str = field(default="", repr=False)
    security: str = ""


def parse_mail_server(text: str) -> MailServer | None:
    """Return the server of ``smtp://user:password@host:port``; None for nothing."""
    if not text:
        return None
    url = urlsplit(text)
    if url.scheme not in _SCHEMES or not url.hostname:
        raise ValueError
    if url.path.strip("/") or url.query or url.fragment:
        raise ValueError
    security, port = _SCHEMES[url.scheme]
    return MailServer(
        host=url.hostname,
        port=url.port or port,
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        security=security,
    )
