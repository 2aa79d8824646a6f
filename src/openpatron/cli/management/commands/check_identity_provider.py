"""``openpatron check_identity_provider CODE``: try the connection to an identity provider."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.accounts.identity.base import Addresses
from openpatron.administration.actions.edit_identity_provider import check_identity_provider
from openpatron.administration.provider_queries import identity_provider_called
from openpatron.cli.base import DONE, ActorCommand


class Command(ActorCommand):
    """Try what can be tried without a person."""

    help = "Try the connection to an identity provider, as far as that goes without a person."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add which."""
        super().add_arguments(parser)
        parser.add_argument("code", metavar="CODE", help=_("The provider's code."))

    def work(self, **options: Any) -> int:
        """Try, and say what was found."""
        self.require_organization(options)
        with self.opened(options) as actor:
            found = identity_provider_called(actor, options["code"])
            words = [actor.organization.slug, found.code]
            back, metadata = (
                f"{settings.OPENPATRON_BASE_URL}{reverse(name, args=words)}"
                for name in ("back_from_elsewhere", "saml_metadata")
            )
            said = check_identity_provider(actor, found.pk, Addresses(back, metadata))
        sys.stdout.write(f"{said}\n")
        return DONE
