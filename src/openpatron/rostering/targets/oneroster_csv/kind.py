"""The kind ``oneroster-csv``: a folder of this server, which its operator names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError
from openpatron.rostering.models import Target
from openpatron.rostering.targets.base import TargetKind

from .deliver import deliver

if TYPE_CHECKING:
    from openpatron.access.actor import Actor


class OneRosterCsv(TargetKind):
    """A package is written into a folder."""

    writes_package = True
    name = Target.Kind.CSV

    def address(self, actor: Actor, target: Target, text: str) -> str:
        """Return the folder; pages cannot name another: they would write anywhere."""
        if text != target.address and actor.account is not None:
            raise InputError(
                "address",
                _("Only the operator of the server names a folder, by “openpatron create_target”."),
            )
        if not text.startswith("/"):
            raise InputError(
                "address", _("Name the folder in full, like /srv/roster; it has to exist.")
            )
        return text

    def keep_secret(self, target: Target, secret: str) -> bool:
        """Keep a hash: by it the platform signs its people in here, if it does."""
        target.secret_hash = make_password(secret)
        return True

    def deliver(self, target: Target) -> None:
        """Write the package."""
        deliver(target)


KIND = OneRosterCsv()
