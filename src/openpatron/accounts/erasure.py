"""Erasing accounts in fact: the row, what hangs on it, and the sessions.

Whoever asked for jobs cannot be deleted, because a job of nobody would be the operator's. Such an
account stays as a row that says nothing: no name, no address, no password, no way to sign in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.crypto import get_random_string

from .leaving import lock_accounts
from .models import Account, Registration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import QuerySet

    from openpatron.organizations.models import Organization

# What is left of an account that cannot be deleted.
_LEFT = {"id", "username", "password", "created_at", "erased_at", "is_active"}


def due(organization: Organization) -> QuerySet[Account]:
    """Return the accounts that this organization has to erase by today."""
    registered = Registration.objects.filter(account=OuterRef("pk"))
    today = timezone.localdate()
    return Account.objects.filter(
        ~Exists(registered), erase_by=organization, erase_on__lte=today, erased_at=None
    ).order_by("pk")


def erase(account_ids: Collection[int]) -> set[int]:
    """Erase those accounts that are registered nowhere and return which; in a transaction.

    A fixed number of queries, beside those for the few that cannot be deleted.
    """
    registered = Registration.objects.filter(account=OuterRef("pk"))
    free = Account.objects.filter(~Exists(registered), pk__in=lock_accounts(account_ids))
    going = set(free.filter(erased_at=None).values_list("pk", flat=True))
    if not going:
        return going
    _end_sessions(going)
    bound = bound_accounts(going)
    Account.objects.filter(pk__in=going - bound).delete()
    for manager, column in _hanging(models.CASCADE):
        manager.filter(**{f"{column}__in": bound}).delete()
    for pk in sorted(bound):
        _empty(pk)
    return going


def _empty(pk: int) -> None:
    empty: dict[str, Any] = {
        field.attname: None if field.null else field.get_default()
        for field in Account._meta.concrete_fields  # noqa: SLF001  what Django calls public
        if field.attname not in _LEFT
    }
    Account.objects.filter(pk=pk).update(
        **empty | {"last_name": ""},
        username=f"erased-{get_random_string(20).lower()}",
        password=make_password(None),
        is_active=False,
        erased_at=timezone.now(),
    )


def bound_accounts(account_ids: Collection[int]) -> set[int]:
    """Return those that something keeps from being deleted: a job that they asked for."""
    found: set[int] = set()
    for manager, column in _hanging(models.PROTECT):
        rows = manager.filter(**{f"{column}__in": account_ids})
        found.update(rows.order_by().values_list(column, flat=True).distinct())
    return found


def _hanging(on_delete: Any) -> Iterator[tuple[Any, str]]:
    """Yield the tables whose rows point to accounts: (manager, column)."""
    for relation in Account._meta.get_fields(include_hidden=True):  # noqa: SLF001
        field: Any = getattr(relation, "remote_field", None)
        is_of_another = relation.auto_created and field is not None and not relation.many_to_many
        if is_of_another and field.remote_field.on_delete is on_delete:
            yield field.model._base_manager, field.attname  # noqa: SLF001


def _end_sessions(account_ids: Collection[int]) -> None:
    """Delete the sessions of these accounts; whose a session is stands inside of it."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    keys = {str(pk) for pk in account_ids}
    ended = [
        session.pk
        for session in Session.objects.iterator()
        if session.get_decoded().get("_auth_user_id") in keys
    ]
    Session.objects.filter(pk__in=ended).delete()
