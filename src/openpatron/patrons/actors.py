"""Building the Actor: which rights an account holds in one organization, and where.

Rights come from the access level of each association (at a resource site: from its resource
group) and from staff roles that have not ended. They add up.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from openpatron.access.actor import EVERYWHERE, JOB, Actor, operator
from openpatron.access.registry import permissions

from .models import Association, Patron, StaffRole

if TYPE_CHECKING:
    from openpatron.accounts.models import Account
    from openpatron.ledger.models import Job
    from openpatron.organizations.models import Organization

_ACTIVE = Patron.Status.ACTIVE


def actor_for(account: Account, organization: Organization, way: str) -> Actor:
    """Return the actor of an account in the opened organization; a stranger has no rights.

    Nor has who is shut out: a person whose account or patron record is not active.
    """
    if not account.is_active:
        return Actor(organization, account, way, {})
    return Actor(organization, account, way, _rights(account, Q(patron__status=_ACTIVE)))


def rights_given(account: Account) -> dict[int | None, frozenset[str]]:
    """Return the rights in the opened organization, also of who is shut out for the moment."""
    return _rights(account, Q())


def _rights(account: Account, who: Q) -> dict[int | None, frozenset[str]]:
    known = {p.name for p in permissions()}
    rights: dict[int | None, set[str]] = defaultdict(set)
    ties = Association.objects.filter(who, patron__account=account).values_list(
        "site", "access_level__permissions", "resource_group__permissions"
    )
    for site, of_level, of_group in ties:
        rights[site] |= known & set(of_level if of_group is None else of_group)
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    roles = StaffRole.objects.filter(who, lasting, patron__account=account).values_list(
        "is_organization_wide", "sites", "access_level__permissions"
    )
    for everywhere, site, of_level in roles:
        if everywhere or site is not None:
            rights[EVERYWHERE if everywhere else site] |= known & set(of_level)
    return {where: frozenset(names) for where, names in rights.items()}


def actor_of_job(job: Job) -> Actor:
    """Return who acts in a job, with the rights held now: whoever said the last yes to it."""
    if job.undone_at is not None:
        account = job.undone_by
    elif job.confirmed_at is not None:
        account = job.confirmed_by
    else:
        account = job.created_by
    if account is None:
        return operator(job.organization, JOB)
    return actor_for(account, job.organization, JOB)
