"""What a session remembers while somebody is away to sign in; and our own addresses."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from openpatron.accounts.identity.base import Addresses
from openpatron.accounts.models import IdentityProvider
from openpatron.accounts.queries import providers_at
from openpatron.kernel.errors import NotFoundError
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import find_organization, open_organization

_AWAY, _AGREE = "away_to_sign_in", "identity_to_agree_to"
# Seconds that somebody may be away.
_PATIENCE = 15 * 60


@dataclass(frozen=True, slots=True)
class Away:
    """Somebody went to a provider: what it is checked with when they are back, and whereto then."""

    kept: Mapping[str, str]
    wanted: str


@dataclass(frozen=True, slots=True)
class ToAgree:
    """A provider proved who somebody is; the account's person has not agreed to it yet."""

    provider: int
    organization: str
    subject: str
    account: int


@contextmanager
def opened(slug: str) -> Iterator[tuple[Organization, list[IdentityProvider]]]:
    """Open an organization where one signs in elsewhere; any other looks like none."""
    try:
        organization = find_organization(slug)
    except NotFoundError:
        raise _nothing() from None
    with open_organization(organization):
        providers = providers_at(organization)
        if not providers:
            raise _nothing()
        yield organization, providers


@contextmanager
def opened_provider(slug: str, code: str) -> Iterator[IdentityProvider]:
    """Open the organization of an active provider and yield it."""
    with opened(slug) as (_organization, providers):
        found = next((one for one in providers if one.code == code), None)
        if found is None:
            raise _nothing()
        yield found


def go_away(
    request: HttpRequest, provider: IdentityProvider, kept: Mapping[str, str], wanted: str
) -> None:
    """Remember that this session's browser is sent to the provider."""
    request.session[_AWAY] = {
        "provider": provider.pk,
        "kept": dict(kept),
        "wanted": wanted,
        "at": time.time(),
    }


def come_back(request: HttpRequest, provider: IdentityProvider) -> Away | None:
    """Return what was remembered, once; None where this session is not away to this provider."""
    found = request.session.pop(_AWAY, None)
    if found is None or found["provider"] != provider.pk:
        return None
    if time.time() - found["at"] > _PATIENCE:
        return None
    return Away(found["kept"], found["wanted"])


def ask_to_agree(request: HttpRequest, what: ToAgree) -> None:
    """Remember what the person is to agree to, once signed in with the password."""
    request.session[_AGREE] = {
        "provider": what.provider,
        "organization": what.organization,
        "subject": what.subject,
        "account": what.account,
        "at": time.time(),
    }


def to_agree(request: HttpRequest) -> ToAgree | None:
    """Return what the person is to agree to."""
    found = request.session.get(_AGREE)
    if found is None or time.time() - found["at"] > _PATIENCE:
        return None
    return ToAgree(*(found[name] for name in ("provider", "organization", "subject", "account")))


def agreed(request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(_AGREE, None)


def wanted_address(request: HttpRequest) -> str:
    """Return where the person wanted to go; "" where nothing good is named."""
    wanted = request.POST.get("next", request.GET.get("next", ""))
    allowed = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if allowed else ""


def our_addresses(provider: IdentityProvider) -> Addresses:
    """Return our own addresses, as the provider has to know them; its organization is open."""
    words = [provider.organization.slug, provider.code]
    return Addresses(
        back=f"{settings.OPENPATRON_BASE_URL}{reverse('back_from_elsewhere', args=words)}",
        metadata=f"{settings.OPENPATRON_BASE_URL}{reverse('saml_metadata', args=words)}",
    )


def _nothing() -> Http404:
    return Http404(_("Nobody signs in at this address with a sign-in of their organization."))
