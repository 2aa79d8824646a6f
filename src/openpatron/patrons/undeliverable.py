"""Telling each site in the night that messages to its patrons could not be delivered."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Max
from django.utils import timezone

from openpatron.access.actor import Actor
from openpatron.notifications.models import Kind, Place
from openpatron.notifications.post import About, post_values
from openpatron.notifications.queries import undelivered_messages
from openpatron.notifications.rules import is_sent
from openpatron.organizations.models import Site

# Who was told of all that there is is told again only when there is more.
_NEW = timedelta(days=1)


@transaction.atomic
def tell_of_undeliverable(actor: Actor) -> int:
    """Tell each site with an address how many messages wait for help, if one is new; return how
    many sites were told.
    """
    organization = actor.organization
    problems = undelivered_messages(actor).exclude(place=Place.LIBRARY)
    if not is_sent(organization, Kind.SITE_UNDELIVERABLE):
        return 0
    counted = (
        problems.order_by().values_list("site").annotate(n=Count("pk"), last=Max("created_at"))
    )
    since = timezone.now() - _NEW
    new = {site: n for site, n, last in counted if site is not None and last >= since}
    told = Site.objects.filter(pk__in=new).exclude(email="")
    for site in told:
        post_values(
            Kind.SITE_UNDELIVERABLE,
            About(0, organization, None, site),
            {"count": str(new[site.pk])},
            site.email,
            language=organization.locale,
            place=Place.LIBRARY,
        )
    return len(told)
