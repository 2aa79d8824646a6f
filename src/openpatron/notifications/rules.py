"""Which messages are sent, and when: as the program has it, and as an organization decides."""

from __future__ import annotations

from dataclasses import dataclass

from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .models import Kind, MessageRule


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a kind is sent; ``days`` before or after the day it is about, None: at once."""

    kind: Kind
    is_sent: bool
    days: int | None = None


OVERDUE = (Kind.OVERDUE_1, Kind.OVERDUE_2, Kind.OVERDUE_3)
"""The reminders, from the first to the last."""

DEFAULTS = {
    rule.kind: rule
    for rule in (
        Rule(Kind.DUE_SOON, is_sent=True, days=3),
        Rule(Kind.OVERDUE_1, is_sent=True, days=1),
        Rule(Kind.OVERDUE_2, is_sent=True, days=8),
        Rule(Kind.OVERDUE_3, is_sent=True, days=22),
        Rule(Kind.READY, is_sent=True),
        Rule(Kind.RECALL, is_sent=True),
        Rule(Kind.REQUEST_CANCELLED, is_sent=True),
        Rule(Kind.EXPIRING, is_sent=True),
        Rule(Kind.EXPIRED, is_sent=True),
        Rule(Kind.BLOCKED, is_sent=True),
        Rule(Kind.UNBLOCKED, is_sent=True),
        Rule(Kind.FEE_RECEIPT, is_sent=True),
        Rule(Kind.SITE_REQUEST, is_sent=True),
        Rule(Kind.SITE_TRANSIT, is_sent=False),
        Rule(Kind.SITE_UNDELIVERABLE, is_sent=True),
    )
}
"""The kinds that an organization may switch off; all others are always sent."""

DAYS = (1, 365)
"""How many days there may be, at least and at most."""


def rules_of(organization: Organization) -> dict[Kind, Rule]:
    """Return what holds for each kind that can be switched."""
    with open_organization(organization):
        own = {one.kind: one for one in MessageRule.objects.all()}
    return {
        kind: Rule(kind, own[kind].is_sent, own[kind].days or rule.days) if kind in own else rule
        for kind, rule in DEFAULTS.items()
    }


def is_sent(organization: Organization, kind: Kind) -> bool:
    """Tell whether the organization sends such messages."""
    return kind not in DEFAULTS or rules_of(organization)[kind].is_sent
