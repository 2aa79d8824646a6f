"""Counting loans without their patrons: what is left when history is forgotten."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate

from .models import Loan, LoanCount

type Key = tuple[date, int, str, str]


def count_loans(loan_ids: Collection[int]) -> None:
    """Add these loans to the counts of their days; in the transaction that forgets whose they were.

    The day is the local one, so the organization is opened.
    """
    loans = Loan.objects.filter(pk__in=loan_ids).annotate(day=TruncDate("lent_at"))
    groups = loans.values_list(
        "organization", "day", "site", "patron_type", "item__item_type"
    ).annotate(n=Count("pk"), renewed=Sum("renewals"))
    found = {group[1:5]: group for group in groups.order_by()}
    there = LoanCount.objects.select_for_update().filter(day__in={key[0] for key in found})
    known: dict[Key, LoanCount] = {
        (one.day, one.site_id, one.patron_type, one.item_type): one for one in there
    }
    new = []
    for key, (organization, day, site, patron_type, item_type, n, renewed) in found.items():
        one = known.get(key)
        if one is None:
            new.append(
                LoanCount(
                    organization_id=organization,
                    day=day,
                    site_id=site,
                    patron_type=patron_type,
                    item_type=item_type,
                    count=n,
                    renewals=renewed,
                )
            )
        else:
            one.count, one.renewals = one.count + n, one.renewals + renewed
    LoanCount.objects.bulk_create(new)
    LoanCount.objects.bulk_update([known[k] for k in found if k in known], ["count", "renewals"])
