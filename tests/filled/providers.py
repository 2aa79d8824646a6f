"""Rows of the tables of signing in elsewhere."""

from __future__ import annotations

from openpatron.accounts.models import Identity, IdentityProvider
from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron
from tests.world import World


def fill_providers(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
    provider = IdentityProvider.objects.create(
        organization=world.cascadia, code="entra", name="Entra", kind="oidc"
    )
    Identity.objects.create(
        organization=world.cascadia, provider=provider, subject="S1", account=patron.account
    )
