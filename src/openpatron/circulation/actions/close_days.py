"""Say on which days a site is closed, and take that back."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.models import ClosedDay
from openpatron.circulation.permissions import MANAGE_ITEMS
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.text import clean
from openpatron.organizations.models import Site

_LONGEST = timedelta(days=200)


@transaction.atomic
def close_days(
    actor: Actor, site: Site, first: date, last: date | None = None, reason: str = ""
) -> ClosedDay:
    """Close the site from the first to the last day; nothing is due then any more.

    Loans that are due then already keep their day.
    """
    actor.require(MANAGE_ITEMS, site)
    end = last or first
    if end < first:
        raise InputError(
            "last_day",
            _("%(last)s is before %(first)s.")
            % {"last": date_format(end), "first": date_format(first)},
        )
    if end < timezone.localdate():
        raise InputError("first_day", _("%s is over already.") % date_format(end))
    if end - first > _LONGEST:
        raise InputError("last_day", _("A site is closed for at most 200 days at a time."))
    return ClosedDay.objects.create(
        organization=actor.organization,
        site=site,
        first_day=first,
        last_day=end,
        reason=clean(reason, "reason", limit=100),
    )


@transaction.atomic
def open_days(actor: Actor, site: Site, number: int) -> None:
    """Take a closure back."""
    actor.require(MANAGE_ITEMS, site)
    gone = 0
    if 0 < number < 2**63:
        gone, _models = ClosedDay.objects.filter(site=site, pk=number).delete()
    if not gone:
        raise NotFoundError(_("There is no closure %d of this site.") % number)
