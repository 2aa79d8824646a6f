"""Add, change, delete, try the places where people sign in. Secrets are sealed, never told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.identity.base import Addresses
from openpatron.accounts.identity.protocols import Kind, check, code, settings_of
from openpatron.accounts.models import Identity, IdentityProvider
from openpatron.administration.provider_queries import (
    PROVIDER,
    identity_provider,
    require_all_rights,
)
from openpatron.administration.rules import differences
from openpatron.administration.written import save_written
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.sealed import seal
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.patrons.models import Source

# What a secret is called in the ledger.
_HIDDEN = "*"
_LONG = 500


@dataclass(frozen=True, slots=True)
class WantedProvider:
    """How a provider is to be. ``secret`` None keeps the one it has, "" takes it away."""

    code: str
    name: str
    settings: Mapping[str, str] = field(repr=False)
    secret: str | None = field(default=None, repr=False)
    is_active: bool = True


@transaction.atomic
def add_identity_provider(actor: Actor, kind: str, wanted: WantedProvider) -> IdentityProvider:
    """Add a provider of that kind. Raises ``InputError`` for a field, or ``NotAllowedError``."""
    require_all_rights(actor)
    if kind not in Kind.values:
        raise InputError(
            "kind",
            _("kind: “%(found)s” is not known. There are: %(known)s.")
            % {"found": kind[:40], "known": ", ".join(Kind.values)},
        )
    return _write(actor, IdentityProvider(organization=actor.organization, kind=kind), wanted, {})


@transaction.atomic
def edit_identity_provider(actor: Actor, number: int, wanted: WantedProvider) -> IdentityProvider:
    """Change a provider. Its kind stays.

    Whoever came in by it before is matched anew, and who belongs to other organizations as well
    has to agree again, where it is another server now, or means people by something else.
    """
    require_all_rights(actor)
    IdentityProvider.objects.select_for_update().filter(pk=number).first()
    found = identity_provider(actor, number)
    before = dict(found.settings)
    written = _write(actor, found, wanted, _told(found))
    if before != written.settings:
        Identity.objects.filter(provider=written).delete()
    return written


@transaction.atomic
def delete_identity_provider(actor: Actor, number: int) -> IdentityProvider:
    """Delete a provider by which nobody has to sign in, or raise ``StateError``."""
    require_all_rights(actor)
    found = identity_provider(actor, number)
    sources = Source.objects.filter(identity_provider=found).order_by("name")
    if sources:
        raise StateError(
            _("People of %(sources)s sign in with %(name)s. Choose another place for them first.")
            % {"sources": ", ".join(one.name for one in sources), "name": found.name}
        )
    told = _told(found)
    record_change(actor, PROVIDER, found.pk, told, dict.fromkeys(told))
    IdentityProvider.objects.filter(pk=found.pk).delete()
    return found


def check_identity_provider(actor: Actor, number: int, ours: Addresses) -> str:
    """Try what can be tried without a person and return what was found; raises ``SignInError``."""
    require_all_rights(actor)
    return check(identity_provider(actor, number), ours)


def _write(
    actor: Actor, found: IdentityProvider, wanted: WantedProvider, before: dict[str, Any]
) -> IdentityProvider:
    found.code = code(wanted.code)
    found.name = clean(wanted.name, "name", limit=120, empty=False)
    found.settings = settings_of(found.kind, wanted.settings)
    found.is_active = wanted.is_active
    is_new_secret = wanted.secret is not None
    if wanted.secret is not None:
        found.sealed_secret = seal(clean(wanted.secret, "secret", limit=1000))
    differs = differences(before, _told(found))
    if is_new_secret:
        differs[1]["secret"] = _HIDDEN
    taken = InputError(
        "code", _("There is a provider “%s” already. Choose another code.") % found.code
    )
    save_written(actor, PROVIDER, found, differs, taken)
    return found


def _told(found: IdentityProvider) -> dict[str, Any]:
    return {
        "code": found.code,
        "name": found.name,
        # A whole document is told apart, not told.
        **{
            name: sha256(value.encode()).hexdigest()[:12] if len(value) > _LONG else value
            for name, value in found.settings.items()
        },
        "is_active": found.is_active,
        "secret": _HIDDEN if found.sealed_secret else "",
    }
