"""What of a patron is open at the desk, so that the record cannot be removed yet."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Sum
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.money import money_words
from openpatron.patrons.models import Patron
from openpatron.patrons.open_matters import Matter

from .borrowing_models import OVER
from .models import BorrowingRequest, Fee, Loan, Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet


def open_at_desk(patron_ids: list[int]) -> dict[int, list[Matter]]:
    """Return open loans, requests and fees by patron id; a fixed number of queries."""
    found: dict[int, list[Matter]] = defaultdict(list)
    loans = Loan.objects.filter(patron__in=patron_ids, closed_at=None)
    asked = Request.objects.filter(patron__in=patron_ids, closed_at=None)
    wishes = BorrowingRequest.objects.filter(~OVER, patron__in=patron_ids)
    _add(found, "loans", loans, lambda n: ngettext(
        "%d item is on loan. Take it back first.", "%d items are on loan. Take them back first.", n
    ))  # fmt: skip
    _add(found, "requests", asked, lambda n: ngettext(
        "%d request is open. Cancel it first.", "%d requests are open. Cancel them first.", n
    ))  # fmt: skip
    _add(found, "borrowing", wishes, lambda n: ngettext(
        "%d item of another library is asked for, or has to go back. End that first.",
        "%d items of other libraries are asked for, or have to go back. End that first.",
        n,
    ))  # fmt: skip
    owing = Fee.objects.filter(patron__in=patron_ids, owed__gt=0).order_by().values_list("patron")
    sums = dict(owing.annotate(n=Sum("owed")))
    currency = _currency(list(sums))
    for patron, owed in sums.items():
        text = _("%s is owed. Settle or waive it first.") % money_words(owed, currency)
        found[patron].append(Matter("fees", text))
    return found


def asked_twice(pairs: list[tuple[int, int]]) -> dict[int, str]:
    """Return "asked_twice" for pairs that both wait for one item: one patron asks for it once."""
    numbers = {number for pair in pairs for number in pair}
    waiting: dict[int, set[int]] = defaultdict(set)
    asked = Request.objects.filter(patron__in=numbers, closed_at=None)
    for patron, item in asked.values_list("patron", "item"):
        waiting[int(patron or 0)].add(item)
    return {one: "asked_twice" for one, two in pairs if waiting[one] & waiting[two]}


def _add(
    found: dict[int, list[Matter]], code: str, rows: QuerySet[Any], words: Callable[[int], str]
) -> None:
    for patron, n in rows.order_by().values_list("patron").annotate(n=Count("pk")):
        found[patron].append(Matter(code, words(n) % n))


def _currency(patron_ids: list[int]) -> str:
    """Return the currency of the organization that is open."""
    if not patron_ids:
        return ""
    found = Patron.objects.filter(pk__in=patron_ids[:1])
    return str(found.values_list("organization__currency", flat=True).get())
