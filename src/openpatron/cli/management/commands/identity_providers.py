"""``openpatron identity_providers``: where the people of an organization sign in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.administration.provider_queries import ProviderInUse, identity_providers
from openpatron.cli.base import DONE, ActorCommand, add_format_argument
from openpatron.cli.printing_lists import print_list

_COLUMNS = ("code", "name", "kind", "in_use", "sources", "people", "address")


class Command(ActorCommand):
    """List them; secrets are not among it."""

    help = "List the identity providers of an organization: where its people sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how to print."""
        super().add_arguments(parser)
        add_format_argument(parser)

    def work(self, **options: Any) -> int:
        """List."""
        self.require_organization(options)
        with self.opened(options) as actor:
            rows = [_row(one, options["organization"]) for one in identity_providers(actor)]
        said = "" if rows else _("There are no identity providers yet.")
        heads = {name: name for name in _COLUMNS}
        print_list(options["format"], rows, columns=_COLUMNS, heads=heads, said=said)
        return DONE


def _row(one: ProviderInUse, slug: str) -> dict[str, Any]:
    found = one.provider
    place = reverse("sign_in_elsewhere", args=[slug, found.code])
    return {
        "code": found.code,
        "name": found.name,
        "kind": found.kind,
        "in_use": found.is_active,
        "sources": [source.code for source in one.sources],
        "people": one.people,
        "address": f"{settings.OPENPATRON_BASE_URL}{place}",
    }
