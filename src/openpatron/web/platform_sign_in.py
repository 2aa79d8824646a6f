"""Sign in with OpenPatron: platforms sign their people in here, by OpenID Connect.

allauth speaks the protocol; here is who may (whoever is delivered to that platform), as whom (the
identifier of the roster), and that a code is bound to who asked for it (PKCE, always).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

from allauth.idp.oidc.adapter import DefaultOIDCAdapter
from allauth.idp.oidc.models import Client, PrivateKey
from allauth.idp.oidc.views import authorization
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from openpatron.kernel.text import storable
from openpatron.rostering.identity import account_of, identity_of

if TYPE_CHECKING:
    from openpatron.accounts.models import Account

    from .gate import SignedInRequest

_BITS = 2048


class ProviderAdapter(DefaultOIDCAdapter):
    """Who people are to the platforms."""

    def get_issuer(self) -> str:
        """Return our address."""
        return str(settings.OPENPATRON_BASE_URL)

    def get_user_sub(self, client: Client, user: Any) -> str:
        """Return the identifier of the roster; "" (which nobody has) for who is not delivered."""
        found = identity_of(client.pk, user)
        return "" if found is None else found.sourced_id

    def get_user_by_sub(self, client: Client, sub: str) -> Account | None:
        """Return whose identifier that is."""
        return account_of(client.pk, sub)

    def get_claims(
        self,
        purpose: Literal["id_token", "userinfo"],  # noqa: ARG002  the same in both
        user: Any,
        client: Client,
        scopes: Iterable[str],
        email: str | None = None,  # noqa: ARG002  allauth's own table of addresses stays empty
        **_kwargs: Any,
    ) -> dict[str, Any]:
        """Return identifier, roles and sites, and with their scopes the name and the address."""
        found = identity_of(client.pk, user)
        if found is None:
            return {"sub": ""}
        claims: dict[str, Any] = {
            "sub": found.sourced_id,
            "roles": found.roles,
            "sites": sorted({role["org"] for role in found.roles}),
        }
        if "profile" in scopes:
            claims |= {
                "name": user.full_name,
                "given_name": found.values.get("givenName", ""),
                "family_name": found.values.get("familyName", ""),
                "preferred_username": user.username,
            }
        if "email" in scopes and found.values.get("email"):
            # Staff and feeds write addresses as well: nobody has proved that it is theirs.
            claims |= {"email": found.values["email"], "email_verified": False}
        return claims

    def list_private_keys(self, **_asked: Any) -> list[PrivateKey]:
        """Return the one key, made when it is needed first and kept in the data folder."""
        return [PrivateKey(pem=_key())]


def _key() -> str:
    kept: Path = settings.DATA_DIR / "oidc_key.pem"
    if not kept.exists():
        made = rsa.generate_private_key(public_exponent=65537, key_size=_BITS).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        # Written aside and then linked: whoever comes at the same moment finds the whole key.
        aside = kept.with_name(f"oidc_key.{os.getpid()}")
        file = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "wb") as opened:
            opened.write(made)
        with suppress(FileExistsError):
            kept.hardlink_to(aside)
        aside.unlink()
    return kept.read_text(encoding="ascii")


@require_safe
def configuration(request: HttpRequest) -> JsonResponse:  # noqa: ARG001  the same for all
    """Say where everything is, and what is spoken."""

    def at(name: str) -> str:
        return str(settings.OPENPATRON_BASE_URL) + reverse(name)

    return JsonResponse(
        {
            "issuer": settings.OPENPATRON_BASE_URL,
            "authorization_endpoint": at("oidc_authorization"),
            "token_endpoint": at("oidc_token"),
            "userinfo_endpoint": at("oidc_userinfo"),
            "jwks_uri": at("oidc_jwks"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "claims_supported": ["sub", "roles", "sites", "name", "email", "preferred_username"],
        }
    )


@require_safe
@never_cache
def authorize(request: SignedInRequest) -> HttpResponseBase:
    """Send who is signed in back to the platform with a code, or say why not."""
    client = _client(request.GET.get("client_id", ""))
    bound = request.GET.get("code_challenge_method") == "S256" and request.GET.get("code_challenge")
    if client is None or not bound:
        why = _("The platform asked in a way that is not allowed here. Tell its operator.")
        return _refused(request, why, 422)
    if identity_of(client.pk, request.user) is None:
        why = _(
            "Your account is not delivered to %s, or not yet. Ask your library: the readiness of "
            "your site says what is missing."
        )
        return _refused(request, why % client.name, 403)
    return authorization(request)


def _client(number: str) -> Client | None:
    return Client.objects.filter(pk=number).first() if storable(number) else None


def _refused(request: HttpRequest, why: str, status: int) -> HttpResponse:
    context = {"title": _("You cannot be signed in there"), "why": why}
    return TemplateResponse(request, "web/platform_refused.html", context, status=status)


def leads_on(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let the sign-in form lead on to the platform that asked: browsers check the whole way."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        going = urlsplit(request.GET.get("next", ""))
        if going.path == reverse("oidc_authorization"):
            asked = parse_qs(going.query)
            client = _client(asked.get("client_id", [""])[0])
            wanted = asked.get("redirect_uri", [""])[0]
            if client is not None and wanted in client.get_redirect_uris():
                parts = urlsplit(wanted)
                form = [CSP.SELF, f"{parts.scheme}://{parts.netloc}"]
                csp = settings.SECURE_CSP | {"form-action": form}
                response._csp_config = csp  # type: ignore[attr-defined]  # noqa: SLF001  as csp_override does
        return response

    return wrapped
