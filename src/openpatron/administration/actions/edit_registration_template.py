"""Add, change, delete what the form to register a patron is filled in with beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.models import AccessLevel
from openpatron.accounts.rules import language
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import TEMPLATE, template
from openpatron.administration.rules import differences
from openpatron.administration.written import save_written
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import PatronType, Site
from openpatron.patrons.models import RegistrationTemplate

LONGEST = 120
"""Months until a record expires: ten years."""


@dataclass(frozen=True, slots=True)
class WantedTemplate:
    """How a template is to be; what is None or "" is left to whoever registers."""

    name: str
    site: Site | None = None
    patron_type: PatronType | None = None
    access_level: AccessLevel | None = None
    language: str = ""
    expires_after_months: int | None = None


@transaction.atomic
def add_registration_template(actor: Actor, wanted: WantedTemplate) -> RegistrationTemplate:
    """Add a template."""
    actor.require(PERMISSION)
    return _write(actor, RegistrationTemplate(organization=actor.organization), wanted, {})


@transaction.atomic
def edit_registration_template(
    actor: Actor, number: int, wanted: WantedTemplate
) -> RegistrationTemplate:
    """Change a template."""
    actor.require(PERMISSION)
    found = template(actor, number)
    return _write(actor, found, wanted, _told(found))


@transaction.atomic
def delete_registration_template(actor: Actor, number: int) -> RegistrationTemplate:
    """Delete a template; patrons who were registered with it stay as they are."""
    actor.require(PERMISSION)
    found = template(actor, number)
    told = _told(found)
    record_change(actor, TEMPLATE, found.pk, told, dict.fromkeys(told))
    RegistrationTemplate.objects.filter(pk=found.pk).delete()
    return found


def _write(
    actor: Actor, found: RegistrationTemplate, wanted: WantedTemplate, before: dict[str, Any]
) -> RegistrationTemplate:
    _check(actor, wanted)
    found.name = clean(wanted.name, "name", limit=60, empty=False)
    found.language = language(wanted.language)
    for field in ("site", "patron_type", "access_level", "expires_after_months"):
        setattr(found, field, getattr(wanted, field))
    differs = differences(before, _told(found))
    taken = InputError(
        "name", _("There is a template “%s” already. Choose another name.") % found.name
    )
    save_written(actor, TEMPLATE, found, differs, taken)
    return found


def _check(actor: Actor, wanted: WantedTemplate) -> None:
    for field in ("site", "patron_type", "access_level"):
        chosen = getattr(wanted, field)
        if chosen is not None and chosen.organization_id != actor.organization.pk:
            raise InputError(field, _("Choose one of the values of the list."))
    if wanted.site is not None and wanted.site.kind == Site.Kind.MEDIA:
        raise InputError(
            "site",
            _("%s is a media site. Patrons are not associated with media sites.")
            % wanted.site.name,
        )
    months = wanted.expires_after_months
    if months is not None and not 1 <= months <= LONGEST:
        raise InputError(
            "expires_after_months",
            _("%(found)d months are not possible. Give 1 to %(limit)d, or nothing.")
            % {"found": months, "limit": LONGEST},
        )


def _told(found: RegistrationTemplate) -> dict[str, Any]:
    names = {
        field: getattr(found, field).name if getattr(found, field) else None
        for field in ("site", "patron_type", "access_level")
    }
    return {
        "name": found.name,
        **names,
        "language": found.language,
        "expires_after_months": found.expires_after_months,
    }
