"""Who asks: clients and their tokens.

A client's id begins with its organization's name, so that no table is asked across organizations.
A token is signed, not stored: it names the target and is void with the target's secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core import signing
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from openpatron.kernel.text import storable
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.rostering.models import Target
from openpatron.rostering.scopes import SCOPES, allowed

from .asked import Asked
from .errors import UNAUTHORISED, RosterError

LIFETIME = 3600
"""How long a token holds, in seconds."""

_SALT = "openpatron.oneroster.token"
_LONGEST = 200
_MOST_BODY = 10_000


class TokenError(Exception):
    """A request for a token that is refused, by OAuth 2's own words."""

    def __init__(self, error: str, sentence: str, status: int = 400) -> None:
        """Keep the code and the status."""
        super().__init__(sentence)
        self.error = error
        self.status = status


@dataclass(frozen=True, slots=True)
class Client:
    """A target that asks, in its organization, and what it may ask for."""

    organization: Organization
    target: Target
    scopes: frozenset[str]


def give_token(request: HttpRequest) -> dict[str, Any]:
    """Return the answer with a token, for a client that names itself. Raises ``TokenError``."""
    words = _words(request)
    if words.get("grant_type") != "client_credentials":
        raise TokenError("unsupported_grant_type", "grant_type has to be client_credentials.")
    client_id, secret = _basic(request) or (
        words.get("client_id", ""), words.get("client_secret", ""),
    )  # fmt: skip
    organization = _organization(client_id) if storable(secret) else None
    if organization is None:
        secret = secret if storable(secret) else ""
        check_password(secret, _nobody())
        raise _unknown()
    with open_organization(organization):
        target = Target.objects.filter(client_id=client_id, kind=Target.Kind.REST).first()
        fits = check_password(secret, target.secret_hash if target else _nobody())
        if target is None or not fits or not target.is_active:
            raise _unknown()
        scopes = allowed(words.get("scope", ""), target.scopes)
        if not scopes:
            known = ", ".join(SCOPES[name] for name in target.scopes)
            raise TokenError("invalid_scope", f"None of the scopes is granted. Granted: {known}.")
        token = signing.dumps(
            {"o": organization.slug, "t": target.pk, "v": _version(target), "s": scopes},
            salt=_SALT,
            compress=True,
        )
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": LIFETIME,
        "scope": " ".join(scopes),
    }


def client_of(request: HttpRequest) -> Client:
    """Return who asks by a token, or raise ``RosterError``; the organization is not opened yet."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "bearer" or not token:
        raise RosterError(UNAUTHORISED, "A token is needed: Authorization: Bearer …")
    try:
        said = signing.loads(token.strip(), salt=_SALT, max_age=LIFETIME)
    except signing.SignatureExpired:
        raise RosterError(UNAUTHORISED, "The token has expired. Ask for another one.") from None
    except (signing.BadSignature, ValueError):
        raise RosterError(UNAUTHORISED, "The token is not valid. Ask for another one.") from None
    organization = Organization.objects.filter(slug=said["o"]).first()
    target = None
    if organization is not None:
        with open_organization(organization):
            target = Target.objects.filter(pk=said["t"], is_active=True).first()
    if organization is None or target is None or _version(target) != said["v"]:
        raise RosterError(UNAUTHORISED, "The token is void. Ask for another one.")
    granted = {SCOPES[name] for name in target.scopes if name in SCOPES}
    return Client(organization, target, frozenset(granted & set(said["s"])))


def fetched(client: Client) -> None:
    """Write down that the client has fetched; at most once in a minute."""
    now, last = timezone.now(), client.target.fetched_at
    if last is None or abs((now - last).total_seconds()) > 60:  # noqa: PLR2004  seconds
        Target.objects.filter(pk=client.target.pk).update(fetched_at=now)


def has_pulled(client: Client, path: str, asked: Asked, begun: datetime) -> None:
    """Write down that the client has all accounts as they were then: all, or all new since."""
    last, since = client.target.pulled_at, None
    if path.strip("/") != "users":
        return
    if asked.conditions:
        (first, *others) = asked.conditions
        if others or first.field != "dateLastModified" or first.sign not in {">", ">="}:
            return
        since = parse_datetime(first.value)
        if since is None or since.tzinfo is None or last is None or since > last:
            return
    if last is None or begun > last:
        Target.objects.filter(pk=client.target.pk).update(pulled_at=begun)


def _words(request: HttpRequest) -> Mapping[str, str]:
    """Return the words of the body: a form, or JSON."""
    if request.content_type == "application/json":
        try:
            found = json.loads(request.body[:_MOST_BODY] or b"{}")
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise TokenError("invalid_request", "The body is no JSON object.")
        return {str(name): value for name, value in found.items() if isinstance(value, str)}
    return {name: request.POST[name] for name in request.POST}


def _basic(request: HttpRequest) -> tuple[str, str] | None:
    kind, _space, coded = request.headers.get("Authorization", "").partition(" ")
    if kind.casefold() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise _unknown() from None
    if not colon:
        raise _unknown()
    return client_id, secret


def _organization(client_id: str) -> Organization | None:
    if len(client_id) > _LONGEST or not storable(client_id):
        return None
    return Organization.objects.filter(slug=client_id.partition(".")[0]).first()


def _unknown() -> TokenError:
    return TokenError("invalid_client", "The client is unknown, or its secret is wrong.", 401)


@cache
def _nobody() -> str:
    """Return a hash that fits nothing: a strange client takes as long as a wrong secret."""
    return make_password(hashlib.sha256(b"nobody").hexdigest())


def _version(target: Target) -> str:
    return hashlib.sha256(target.secret_hash.encode()).hexdigest()[:16]
