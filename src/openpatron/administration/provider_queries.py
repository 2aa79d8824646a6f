"""Reads of the places where people sign in: for who administers them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel, ResourceGroup
from openpatron.access.registry import known_names, permission
from openpatron.accounts.models import Identity, IdentityProvider
from openpatron.kernel.errors import NotAllowedError, NotFoundError
from openpatron.patrons.models import Source

from .permissions import MANAGE
from .queries import the_row

PROVIDER = "identity_provider"
"""What the ledger calls one."""


@dataclass(frozen=True, slots=True)
class ProviderInUse:
    """A provider, the sources whose people sign in there, and how many have done so."""

    provider: IdentityProvider
    sources: list[Source]
    people: int


def identity_providers(actor: Actor) -> list[ProviderInUse]:
    """Return the organization's providers by name; three queries."""
    actor.require(MANAGE)
    sources = defaultdict(list)
    for source in Source.objects.exclude(identity_provider=None).order_by("name", "pk"):
        sources[source.identity_provider_id].append(source)
    people = dict(Identity.objects.order_by().values_list("provider").annotate(n=Count("pk")))
    return [
        ProviderInUse(one, sources[one.pk], people.get(one.pk, 0))
        for one in IdentityProvider.objects.order_by("name", "pk")
    ]


def identity_provider(actor: Actor, number: int) -> IdentityProvider:
    """Return one provider, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    rows = IdentityProvider.objects.select_related("organization")
    return the_row(rows, number, _("There is no identity provider %d here."))


def identity_provider_called(actor: Actor, code: str) -> IdentityProvider:
    """Return the provider of that code, or raise ``NotFoundError``."""
    actor.require(MANAGE)
    found = IdentityProvider.objects.select_related("organization").filter(code=code[:40]).first()
    if found is None:
        raise NotFoundError(_("There is no identity provider “%s” here.") % code[:40])
    return found


def require_all_rights(actor: Actor) -> None:
    """Raise ``NotAllowedError`` unless the actor holds every right that any level here gives.

    Who says where people sign in can sign in as any of them.
    """
    actor.require(MANAGE)
    given: set[str] = set()
    for model in (AccessLevel, ResourceGroup):
        for names in model.objects.values_list("permissions", flat=True):
            given.update(names)
    lacking = sorted(name for name in given & known_names() if not actor.may(name))
    if lacking:
        raise NotAllowedError(
            lacking[0],
            _(
                "Who sets up where people sign in could sign in as any of them. So it takes every "
                "right that somebody here has; you do not hold “%s” in the whole organization."
            )
            % permission(lacking[0]).label,
        )
