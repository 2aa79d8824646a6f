"""Rows of the tables of what an organization decides about its messages."""

from __future__ import annotations

from datetime import date

from openpatron.circulation.models import Loan, LoanCount, LoanReminder
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
    day = date(2026, 12, 24)
    LoanReminder.objects.create(
        organization=of, loan=Loan.objects.latest("pk"), due_on=day, step=1, told_by=1
    )
    LoanCount.objects.create(
        organization=of, day=day, site=world.maple, patron_type="Student", count=1
    )
