"""Which module speaks which protocol, and what was typed about a provider, as it is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean

from . import cas, ldap, oidc, saml
from .base import EXTERNAL_ID, MATCHES, Addresses, Protocol

Kind = IdentityProvider.Kind

AWAY: Mapping[str, Protocol] = MappingProxyType({Kind.OIDC: oidc, Kind.SAML: saml, Kind.CAS: cas})
"""Those that send the browser away; it comes back with an answer."""

FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        Kind.OIDC: ("issuer", "client_id", "scopes", "claim", "required"),
        Kind.SAML: ("metadata", "claim"),
        Kind.LDAP: ("server", "base", "name_attribute", "claim", "bind_dn", "certificates"),
        Kind.CAS: ("server", "claim"),
    }
)
"""The settings of each kind, beside ``match``."""

WITH_SECRET = frozenset({Kind.OIDC, Kind.LDAP})
_CODE = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


def settings_of(kind: str, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings as they are stored, or raise ``InputError``; what is missing is ""."""
    whole = {name: typed.get(name, "") for name in FIELDS[kind]}
    match = typed.get("match") or EXTERNAL_ID
    if match not in MATCHES:
        raise InputError(
            "match",
            _("match: “%(found)s” is not known. There are: %(known)s.")
            % {"found": match[:40], "known": ", ".join(MATCHES)},
        )
    read = ldap.read if kind == Kind.LDAP else AWAY[kind].read
    return {**read(whole), "match": match}


def code(text: str) -> str:
    """Return a code as it stands in addresses: small letters, digits and hyphens."""
    value = clean(text, "code", limit=40, empty=False)
    if not _CODE.fullmatch(value):
        raise InputError(
            "code",
            _(
                "“%s” cannot stand in an address. Use small letters, digits and hyphens, like "
                "“staff” or “entra-students”."
            )
            % value,
        )
    return value


def check(provider: IdentityProvider, ours: Addresses) -> str:
    """Try what can be tried without a person and say what was found. Raises ``SignInError``."""
    look = ldap.check if provider.kind == Kind.LDAP else AWAY[provider.kind].check
    return look(provider, ours)
