"""Rows of the tables of the desk."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import uuid4

from openpatron.circulation.models import (
    BorrowingRequest,
    ClosedDay,
    Fee,
    Item,
    Loan,
    Payment,
    Proxy,
    Request,
    Scan,
)
from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron
from tests.world import World


def fill_circulation(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
    of, day = world.cascadia, date(2026, 12, 24)
    item = Item.objects.create(
        organization=of, barcode="T1", title="Momo", home_site=world.maple, site=world.maple
    )
    loan = Loan.objects.create(
        organization=of, item=item, patron=patron, site=world.maple, due_on=day,
        patron_type="Student",
    )  # fmt: skip
    fee = Fee.objects.create(
        organization=of, patron=patron, loan=loan, kind="lost", amount=Decimal(9), owed=Decimal(4)
    )
    Payment.objects.create(organization=of, fee=fee, kind="payment", amount=Decimal(5))
    Request.objects.create(organization=of, item=item, patron=other, pickup_site=world.cedar)
    Proxy.objects.create(organization=of, patron=patron, proxy=other)
    BorrowingRequest.objects.create(organization=of, patron=patron, site=world.maple, title="Momo")
    Scan.objects.create(organization=of, key=uuid4(), outcome="lent", said="Momo")
    ClosedDay.objects.create(organization=of, site=world.maple, first_day=day, last_day=day)
