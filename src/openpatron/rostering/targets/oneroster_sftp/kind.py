"""The kind ``oneroster-sftp``: a folder of another server, its key, and our secret there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.kernel.sealed import seal
from openpatron.kernel.text import clean
from openpatron.rostering.models import Target
from openpatron.rostering.targets.base import TargetKind

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.rostering.actions.create_target import WantedTarget


class OneRosterSftp(TargetKind):
    """A package is brought to a server."""

    writes_package = True
    name = Target.Kind.SFTP
    has_server = True

    def address(self, actor: Actor, target: Target, text: str) -> str:
        """Return ``sftp://NAME@HOST:PORT/FOLDER``, without a password in it."""
        del actor, target
        try:
            parts = urlsplit(text)
            fits = parts.scheme == "sftp" and parts.hostname and parts.username and parts.port != 0
            fits = fits and not (parts.password or parts.query or parts.fragment)
        except ValueError:
            fits = False
        if not fits:
            raise InputError(
                "address",
                _(
                    "Give the server like sftp://openpatron@sftp.example.org:22/roster, no "
                    "password."
                ),
            )
        return text

    def take(self, target: Target, wanted: WantedTarget, *, is_same: bool) -> None:
        """Take the server's key and secret; a stored secret is not shown to another server."""
        from openpatron.kernel import sftp  # noqa: PLC0415  slow to load, and seldom needed

        key = " ".join(clean(wanted.host_key, "host_key", limit=1000).split(" ")[:2])
        try:
            sftp.host_key_of(key)
        except sftp.HostKeyError as error:
            raise InputError("host_key", str(error)) from error
        is_same = is_same and key == target.host_key
        target.host_key = key
        if wanted.secret:
            target.sealed_secret = seal(wanted.secret)
        elif not is_same or not target.sealed_secret:
            raise InputError(
                "secret",
                _(
                    "Give the password or private key by which the server lets in; it is kept "
                    "sealed."
                ),
            )

    def keep_secret(self, target: Target, secret: str) -> bool:
        """Keep none: the server has its own."""
        del target, secret
        return False

    def deliver(self, target: Target) -> None:
        """Bring the package."""
        from .deliver import deliver  # noqa: PLC0415  slow to load, and seldom needed

        deliver(target)


KIND = OneRosterSftp()
