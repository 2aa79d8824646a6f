"""What a OneRoster 1.2 provider answers: tokens, pages of collections, and how its sites stand."""

from __future__ import annotations

import base64
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.utils.translation import gettext as _

from openpatron.kernel.errors import OpenPatronError
from openpatron.kernel.retry_after import retry_after

PAGE = 1_000
# Seconds: a provider that is slower than this, between two pieces of an answer or for all of it,
# is asked again later.
TIMEOUT, WHOLE = 30, 120
# Seconds that are waited here for a provider that has too much to do, and how often in one pull;
# whoever wants more is asked again by the clock.
_SHORT_WAIT, _MOST_WAITS = 30, 20
pause: Callable[[float], None] = time.sleep
SCOPES = " ".join(
    f"https://purl.imsglobal.org/spec/or/v1p2/scope/{name}" for name in ("roster-core.readonly",)
)
type Heard = Callable[[str, int, int | None], None]
"""Told after each page: the collection, how many of it are there, and of how many if known."""

_OK, _REFUSED, _FORBIDDEN, _MISSING, _TOO_MANY, _BROKEN = 200, 401, 403, 404, 429, 500
_MOVED = range(300, 400)
_WAITING = {_TOO_MANY, 503}
_MOST_BYTES = 64 * 1024 * 1024
_MOST_PAGES = 100_000
_MOST_DIGITS = 6
_ROSTERING, _SYNC = "/ims/oneroster/rostering/v1p2", "/ims/oneroster/sync"


class ProviderError(OpenPatronError):
    """The provider did not give what was asked for; the sentence is for people, without secrets.

    ``wait``: when to ask again, if the provider said so.
    """

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        """Keep how long to wait."""
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; the names of the headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _NoRedirects(HTTPRedirectHandler):
    """A token is not carried to wherever an answer points."""

    def redirect_request(self, *_args: object, **_words: object) -> None:
        """Follow nothing."""


def send(method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
    """Ask, and return the answer whatever its status. Raises ``ProviderError``."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ProviderError(_("The provider’s address has to begin with https://. Change it."))
    try:
        request = Request(url, body, dict(headers), method=method)  # noqa: S310  one of two schemes
        try:
            with build_opener(_NoRedirects).open(request, timeout=TIMEOUT) as answer:
                return _read(answer.status, answer)
        except HTTPError as refused:
            with refused:
                return _read(refused.code, refused)
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise ProviderError(
                _("The provider’s certificate cannot be trusted. Its operator has to mend it.")
            ) from error
        raise ProviderError(_("The provider cannot be reached. It will be asked again.")) from error
    except (OSError, HTTPException) as error:
        raise ProviderError(
            _("The provider did not answer in time, or broke off. It will be asked again.")
        ) from error
    except ValueError as error:
        raise ProviderError(_("The provider’s address cannot be used. Change it.")) from error


def _read(status: int, answer: Any) -> Answer:
    begun, body = time.monotonic(), bytearray()
    while piece := answer.read1(65_536):
        body += piece
        if len(body) > _MOST_BYTES:
            raise ProviderError(_("The provider’s answer is too long to be a page."))
        if time.monotonic() - begun > WHOLE:
            raise TimeoutError
    return Answer(status, {k.casefold(): v for k, v in answer.headers.items()}, bytes(body))


class Provider:
    """One provider, asked as one client."""

    def __init__(
        self, base_url: str, token_url: str, client_id: str, secret: str, heard: Heard | None = None
    ) -> None:
        self.base_url, self._token_url = base_url.rstrip("/"), token_url
        self._client_id, self._secret = client_id, secret
        self._heard: Heard = heard or (lambda _name, _count, _total: None)
        self._token = ""
        self._waits = 0

    def rows[T](
        self, name: str, read: Callable[[dict[str, Any]], T], since: datetime | None = None
    ) -> list[T]:
        """Return a whole collection, or what changed in it since then, each row as it is read.

        Where the collection changes between two pages it is fetched once more. Raises
        ``ProviderError``, and what ``read`` raises.
        """
        for is_last in (False, True):
            found = self._pages(name, read, since, is_last=is_last)
            if found is not None:
                return found
        raise AssertionError  # pragma: no cover  the last try raises

    def _pages[T](
        self,
        name: str,
        read: Callable[[dict[str, Any]], T],
        since: datetime | None,
        *,
        is_last: bool,
    ) -> list[T] | None:
        # Of a page only what is needed is kept: a district has many thousands of people.
        found: dict[str, T] = {}
        expected: int | None = None
        offset = 0
        for _page in range(_MOST_PAGES):
            words: dict[str, Any] = {"limit": PAGE, "offset": offset}
            if since is not None:
                moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
                words["filter"] = f"dateLastModified>='{moment}'"
            answer = self._get(f"{self.base_url}/{name}?{urlencode(words)}", name)
            rows = _rows_of(answer, name)
            total = _total(answer)
            moved = expected is not None and total != expected
            expected = total
            for row in rows:
                found[row["sourcedId"]] = read(row)
            offset += len(rows)
            self._heard(name, offset, total)
            if moved and not is_last:
                return None
            # Without a count a short page is the last one.
            done = offset >= total if total is not None else len(rows) < PAGE
            if done or not rows:
                break
        if expected is not None and len(found) < expected:
            if not is_last:
                return None
            raise ProviderError(
                _("The provider has %(expected)d %(name)s, but sent only %(found)d of them.")
                % {"expected": expected, "name": name, "found": len(found)}
            )
        return list(found.values())

    def standing(self, *, asks: bool = False) -> list[dict[str, Any]] | None:
        """Return how the provider's sites stand; ``asks``: have them synchronized there.

        No part of the standard: None where the provider does not offer it.
        """
        if not self.base_url.endswith(_ROSTERING):
            return None
        url = self.base_url.removesuffix(_ROSTERING) + _SYNC
        answer = self._authorized("POST" if asks else "GET", url)
        if answer.status == _MISSING:
            return None
        _require_good(answer, _("what it leaves out"))
        sites = _json(answer, "sites").get("sites")
        return [one for one in sites if isinstance(one, dict)] if isinstance(sites, list) else None

    def _get(self, url: str, name: str) -> Answer:
        """Ask; where the provider wants a short pause, make it and ask again."""
        while True:
            answer = self._authorized("GET", url)
            wait = retry_after(answer.headers.get("retry-after", ""))
            is_short = wait is not None and wait <= timedelta(seconds=_SHORT_WAIT)
            if answer.status not in _WAITING or not is_short or self._waits == _MOST_WAITS:
                _require_good(answer, name)
                return answer
            self._waits += 1
            pause(max(wait.total_seconds() if wait else 0.0, 1.0))

    def _authorized(self, method: str, url: str) -> Answer:
        """Ask with a token; one that is over by now is renewed once."""
        had_one = bool(self._token)
        self._token = self._token or self._new_token()
        answer = self._ask(method, url)
        if answer.status == _REFUSED and had_one:
            self._token = self._new_token()
            answer = self._ask(method, url)
        return answer

    def _ask(self, method: str, url: str) -> Answer:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        return send(method, url, headers, b"" if method == "POST" else None)

    def _new_token(self) -> str:
        pair = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        headers = {
            "Authorization": f"Basic {pair}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        words = {"grant_type": "client_credentials", "scope": SCOPES}
        answer = send("POST", self._token_url, headers, urlencode(words).encode())
        if answer.status in {400, _REFUSED, _FORBIDDEN}:
            raise ProviderError(
                _("The provider does not know this client, or its secret is another one.")
            )
        _require_good(answer, _("a token"))
        token = _json(answer, _("a token")).get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise ProviderError(_("The provider gave no token that can be used."))
        return token


def _require_good(answer: Answer, name: str) -> None:
    status = answer.status
    if status == _OK:
        return
    words = {"code": status, "name": name}
    if status == _TOO_MANY or status >= _BROKEN:
        raise ProviderError(
            (
                _("The provider has too much to do (it answered 429). It will be asked again.")
                if status == _TOO_MANY
                else _("Something is broken at the provider (it answered %(code)d). It will be "
                       "asked again.") % words
            ),
            retry_after(answer.headers.get("retry-after", "")),
        )  # fmt: skip
    if status == _REFUSED:
        raise ProviderError(_("The provider refused a token that it had just given."))
    if status == _FORBIDDEN:
        raise ProviderError(_("The provider does not let this client see %(name)s.") % words)
    if status in _MOVED:
        raise ProviderError(_("The provider has moved. Ask its operator for the new address."))
    raise ProviderError(
        _("The provider answered %(code)d when asked for %(name)s. Look at its address.") % words
    )


def _json(answer: Answer, name: str) -> dict[str, Any]:
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ProviderError(
            _("The provider’s answer for %s is cut off, or is no JSON.") % name
        ) from error
    if not isinstance(value, dict):
        raise ProviderError(_("The provider’s answer for %s is not what OneRoster says.") % name)
    return value


def _rows_of(answer: Answer, name: str) -> list[dict[str, Any]]:
    # The standard calls a list of schools orgs.
    rows = _json(answer, name).get("orgs" if name == "schools" else name)
    if not isinstance(rows, list):
        raise ProviderError(_("The provider’s answer for %s is not what OneRoster says.") % name)
    for row in rows:
        if not (isinstance(row, dict) and isinstance(row.get("sourcedId"), str)):
            raise ProviderError(_("Among the provider’s %s is a row without a sourcedId.") % name)
    return rows


def _total(answer: Answer) -> int | None:
    text = answer.headers.get("x-total-count", "")
    return (
        int(text) if text.isascii() and text.isdecimal() and len(text) <= 2 * _MOST_DIGITS else None
    )
