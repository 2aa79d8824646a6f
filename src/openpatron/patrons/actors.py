"""Building the Actor: which rights an account holds in one organization, and where.

Rights come from the access level of each association (at a resource site: from its resource
group) and from staff roles that have not ended. They add up.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db.models import JSONField, Q, Value
from django.utils import timezone

from openpatron.access.actor import EVERYWHERE, JOB, Actor, operator
from openpatron.access.registry import known_names

from .models import Association, Patron, StaffRole

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db.models import QuerySet

    from openpatron.accounts.models import Account
    from openpatron.ledger.models import Job
    from openpatron.organizations.models import Organization

type Held = dict[int | None, frozenset[str]]


def actor_for(account: Account, organization: Organization, way: str) -> Actor:
    """Return the actor of an account in the opened organization; a stranger has no rights.

    Nor has who is shut out: a person whose account or patron record is not active, or whose record
    has expired, whether the nightly job has run or not.
    """
    if not account.is_active:
        return Actor(organization, account, way, {})
    lasting = Q(patron__expires_on=None) | Q(patron__expires_on__gte=timezone.localdate())
    active = lasting & Q(patron__status=Patron.Status.ACTIVE)
    return Actor(organization, account, way, *_held(account, active))


def rights_given(account: Account) -> Held:
    """Return the rights in the opened organization, also of who is shut out for the moment."""
    return _held(account, Q())[0]


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


def _held(account: Account, who: Q) -> tuple[Held, Held]:
    """Return the permissions held, and the levels that may be given, by place."""
    known = known_names()
    rights: dict[int | None, set[str]] = defaultdict(set)
    grants: dict[int | None, set[str]] = defaultdict(set)
    for everywhere, site, of_level, granted, of_group in _given(account, who):
        if everywhere or site is not None:
            where = EVERYWHERE if everywhere else site
            rights[where] |= known & set(of_level if of_group is None else of_group)
            # A resource group gives rights at its site, not the power to give levels there.
            grants[where] |= set(granted if of_group is None else ())
    return _frozen(rights), _frozen(grants)


def _given(account: Account, who: Q) -> QuerySet[Any, Any]:
    """Return where levels were given to an account, by associations and by roles; one query.

    Everywhere or not, site, the level's permissions and grants, the resource group's permissions.
    """
    ties = Association.objects.filter(who, patron__account=account).values_list(
        Value(False),
        "site",
        "access_level__permissions",
        "access_level__grants",
        "resource_group__permissions",
    )
    lasting = Q(ends_on=None) | Q(ends_on__gte=timezone.localdate())
    roles = StaffRole.objects.filter(who, lasting, patron__account=account).values_list(
        "is_organization_wide",
        "sites",
        "access_level__permissions",
        "access_level__grants",
        Value(None, JSONField(null=True)),
    )
    return ties.union(roles, all=True)


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
