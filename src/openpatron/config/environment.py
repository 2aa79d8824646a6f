"""Every setting is one environment variable, declared here; wrong values fail at start.

``docs/settings.md`` is written from these declarations, and a test compares the two.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from email_validator import validate_email

from openpatron.kernel.mail_server import parse_mail_server

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class SettingError(Exception):
    """A setting has a value that is not allowed; the message says which are."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its default as typed, what is allowed, and what it does."""

    name: str
    default: str
    allowed: str
    help: str
    parse: Callable[[str], Any]


def _flag(text: str) -> bool:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
        text.lower()
    ]


# As Django reads the header: a name or an address, without a port; "*" for all.
_HOST = re.compile(r"\*|[a-z0-9.-]+|\[[0-9a-f]*:[0-9a-f.:]+\]", re.IGNORECASE)


def _hosts(text: str) -> list[str]:
    hosts = [word.strip() for word in text.split(",") if word.strip()]
    if not hosts or not all(map(_HOST.fullmatch, hosts)):
        raise ValueError
    return hosts


def _between(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError
        return value

    return parse


def _one_of(*values: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        return values[[v.lower() for v in values].index(text.lower())]

    return parse


def _secret(text: str) -> str:
    if text and len(text) < 50:  # noqa: PLR2004  Django's own floor for a secret key
        raise ValueError
    return text


def _base_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        raise ValueError
    return text.rstrip("/")


_NO_SENDER = "openpatron@localhost"


def _email(text: str) -> str:
    # The default names no domain of anybody's; a server that relays wants a real one.
    if text == _NO_SENDER:
        return text
    return validate_email(text, check_deliverability=False).normalized


def parse_database_url(text: str) -> dict[str, Any]:
    """Return Django's settings for ``sqlite:///path`` or ``postgresql://user:pw@host:port/name``."""
    url = urlsplit(text)
    if url.fragment:
        raise ValueError
    if url.scheme == "sqlite" and not url.netloc and url.path not in {"", "/", "/:memory:"}:
        # sqlite:///relative and sqlite:////absolute, as elsewhere.
        return {"ENGINE": "sqlite", "NAME": unquote(url.path[1:])}
    if url.scheme in {"postgres", "postgresql"} and url.path.strip("/"):
        options = dict(parse_qsl(url.query, strict_parsing=True)) if url.query else {}
        return {
            "ENGINE": "postgresql",
            "NAME": unquote(url.path.strip("/")),
            "USER": unquote(url.username or ""),
            "PASSWORD": unquote(url.password or ""),
            "HOST": options.pop("host", url.hostname or ""),
            "PORT": str(url.port or ""),
            "OPTIONS": options,
        }
    raise ValueError


SETTINGS = (
    Setting(
        "OPENPATRON_DATA_DIR", "var", "a folder that can be written",
        "Where the embedded database and the development secret key are kept.", Path,
    ),
    Setting(
        "OPENPATRON_DATABASE_URL", "sqlite:///var/openpatron.sqlite3",
        "sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME",
        "The database. The default is the embedded SQLite in the data folder.",
        parse_database_url,
    ),
    Setting(
        "OPENPATRON_SECRET_KEY", "", "at least 50 characters, or empty",
        "Signs sessions and links. Empty: a key is made once and kept in the data folder.",
        _secret,
    ),
    Setting(
        "OPENPATRON_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", "host names, separated by commas",
        "The host names under which the pages may be asked for.", _hosts,
    ),
    Setting(
        "OPENPATRON_HTTPS", "no", "yes or no",
        "Yes in production: secure cookies, redirect to HTTPS, strict transport security.", _flag,
    ),
    Setting(
        "OPENPATRON_TRUST_PROXY", "no", "yes or no",
        "Yes behind a proxy that sets X-Forwarded-Proto and X-Forwarded-For itself.", _flag,
    ),
    Setting(
        "OPENPATRON_DEBUG", "no", "yes or no",
        "Yes only when developing: error pages with details.", _flag,
    ),
    Setting(
        "OPENPATRON_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR",
        "How much is logged. Personal data and secrets never are.",
        _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    ),
    Setting(
        "OPENPATRON_JOB_BATCH_ROWS", "10000", "1 to 100000",
        "How many patrons a job handles in one transaction; on SQLite three times as many where it "
        "only sets a field.", _between(1, 100_000),
    ),
    Setting(
        "OPENPATRON_JOB_LEASE_SECONDS", "15", "1 to 3600",
        "How long a worker may be silent before another one takes its job up.", _between(1, 3600),
    ),
    Setting(
        "OPENPATRON_BASE_URL", "http://localhost:8000", "http:// or https://, and a host name",
        "Where the pages are found from outside: links in messages begin with it.", _base_url,
    ),
    Setting(
        "OPENPATRON_EMAIL_URL", "",
        "smtp://, smtp+starttls:// or smtps:// and USER:PASSWORD@HOST:PORT, or empty",
        "The mail server. Empty: messages wait until there is one.", parse_mail_server,
    ),
    Setting(
        "OPENPATRON_EMAIL_FROM", _NO_SENDER, "an e-mail address",
        "The address that messages come from.", _email,
    ),
    Setting(
        "OPENPATRON_PRIVATE_WEBHOOKS", "no", "yes or no",
        "Yes where a platform in your own network gets messages; otherwise none go there.", _flag,
    ),
    Setting(
        "OPENPATRON_SIGN_IN_RATE", "10", "1 to 10000",
        "How many failed sign-ins per username and address are let through in five minutes.",
        _between(1, 10_000),
    ),
)  # fmt: skip


def read(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return all settings by name, or raise ``SettingError`` with one sentence."""
    given = os.environ if environment is None else environment
    known = {s.name for s in SETTINGS}
    for name in given:
        if name.startswith("OPENPATRON_") and name not in known:
            raise SettingError(
                f"{name} is no setting of OpenPatron. The settings are: {', '.join(sorted(known))}."
            )
    values = {}
    for setting in SETTINGS:
        text = given.get(setting.name, "").strip() or setting.default
        try:
            values[setting.name] = setting.parse(text)
        except (ValueError, KeyError):
            # A database address may hold a password: it is not repeated.
            shown = "" if "URL" in setting.name or "SECRET" in setting.name else f" “{text[:80]}”"
            raise SettingError(
                f"{setting.name} has a value{shown} that is not allowed. "
                f"Allowed: {setting.allowed}."
            ) from None
    return values
