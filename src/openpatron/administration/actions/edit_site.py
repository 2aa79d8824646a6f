"""Change a site: where its letters go, and whether it is a resource-sharing library."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.rules import email as checked_email
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import SITE
from openpatron.kernel.errors import InputError
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name


@transaction.atomic
def edit_site(actor: Actor, short_name: str, email: str, *, shares_resources: bool) -> Site:
    """Write the site's e-mail address ("" takes it away), and whether patrons fetch here what
    other libraries send.
    """
    actor.require(PERMISSION)
    wanted = checked_email(email)
    number = site_by_short_name(short_name, "site").pk
    site = Site.objects.select_for_update().get(pk=number)
    if shares_resources and site.kind == Site.Kind.MEDIA:
        raise InputError(
            "shares_resources",
            _("%s is a media site, where nobody fetches anything. Choose another site.")
            % site.name,
        )
    now: dict[str, Any] = {"email": wanted, "shares_resources": shares_resources}
    after = {name: value for name, value in now.items() if getattr(site, name) != value}
    if after:
        record_change(actor, SITE, site.pk, {name: getattr(site, name) for name in after}, after)
        site.email, site.shares_resources = wanted, shares_resources
        site.save(update_fields=list(now))
    return site
