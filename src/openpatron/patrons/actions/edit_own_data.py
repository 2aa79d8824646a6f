"""Change one's own personal data: the person acts, and needs no right for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.accounts.queries import accounts_called, organizations_of
from openpatron.accounts.rules import personal_data
from openpatron.kernel.errors import InputError
from openpatron.patrons.external import kept_by
from openpatron.patrons.personal_data import (
    KEPT_BY_STAFF,
    Author,
    Written,
    locked_account,
    taken,
    write_personal_data,
)

NOT_HERE = (*KEPT_BY_STAFF, "email")
"""What is refused here: the address is changed where the password is asked for."""


def region_of(account: Account) -> str:
    """Return the country that the person's telephone numbers without a + belong to."""
    first = organizations_of(account).first()
    return account.country or ("US" if first is None else first.country)


@transaction.atomic
def edit_own_data(account: Account, way: str, given: Mapping[str, Any]) -> Written:
    """Write what differs of the values that are given, by column of Account.

    Raises ``InputError`` naming the field, also where a value differs that only staff change;
    nothing is written then.
    """
    own = locked_account(account.pk)
    checked = personal_data(given, region=region_of(own), today=timezone.localdate())
    for name, why in locked_fields(own).items():
        if name in checked and checked.pop(name) != getattr(own, name):
            raise InputError(name, why)
    if "username" in checked:
        others = accounts_called(checked["username"], "").exclude(pk=own.pk)
        if others.exists():
            raise taken("username", checked["username"])
    return write_personal_data(Author(own, way, None), own, checked)


def locked_fields(account: Account) -> dict[str, str]:
    """Return why the person does not change these columns here, by column."""
    return {name: refusal(name) for name in NOT_HERE} | kept_by(account)


def refusal(name: str) -> str:
    """Return why a person does not change this here, and who or what does."""
    if name == "email":
        return _("The e-mail address is changed on a page of its own, with the password.")
    return _("Only staff of your library change this. Ask them, if it is wrong.")
