"""Who may give somebody a right at a site: for whom lacks it, to know whom to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from openpatron.access.actor import WEB
from openpatron.access.queries import access_levels
from openpatron.accounts.models import Account

from .actors import actor_for
from .models import Patron
from .staff_roles import PERMISSION

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Site

# So many are asked, and so many named, at most.
_ASKED, _NAMED = 40, 5


def who_may_grant(actor: Actor, right: str, site: Site) -> list[str]:
    """Return the names of those who may give a level with the right at the site, by name.

    For staff of the organization, who are colleagues; a few queries for each who might.
    """
    actor.require_anywhere("patrons.view")
    levels = [level for level in access_levels() if right in level.permissions]
    giving = [level.pk for level in access_levels() if PERMISSION in level.permissions]
    lasting = Q(staff_roles__ends_on=None) | Q(staff_roles__ends_on__gte=timezone.localdate())
    there = Q(staff_roles__is_organization_wide=True) | Q(staff_roles__sites=site)
    by_role = Q(staff_roles__access_level__in=giving) & lasting & there
    by_tie = Q(associations__access_level__in=giving, associations__site=site)
    holders = Patron.objects.filter(by_role | by_tie, status=Patron.Status.ACTIVE)
    found = []
    people = Account.objects.filter(pk__in=holders.values("account")).order_by("last_name", "pk")
    for account in people.exclude(pk=actor.account_id or 0)[:_ASKED]:
        other = actor_for(account, actor.organization, WEB)
        may_give = other.may(PERMISSION, site) and any(
            other.may_give(level, site) for level in levels
        )
        if may_give:
            found.append(account.full_name)
        if len(found) == _NAMED:
            break
    return found
