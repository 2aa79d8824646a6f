"""OpenID Connect: the code flow with PKCE, state and nonce; the ID token is checked to the end."""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import jwt
from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

from . import http
from .base import (
    Addresses,
    Answer,
    Begun,
    RefusedError,
    SetupError,
    address,
    one_word,
    refused,
    secret_of,
    the_subject,
    unreachable,
)

# Signed with the provider's private key; never "none", never with a secret that two hold.
_ALGORITHMS: Final = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
]  # fmt: skip
# Clocks may be so many seconds apart.
_LEEWAY = 60
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Return issuer, client_id, scopes, claim and required, as they are stored."""
    found = {
        "issuer": address(typed["issuer"], "issuer").removesuffix(
            "/.well-known/openid-configuration"
        ),
        "client_id": clean(typed["client_id"], "client_id", limit=500, empty=False),
        "scopes": clean(typed["scopes"], "scopes", limit=200),
        "claim": one_word(typed["claim"], "claim", "sub"),
        "required": clean(typed["required"], "required", limit=300),
    }
    name, equals, value = found["required"].partition("=")
    if found["required"] and not (name.strip() and equals and value.strip()):
        raise InputError(
            "required",
            _("“%s” is no claim with its value. Write it like hd=school.example.")
            % found["required"],
        )
    if found["claim"] == "email" and not found["required"]:
        raise InputError(
            "claim",
            _(
                "An e-mail address alone proves too little: anybody may have one confirmed "
                "somewhere. Name another claim, or say below which claim must have which value."
            ),
        )
    return found


def begin(provider: IdentityProvider, ours: Addresses) -> Begun:
    """Send the browser to the provider."""
    found = _discover(provider)
    kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    digest = sha256(kept["verifier"].encode()).digest()
    words = {
        "response_type": "code",
        "client_id": provider.settings["client_id"],
        "redirect_uri": ours.back,
        "scope": " ".join(dict.fromkeys(["openid", *provider.settings["scopes"].split()])),
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    asked = found["authorization_endpoint"]
    return Begun(f"{asked}{'&' if urlsplit(asked).query else '?'}{urlencode(words)}", kept)


def finish(
    provider: IdentityProvider, ours: Addresses, kept: Mapping[str, str], answer: Answer
) -> str:
    """Return the subject of the ID token that the code is exchanged for."""
    words = answer.words
    if not hmac.compare_digest(words.get("state", "").encode(), kept["state"].encode()):
        raise refused("state")
    found = _discover(provider)
    if words.get("iss", found["issuer"]) != found["issuer"]:
        raise refused("issuer of the answer")
    if words.get("error") or not words.get("code"):
        raise RefusedError(
            "refused there",
            _("%s did not sign you in. Begin again, and agree there to be signed in here.")
            % provider.name,
        )
    tokens = _exchange(provider, found, words["code"], kept["verifier"], ours.back)
    claims = _claims(provider, found, tokens.get("id_token"), kept["nonce"])
    claim, required = provider.settings["claim"], provider.settings["required"]
    wanted = {claim, required.partition("=")[0].strip()} - {""}
    if not wanted <= claims.keys():
        claims = _more_claims(provider, found, tokens, claims) | claims
    _require(claims, required)
    if claim == "email" and claims.get("email_verified") is not True:
        raise refused("e-mail is not verified")
    return the_subject(claims.get(claim))


def check(provider: IdentityProvider, ours: Addresses) -> str:
    """Read the provider's own description and its keys."""
    del ours
    found = _discover(provider)
    keys = _json(provider, found["jwks_uri"], "keys")
    if not _keys(keys):
        raise SetupError(
            "keys", _("%s offers no key that an answer could be checked with.") % provider.name
        )
    return _("It answers as %(issuer)s, with %(count)d keys.") % {
        "issuer": found["issuer"],
        "count": len(_keys(keys)),
    }


def _discover(provider: IdentityProvider) -> dict[str, Any]:
    issuer = provider.settings["issuer"]
    found = _json(provider, f"{issuer.rstrip('/')}/.well-known/openid-configuration", "discovery")
    if found.get("issuer") != issuer:
        raise SetupError(
            "issuer",
            _("%(name)s calls itself “%(found)s”. The setting “Issuer” must be exactly that.")
            % {"name": provider.name, "found": str(found.get("issuer"))[:200]},
        )
    for name in (*_NEEDED, "userinfo_endpoint"):
        value = found.get(name)
        if value is None and name not in _NEEDED:
            continue
        try:
            address(value if isinstance(value, str) else "", name)
        except InputError:
            raise unreachable(provider, f"discovery: {name}") from None
    return found


def _json(provider: IdentityProvider, where: str, what: str, *, bearer: str = "") -> dict[str, Any]:
    try:
        got = http.get(where, bearer=bearer)
    except http.NoAnswerError:
        raise unreachable(provider, f"{what}: no answer") from None
    return _parsed(provider, got, what)


def _parsed(provider: IdentityProvider, got: http.Got, what: str) -> dict[str, Any]:
    try:
        found = json.loads(got.body) if got.status == 200 else None  # noqa: PLR2004  HTTP's OK
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise unreachable(provider, f"{what}: {got.status}")
    return found


def _exchange(
    provider: IdentityProvider, found: dict[str, Any], code: str, verifier: str, back: str
) -> dict[str, Any]:
    client, secret = provider.settings["client_id"], secret_of(provider)
    words = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "code_verifier": verifier,
    }
    ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    auth = None
    if secret and "client_secret_basic" in ways:
        # Both encoded as in a form (RFC 6749, 2.3.1).
        auth = (quote(client, safe=""), quote(secret, safe=""))
    else:
        words |= {"client_id": client} | ({"client_secret": secret} if secret else {})
    try:
        got = http.post(found["token_endpoint"], words, auth=auth)
    except http.NoAnswerError:
        raise unreachable(provider, "token: no answer") from None
    if 400 <= got.status < 500:  # noqa: PLR2004  a code that is used or made up, a wrong secret
        raise refused(f"token: {got.status}")
    return _parsed(provider, got, "token")


def _claims(
    provider: IdentityProvider, found: dict[str, Any], token: Any, nonce: str
) -> dict[str, Any]:
    """Return the claims of an ID token: signed by the issuer, for us, for now, for this session."""
    if not isinstance(token, str):
        raise refused("no ID token")
    keys = _keys(_json(provider, found["jwks_uri"], "keys"))
    client = provider.settings["client_id"]
    try:
        key_id = jwt.get_unverified_header(token).get("kid")
        fitting = [key for key in keys if key_id is None or key.key_id == key_id]
        if len(fitting) != 1:
            raise refused("key")
        claims: dict[str, Any] = jwt.decode(
            token,
            fitting[0],
            algorithms=_ALGORITHMS,
            audience=client,
            issuer=found["issuer"],
            leeway=_LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise refused(f"ID token: {type(error).__name__}") from None
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise refused("nonce")
    if claims.get("azp", client) != client:
        raise refused("azp")
    return claims


def _keys(found: dict[str, Any]) -> list[jwt.PyJWK]:
    try:
        return [
            key
            for key in jwt.PyJWKSet.from_dict(found).keys
            if key.public_key_use in {None, "sig"} and key.key_type != "oct"
        ]
    except jwt.PyJWTError:
        return []


def _more_claims(
    provider: IdentityProvider,
    found: dict[str, Any],
    tokens: Mapping[str, Any],
    claims: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what the provider tells beside the ID token, of the same person."""
    where, bearer = found.get("userinfo_endpoint"), tokens.get("access_token")
    if not where or not isinstance(bearer, str):
        return {}
    told = _json(provider, where, "userinfo", bearer=bearer)
    if told.get("sub") != claims["sub"]:
        raise refused("userinfo of somebody else")
    return told


def _require(claims: Mapping[str, Any], required: str) -> None:
    name, _equals, value = (part.strip() for part in required.partition("="))
    if name and str(claims.get(name)) != value:
        raise RefusedError(
            "required claim",
            _("This account is none of those that may sign in here. Take that of your school."),
        )
