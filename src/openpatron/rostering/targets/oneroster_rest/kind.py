"""The kind ``oneroster-rest``: a client with a secret; it speaks to the package ``oneroster``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password

from openpatron.rostering.models import Target
from openpatron.rostering.targets.base import TargetKind

from .deliver import deliver

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.access.actor import Actor


class OneRosterRest(TargetKind):
    """The platform comes and fetches."""

    name = Target.Kind.REST
    fetches = True

    def address(self, actor: Actor, target: Target, text: str) -> str:
        """Return that there is none: the platform comes here."""
        del actor, target, text
        return ""

    def keep_secret(self, target: Target, secret: str) -> bool:
        """Keep a hash: the client shows the secret whenever it asks for a token."""
        target.secret_hash = make_password(secret)
        return True

    def deliver(self, target: Target) -> None:
        """Deliver nothing: what is delivered stands ready."""
        deliver(target)

    def arrived_at(self, target: Target) -> datetime | None:
        """Return when the last fetch of all accounts began that was read to its end."""
        return target.pulled_at


KIND = OneRosterRest()
