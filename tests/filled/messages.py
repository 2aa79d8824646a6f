"""Rows of the tables of what an organization decides about its messages."""

from __future__ import annotations

from openpatron.ledger.models import Job
from openpatron.notifications.models import LetterSettings, MessageRule, MessageText
from openpatron.patrons.models import Patron
from tests.world import World


def fill_messages(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
    of = world.cascadia
    MessageRule.objects.create(organization=of, kind="due_soon", days=5)
    MessageText.objects.create(
        organization=of, kind="expired", language="en", subject="A", body="B"
    )
    LetterSettings.objects.create(organization=of)
