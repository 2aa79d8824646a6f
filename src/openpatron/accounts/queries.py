"""Reads of accounts and of where they are registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from openpatron.kernel.text import storable
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .models import Account, IdentityProvider
from .rules import MINIMUM_PASSWORD, one_case, written_email

if TYPE_CHECKING:
    from django.db.models import QuerySet


def organizations_of(account: Account) -> QuerySet[Organization]:
    """Return the organizations where the account is registered, by name."""
    return Organization.objects.filter(registrations__account=account).order_by("name", "id")


def password_minimum(account: Account) -> int:
    """Return how many characters a password has at least: the most that one organization asks."""
    asked = organizations_of(account).values_list("password_minimum", flat=True)
    return max(MINIMUM_PASSWORD, *asked)


def second_factors(account: Account) -> QuerySet[Authenticator]:
    """Return what the account signs in with beside the password, recovery codes as well."""
    return Authenticator.objects.filter(user=account)


def has_second_factor(account: Account) -> bool:
    """Tell whether the sign-in needs more than the password; recovery codes alone are none."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return second_factors(account).filter(type__in=kinds).exists()


def account_by_username(username: str) -> Account | None:
    """Return the account of that username, without regard to case."""
    return accounts_called(username, "").first()


def accounts_called(username: str, email: str) -> QuerySet[Account]:
    """Return the accounts with exactly that username or e-mail address, without regard to case.

    Asked as the unique constraints ask, so that their indexes answer. "" is nobody's.
    """
    same = Q()
    if username and storable(username):
        same |= Q(Exact(Lower("username"), Lower(Value(one_case(username)))))
    if email and storable(email):
        same |= Q(Exact(Lower("email"), Lower(Value(written_email(email))))) & ~Q(email="")
    return Account.objects.filter(same).order_by("pk") if same else Account.objects.none()


def names_of(account_ids: set[int]) -> dict[int, str]:
    """Return the names of those accounts that still exist, by id; one query."""
    return {a.pk: a.full_name for a in Account.objects.filter(pk__in=account_ids)}


def providers_at(organization: Organization) -> list[IdentityProvider]:
    """Return where the people of an organization may sign in; it is open. By name."""
    found = IdentityProvider.objects.filter(organization=organization, is_active=True)
    return list(found.select_related("organization").order_by("name", "pk"))


def organization_called(name: str) -> Organization | None:
    """Return the organization of that short name or name, if one can sign in there elsewhere.

    One that has no provider looks like one that does not exist, and so do two of one name.
    """
    if not storable(name):
        return None
    called = Organization.objects.filter(
        Q(slug=name.strip().lower()) | Q(name__iexact=name.strip())
    )
    found = list(called[:2])
    if len(found) != 1:
        return None
    with open_organization(found[0]):
        return found[0] if providers_at(found[0]) else None
