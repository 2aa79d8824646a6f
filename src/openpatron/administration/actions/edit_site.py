"""Change a site: the address to which letters go that are to be printed there."""

from __future__ import annotations

from django.db import transaction

from openpatron.access.actor import Actor
from openpatron.accounts.rules import email as checked_email
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import SITE
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.organizations.queries import site_by_short_name


@transaction.atomic
def edit_site(actor: Actor, short_name: str, email: str) -> Site:
    """Write the site's e-mail address ("" takes it away)."""
    actor.require(PERMISSION)
    wanted = checked_email(email)
    number = site_by_short_name(short_name, "site").pk
    site = Site.objects.select_for_update().get(pk=number)
    if site.email != wanted:
        record_change(actor, SITE, site.pk, {"email": site.email}, {"email": wanted})
        site.email = wanted
        site.save(update_fields=["email"])
    return site
