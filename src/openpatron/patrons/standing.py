"""The one answer to "may this patron borrow, renew, request, here, now?": all reasons at once.

Pure: ``Standing`` holds what is known about a patron, ``reasons`` says what stops them. Pages,
commands and protocols all ask ``finding.may``, which asks this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy


class Deed(TextChoices):
    """What a patron may want to do."""

    CHECKOUT = "checkout", gettext_lazy("checkouts")
    RENEW = "renew", gettext_lazy("renewals")
    REQUEST = "request", gettext_lazy("requests")


@dataclass(frozen=True, slots=True)
class Stop:
    """One block as it stands: what it stops, why, until when (that day included)."""

    deeds: frozenset[Deed]
    reason: str
    until: date | None


@dataclass(frozen=True, slots=True)
class Hindrance:
    """What another package knows to stop the patron: a code, a sentence, and what is stopped.

    Whoever may override what stops a patron may let it pass.
    """

    code: str
    text: str
    deeds: frozenset[Deed]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a patron at one site on one day (``today``: the organization's)."""

    status: str
    expires_on: date | None
    blocks: tuple[Stop, ...]
    account_is_active: bool
    is_associated: bool
    site_name: str
    today: date
    hindrances: tuple[Hindrance, ...] = ()


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not: a code for programs, a sentence for people, and whether staff may let it pass."""

    code: str
    text: str
    overridable: bool


# What a status stops. Restricted patrons keep what they have and may renew it.
STOPPED_BY_STATUS = {
    "active": frozenset[Deed](),
    "inactive": frozenset(Deed),
    "restricted": frozenset({Deed.CHECKOUT, Deed.REQUEST}),
}


def is_expired(expires_on: date | None, today: date) -> bool:
    """Tell whether the record is expired: from the midnight after its last day."""
    return expires_on is not None and today > expires_on


def reasons(standing: Standing, deed: Deed, *, may_override: bool) -> list[Reason]:
    """Return everything that stops the patron, the hardest first; an empty list lets them."""
    found = []
    if not standing.account_is_active:
        found.append(Reason("account_closed", _("The account is closed."), overridable=False))
    if not standing.is_associated:
        text = _("The patron is not associated with %s.") % standing.site_name
        found.append(Reason("not_associated", text, overridable=False))
    if deed in STOPPED_BY_STATUS[standing.status]:
        text = {
            "inactive": _("The patron is inactive."),
            "restricted": _("The patron is restricted: renewals only."),
        }[standing.status]
        overridable = may_override and standing.status == "restricted"
        found.append(Reason(standing.status, text, overridable))
    if standing.expires_on is not None and is_expired(standing.expires_on, standing.today):
        day = date_format(standing.expires_on)
        found.append(Reason("expired", _("Expired after %s.") % day, overridable=may_override))
    for block in standing.blocks:
        if deed in block.deeds and (block.until is None or standing.today <= block.until):
            text = _("Blocked: %s") % block.reason
            if block.until is not None:
                text += " " + _("(until %s)") % date_format(block.until)
            found.append(Reason("blocked", text, overridable=may_override))
    found += [
        Reason(one.code, one.text, overridable=may_override)
        for one in standing.hindrances
        if deed in one.deeds
    ]
    return found


def everything(standing: Standing, *, may_override: bool) -> list[tuple[Reason, list[Deed]]]:
    """Return everything that stops the patron from anything, each with what it stops."""
    found: dict[Reason, list[Deed]] = {}
    for deed in Deed:
        # Two blocks may say the same.
        for reason in dict.fromkeys(reasons(standing, deed, may_override=may_override)):
            found.setdefault(reason, []).append(deed)
    return list(found.items())
