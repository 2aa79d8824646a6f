"""Add a patron type, change its name and conditions, delete one that nobody has."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import PATRON_TYPE, open_jobs_with, patron_type
from openpatron.administration.rules import differences
from openpatron.administration.written import save_written
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import PatronType
from openpatron.patrons.models import Association, RegistrationTemplate


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a patron type is to be; a limit that is None is none, a limit of 0 allows nothing."""

    name: str
    loan_days: int
    loan_limit: int | None = None
    loan_limit_at_site: int | None = None
    request_limit: int | None = None
    renewal_limit: int | None = None
    maximum_fees: Decimal | None = None
    maximum_overdue: int | None = None


@transaction.atomic
def add_patron_type(actor: Actor, wanted: Conditions) -> PatronType:
    """Add a patron type."""
    actor.require(PERMISSION)
    return _write(actor, PatronType(organization=actor.organization), wanted, {})


@transaction.atomic
def edit_patron_type(actor: Actor, number: int, wanted: Conditions) -> PatronType:
    """Change a patron type; it holds at once for all patrons of the type."""
    actor.require(PERMISSION)
    PatronType.objects.select_for_update().filter(pk=patron_type(actor, number).pk).first()
    found = patron_type(actor, number)
    return _write(actor, found, wanted, _told(found))


@transaction.atomic
def delete_patron_type(actor: Actor, number: int) -> PatronType:
    """Delete a patron type that is not in use; otherwise ``StateError`` says by what it is."""
    actor.require(PERMISSION)
    found = patron_type(actor, number)
    used = {
        _("patrons at a site"): Association.objects.filter(patron_type=found).count(),
        _("registration templates"): RegistrationTemplate.objects.filter(patron_type=found).count(),
        _("jobs that are not finished"): open_jobs_with("patron_type", found.pk),
    }
    refuse_if_used(found.name, used)
    told = _told(found)
    record_change(actor, PATRON_TYPE, found.pk, told, dict.fromkeys(told))
    try:
        PatronType.objects.filter(pk=found.pk).delete()
    except ProtectedError as error:
        raise StateError(_("%s is in use since just now. Reload the page.") % found.name) from error
    return found


def refuse_if_used(name: str, used: dict[str, int]) -> None:
    """Raise ``StateError`` with all that something is used by: words and how many."""
    by = ", ".join(f"{words}: {n}" for words, n in used.items() if n)
    if by:
        raise StateError(
            _("%(name)s is in use, so it is not deleted (%(by)s).") % {"name": name, "by": by}
        )


def _write(
    actor: Actor, found: PatronType, wanted: Conditions, before: dict[str, Any]
) -> PatronType:
    for field, value in asdict(wanted).items():
        setattr(found, field, value)
    found.name = clean(wanted.name, "name", limit=30, empty=False)
    differs = differences(before, _told(found))
    taken = InputError(
        "name", _("There is a patron type “%s” already. Choose another name.") % found.name
    )
    save_written(actor, PATRON_TYPE, found, differs, taken)
    return found


def _told(found: PatronType) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in Conditions.__dataclass_fields__}
    fees = told["maximum_fees"]
    return told | {"maximum_fees": None if fees is None else str(fees)}
