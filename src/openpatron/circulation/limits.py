"""What a patron has, and which limits of their patron type stop them: asked by ``finding.may``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Count, DecimalField, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.money import money_words
from openpatron.patrons.models import Association, Patron
from openpatron.patrons.standing import Deed, Hindrance

from .models import Fee, Loan, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.db.models import QuerySet

    from openpatron.organizations.models import Organization, PatronType, Site

_BORROW = frozenset({Deed.CHECKOUT})
_ASK = frozenset({Deed.REQUEST})
_MONEY = DecimalField(max_digits=12, decimal_places=2)
# In the order of ``Holdings``; no names of fields.
_COUNTED = ("n_loans", "n_at_site", "n_overdue", "n_requests", "n_ready", "sum_owed")


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many loans (all, at the site, overdue), requests (open, ready), and what is owed."""

    loans: int = 0
    at_site: int = 0
    overdue: int = 0
    requests: int = 0
    ready: int = 0
    owed: Decimal = Decimal("0.00")


def holdings_of(patron: Patron, site: Site) -> Holdings:
    """Return what a patron has that somebody was shown; one query."""
    found = Patron.objects.filter(pk=patron.pk).annotate(**_counts(patron.pk, site))
    return _holdings(found.values(*_COUNTED).get())


def hindrances(patron: Patron, site: Site) -> list[Hindrance]:
    """Return the limits of the patron type at the site that are reached; one query.

    Nothing where the patron is not associated with the site: that is said elsewhere.
    """
    ties = Association.objects.filter(patron=patron, site=site)
    tied = ties.select_related("patron_type", "organization")
    found = tied.annotate(**_counts(patron.pk, site)).first()
    if found is None:
        return []
    held = _holdings({name: getattr(found, name) for name in _COUNTED})
    return reached(found.patron_type, held, site, found.organization)


def reached(kind: PatronType, held: Holdings, site: Site, of: Organization) -> list[Hindrance]:
    """Return which limits are reached by what is held; no query."""
    found = []
    if kind.loan_limit is not None and held.loans >= kind.loan_limit:
        text = ngettext(
            "%(limit)d item may be on loan in all, as %(type)s; there are %(found)d.",
            "%(limit)d items may be on loan in all, as %(type)s; there are %(found)d.",
            kind.loan_limit,
        )
        words = {"limit": kind.loan_limit, "type": kind.name, "found": held.loans}
        found.append(Hindrance("loan_limit", text % words, _BORROW))
    if kind.loan_limit_at_site is not None and held.at_site >= kind.loan_limit_at_site:
        text = ngettext(
            "%(limit)d item may be on loan from %(site)s, as %(type)s; there are %(found)d.",
            "%(limit)d items may be on loan from %(site)s, as %(type)s; there are %(found)d.",
            kind.loan_limit_at_site,
        )
        words = {"limit": kind.loan_limit_at_site, "type": kind.name, "found": held.at_site}
        found.append(Hindrance("loan_limit_at_site", text % (words | {"site": site.name}), _BORROW))
    if kind.maximum_overdue is not None and held.overdue > kind.maximum_overdue:
        text = ngettext(
            "%(found)d item is overdue; as %(type)s at most %(limit)d may be.",
            "%(found)d items are overdue; as %(type)s at most %(limit)d may be.",
            held.overdue,
        )
        words = {"limit": kind.maximum_overdue, "type": kind.name, "found": held.overdue}
        found.append(Hindrance("maximum_overdue", text % words, _BORROW))
    if kind.maximum_fees is not None and held.owed > kind.maximum_fees:
        words = {
            "owed": money_words(held.owed, of.currency),
            "limit": money_words(kind.maximum_fees, of.currency),
            "type": kind.name,
        }
        text = _("%(owed)s is owed; as %(type)s at most %(limit)s may be.") % words
        found.append(Hindrance("maximum_fees", text, _BORROW))
    if kind.request_limit is not None and held.requests >= kind.request_limit:
        text = ngettext(
            "%(limit)d request may be open, as %(type)s; there are %(found)d.",
            "%(limit)d requests may be open, as %(type)s; there are %(found)d.",
            kind.request_limit,
        )
        words = {"limit": kind.request_limit, "type": kind.name, "found": held.requests}
        found.append(Hindrance("request_limit", text % words, _ASK))
    return found


def _holdings(counted: Mapping[str, Any]) -> Holdings:
    return Holdings(*(counted[name] for name in _COUNTED))


def _counts(patron: int, site: Site) -> dict[str, Coalesce]:
    """Return the counts as subqueries, by the names of ``_COUNTED``."""
    open_loans = Loan.objects.filter(patron=patron, closed_at=None)
    asked = Request.objects.filter(patron=patron, closed_at=None)
    owed = Fee.objects.filter(patron=patron, owed__gt=0).order_by().values("patron")
    counted = (
        open_loans,
        open_loans.filter(site=site),
        open_loans.filter(due_on__lt=timezone.localdate()),
        asked,
        asked.filter(state=Request.State.READY),
    )
    total = Subquery(owed.annotate(n=Sum("owed")).values("n"), output_field=_MONEY)
    values = [*map(_number, counted), Coalesce(total, Value(Decimal("0.00"), _MONEY))]
    return dict(zip(_COUNTED, values, strict=True))


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values("patron").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), Value(0))
