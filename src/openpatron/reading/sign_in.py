"""Signing in at the provider, where that is another OpenPatron: by OpenID Connect, with PKCE.

The subject is the identifier that was pulled, and nothing else says who somebody is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.accounts.identity import oidc
from openpatron.accounts.identity.base import Addresses, Answer, Begun
from openpatron.accounts.models import IdentityProvider

from .models import Community, Person

if TYPE_CHECKING:
    from openpatron.organizations.models import Organization


def signing_in(organization: Organization) -> Community | None:
    """Return the community of an opened organization whose people sign in at its provider."""
    return Community.objects.filter(organization=organization).exclude(issuer="").first()


def name_of(held: Community) -> str:
    """Return what the provider's sign-in is called."""
    return held.sign_in_name or _("OpenPatron")


def begin(held: Community, back: str) -> Begun:
    """Return where the browser is sent. Raises ``SignInError``."""
    return oidc.begin(_provider(held), Addresses(back, ""))


def finish(
    held: Community, back: str, kept: Mapping[str, str], words: Mapping[str, str]
) -> Person | None:
    """Return who the answer proves; None for nobody of the community. Raises ``SignInError``."""
    subject = oidc.finish(_provider(held), Addresses(back, ""), kept, Answer(words))
    return Person.objects.filter(
        organization=held.organization_id, sourced_id=subject, is_active=True
    ).first()


def check(held: Community, back: str) -> str:
    """Read what the provider says of itself, and return it as a sentence; or ``SignInError``."""
    return oidc.check(_provider(held), Addresses(back, ""))


def _provider(held: Community) -> IdentityProvider:
    """Return it as the protocol wants it; it is stored nowhere."""
    own = held.sign_in_client
    return IdentityProvider(
        organization_id=held.organization_id,
        code="reading",
        name=name_of(held),
        kind="oidc",
        settings={
            "issuer": held.issuer,
            "client_id": own or held.client_id,
            "scopes": "profile",
            "claim": "sub",
            "required": "",
        },
        sealed_secret=held.sealed_sign_in_secret if own else held.sealed_secret,
    )
