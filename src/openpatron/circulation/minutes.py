"""After how many minutes without activity a desk leaves its patron."""

from __future__ import annotations

from django.db.models import Q

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.organizations.models import Site

from .permissions import SERVE


def desk_minutes(actor: Actor, site: Site) -> int:
    """Return after how many minutes without activity a patron is left: the fewest of the levels.

    0: never. Levels count that let the actor serve at the site.
    """
    actor.require(SERVE, site)
    if actor.account is None:
        return 0
    of = Q(associations__patron__account=actor.account, associations__site=site)
    of |= Q(staff_roles__patron__account=actor.account) & (
        Q(staff_roles__is_organization_wide=True) | Q(staff_roles__sites=site)
    )
    levels = AccessLevel.objects.filter(of).distinct().values_list("permissions", "desk_minutes")
    minutes = [wanted for held, wanted in levels if SERVE in held and wanted]
    return min(minutes, default=0)
