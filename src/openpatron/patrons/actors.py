"""Building the Actor: which rights an account holds in one organization, and where.

Rights come from the access level of each association (at a resource site: from its resource
group) and from staff roles that have not ended. They add up.
"""

from __future__ import annotations

import json
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from openpatron.access.actor import EVERYWHERE, JOB, Actor, operator
from openpatron.access.registry import known_names
from openpatron.kernel.sql import fetch, statement

from .models import Association, StaffRole

if TYPE_CHECKING:
    from collections.abc import Collection

    from openpatron.accounts.models import Account
    from openpatron.ledger.models import Job
    from openpatron.organizations.models import Organization

type Held = dict[int | None, frozenset[str]]

_LET_IN = "p.status = 'active' AND (p.expires_on IS NULL OR p.expires_on >= date(%(today)s))"


def actor_for(account: Account, organization: Organization, way: str) -> Actor:
    """Return the actor of an account in the opened organization; a stranger has no rights.

    Nor has who is shut out: a person whose account or patron record is not active, or whose record
    has expired, whether the nightly job has run or not.
    """
    if not account.is_active:
        return Actor(organization, account, way, {})
    return Actor(organization, account, way, *_held(account, organization, _LET_IN))


def rights_given(account: Account, organization: Organization) -> Held:
    """Return the rights in the organization, also of who is shut out for the moment."""
    return _held(account, organization, "TRUE")[0]


def accounts_with_rights(account_ids: Collection[int]) -> set[int]:
    """Return which of these accounts hold any right in the opened organization; two queries."""
    known, whose = known_names(), Q(patron__account__in=account_ids)
    found = set()
    for account, of_level, of_group in Association.objects.filter(whose).values_list(
        "patron__account", "access_level__permissions", "resource_group__permissions"
    ):
        if known & set(of_level if of_group is None else of_group):
            found.add(account)
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    for account, of_level in StaffRole.objects.filter(whose, lasting).values_list(
        "patron__account", "access_level__permissions"
    ):
        if known & set(of_level):
            found.add(account)
    return found


def _held(account: Account, organization: Organization, who: str) -> tuple[Held, Held]:
    """Return the permissions held, and the levels that may be given, by place; one query.

    It comes before every page: hence without the ORM, which would put it into words each time.
    """
    known = known_names()
    rights: dict[int | None, set[str]] = defaultdict(set)
    grants: dict[int | None, set[str]] = defaultdict(set)
    for everywhere, site, of_level, granted, of_group in fetch(
        statement("openpatron.patrons", "levels_held", who=who),
        {
            "account": account.pk,
            "organization": organization.pk,
            "today": timezone.localdate().isoformat(),
        },
    ):
        if everywhere or site is not None:
            where = EVERYWHERE if everywhere else site
            rights[where] |= known & _names(of_level if of_group is None else of_group)
            # A resource group gives rights at its site, not the power to give levels there.
            grants[where] |= _names(granted) if of_group is None else frozenset()
    return _frozen(rights), _frozen(grants)


@lru_cache(maxsize=1000)
def _names(text: str) -> frozenset[str]:
    """Return the names in a column of JSON: levels are few, and read for every page."""
    return frozenset(json.loads(text))


def _frozen(held: dict[int | None, set[str]]) -> Held:
    return {where: frozenset(names) for where, names in held.items()}


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
