"""Who somebody is to a platform that signs its people in here: the identifier, roles and sites.

A client's id begins with its organization's name; nothing is asked across organizations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from openpatron.accounts.models import Account
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron

from .models import PlatformSetup, SentRole, SentUser, Status, Target
from .payload import outgoing
from .scopes import SCOPES


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as a platform knows them."""

    sourced_id: str
    values: dict[str, Any]
    # Roles with the identifiers of their sites, as in the standard's objects.
    roles: list[dict[str, str]]


@contextmanager
def _opened(client_id: str) -> Iterator[Target | None]:
    slug = client_id.partition(".")[0]
    organization = Organization.objects.filter(slug=slug).first()
    if organization is None:
        yield None
        return
    with open_organization(organization):
        yield Target.objects.filter(client_id=client_id, is_active=True).first()


def identity_of(client_id: str, account: Account) -> Identity | None:
    """Return who the account is to that client; None where it is not delivered to it now."""
    with _opened(client_id) as target:
        if target is None or not account.is_active:
            return None
        patron = Patron.objects.filter(account=account).exclude(status=Patron.Status.INACTIVE)
        sent = SentUser.objects.filter(patron_id__in=patron.values("pk")).first()
        if sent is None:
            return None
        sites = target.sites.values("pk")
        held = SentRole.objects.filter(sent_user=sent, site__in=sites, status=Status.ACTIVE)
        orgs = dict(PlatformSetup.objects.filter(site__in=sites).values_list("site", "sourced_id"))
        roles = [
            {"role": role.role, "org": str(orgs[role.site_id])} for role in held.order_by("pk")
        ]
        if not roles:
            return None
        # No more than the platform gets of the roster.
        scopes = {SCOPES[name] for name in target.scopes if name in SCOPES}
        values = outgoing(sent.values, {role["role"] for role in roles}, scopes)
        return Identity(str(sent.sourced_id), values, roles)


def account_of(client_id: str, sourced_id: str) -> Account | None:
    """Return whose identifier that is to the client, None for nobody's."""
    try:
        wanted = UUID(sourced_id)
    except ValueError:
        return None
    with _opened(client_id) as target:
        if target is None:
            return None
        sent = SentUser.objects.filter(sourced_id=wanted).first()
        patron = None
        if sent is not None:
            patron = Patron.objects.select_related("account").filter(pk=sent.patron_id).first()
    if patron is None or identity_of(client_id, patron.account) is None:
        return None
    return patron.account
