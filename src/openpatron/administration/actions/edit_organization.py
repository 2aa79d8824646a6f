"""Change an organization's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from openpatron.access.actor import Actor
from openpatron.accounts.rules import MINIMUM_PASSWORD
from openpatron.administration import rules
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import ORGANIZATION
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Organization

NUMBERS = {
    # Longer ones nobody remembers, and the generated ones grow along.
    "password_minimum": (MINIMUM_PASSWORD, 64),
    "expiry_warning_days": (0, 365),
    "history_months": (0, 6),
    "erasure_waiting_days": (0, 3650),
    "pickup_days": (1, 90),
}
"""The settings that are numbers, each with the lowest and the highest that is allowed."""

FIELDS = (
    "name", "noun", "time_zone", "locale", "country", "currency", *NUMBERS,
    "requires_second_factor",
)  # fmt: skip


def setting(name: str, value: Any) -> Any:
    """Return one setting as it is stored, of what was typed, or raise ``InputError`` for it."""
    if name in NUMBERS:
        lowest, highest = NUMBERS[name]
        return rules.required_number(str(value), name, lowest=lowest, highest=highest)
    if name == "requires_second_factor":
        return bool(value)
    named = {
        "time_zone": rules.time_zone,
        "locale": rules.locale,
        "country": rules.country,
        "currency": rules.currency,
    }
    if name in named:
        return named[name](value)
    return clean(value, name, limit={"name": 120, "noun": 40}[name], empty=False)


@transaction.atomic
def edit_organization(actor: Actor, typed: Mapping[str, Any]) -> Organization:
    """Write the settings that are given, as they were typed; the others stay as they are."""
    actor.require(PERMISSION)
    wanted = {name: setting(name, value) for name, value in typed.items()}
    found = Organization.objects.select_for_update().get(pk=actor.organization.pk)
    before = {name: getattr(found, name) for name in wanted}
    before, after = rules.differences(before, wanted)
    if after:
        for name, value in after.items():
            setattr(found, name, value)
        found.save(update_fields=list(after))
        record_change(actor, ORGANIZATION, found.pk, before, after)
    return found
