"""What a patron has, and which limits of their patron type stop them: asked by ``finding.may``."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from openpatron.kernel.money import money_words
from openpatron.kernel.sql import fetch, statement
from openpatron.patrons.standing import Deed, Hindrance

if TYPE_CHECKING:
    from openpatron.organizations.models import PatronType, Site
    from openpatron.patrons.models import Patron

_BORROW = frozenset({Deed.CHECKOUT})
_ASK = frozenset({Deed.REQUEST})
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many loans (all, at the site, overdue), requests (open, ready), and what is owed."""

    loans: int = 0
    at_site: int = 0
    overdue: int = 0
    requests: int = 0
    ready: int = 0
    owed: Decimal = Decimal("0.00")
    currency: str = ""


def holdings_of(patron: Patron, site: Site) -> Holdings:
    """Return what a patron has that somebody was shown; one query."""
    asked = {
        "organization": patron.organization_id,
        "patron": patron.pk,
        "site": site.pk,
        "today": timezone.localdate().isoformat(),
    }
    row = fetch(statement("openpatron.circulation", "held_by"), asked)[0]
    loans, at_site, overdue, requests, ready, owed, currency = row
    # SQLite has no decimals: it answers with a float, or a whole number.
    exact = Decimal(str(owed)).quantize(_CENT)
    return Holdings(loans, at_site, overdue, requests, ready, exact, currency)


def hindrances(patron: Patron, site: Site) -> list[Hindrance]:
    """Return the limits of the patron type at the site that are reached.

    One query, where the patron comes with associations. Nothing where none is with the site: that
    is said elsewhere.
    """
    tie = next((one for one in patron.associations.all() if one.site_id == site.pk), None)
    if tie is None:
        return []
    return reached(tie.patron_type, holdings_of(patron, site), site)


def reached(kind: PatronType, held: Holdings, site: Site) -> list[Hindrance]:
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
            "owed": money_words(held.owed, held.currency),
            "limit": money_words(kind.maximum_fees, held.currency),
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
