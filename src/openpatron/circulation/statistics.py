"""Loans in numbers: those that are counted without a person, and those that are not yet."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time

from django.db.models import Count, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from openpatron.access.actor import Actor

from .models import Loan, LoanCount

PERMISSION = "patrons.view"
MONTHS = 12


def loans_by_month(actor: Actor, site: int | None = None) -> dict[date, Counter[str]]:
    """Return the loans of the last twelve months, newest first, by month and patron type.

    At the sites whose patrons the actor sees; at one of them, where ``site`` is given.
    """
    actor.require_anywhere(PERMISSION)
    today = timezone.localdate()
    months = [
        date(today.year + (today.month - 1 - back) // 12, (today.month - 1 - back) % 12 + 1, 1)
        for back in range(MONTHS)
    ]
    found: dict[date, Counter[str]] = {month: Counter() for month in months}
    first = months[-1]
    begin = timezone.make_aware(datetime.combine(first, time()))
    counted = LoanCount.objects.filter(day__gte=first)
    named = Loan.objects.filter(patron__isnull=False, lent_at__gte=begin)
    sites = actor.sites_with(PERMISSION)
    if site is not None and (sites is None or site in sites):
        sites = frozenset({site})
    if sites is not None:
        counted, named = counted.filter(site__in=sites), named.filter(site__in=sites)
    by_month = counted.annotate(month=TruncMonth("day")).values_list("month", "patron_type")
    for month, patron_type, n in by_month.annotate(n=Sum("count")).order_by():
        found[month][patron_type] += n
    still = named.annotate(month=TruncMonth("lent_at")).values_list("month", "patron_type")
    for month, patron_type, n in still.annotate(n=Count("pk")).order_by():
        found[month.date()][patron_type] += n
    return found
