"""The kind ``webhook``: an address of the web, and the secret by which messages are signed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sealed import seal
from openpatron.rostering.models import Target
from openpatron.rostering.targets.base import TargetKind

from .deliver import deliver

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


class Webhook(TargetKind):
    """A message says that there is news."""

    name = Target.Kind.WEBHOOK

    def address(self, actor: Actor, target: Target, text: str) -> str:
        """Return a whole address of the web."""
        del actor, target
        try:
            parts = urlsplit(text)
            fits = parts.scheme in {"https", "http"} and parts.hostname and not parts.username
        except ValueError:
            fits = False
        if not fits:
            raise InputError(
                "address", _("Give the whole address, like https://reading.example.org/news.")
            )
        return text

    def keep_secret(self, target: Target, secret: str) -> bool:
        """Keep it sealed: each message is signed with it."""
        target.sealed_secret = seal(secret)
        return True

    def deliver(self, target: Target) -> None:
        """Send the message."""
        deliver(target)


KIND = Webhook()
