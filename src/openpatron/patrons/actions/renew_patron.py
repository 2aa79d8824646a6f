"""Renew a patron's record in one click, and take that back right after.

The record is valid for twelve months from today. Counted from today and not from the old expiry
date, so that two clicks do no more than one.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.ledger.models import Change
from openpatron.ledger.queries import history
from openpatron.ledger.record import record_change
from openpatron.patrons.external import external_of
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.rules import months_later
from openpatron.patrons.serving import patron_served

MONTHS = 12
_FIELDS = ("expires_on", "status")


def renewed_until(today: date) -> date:
    """Return the last day of a record that is renewed today."""
    return months_later(today, MONTHS)


@transaction.atomic
def renew_patron(actor: Actor, patron_id: int) -> Patron:
    """Let the record be valid for another year; who was inactive as expired is active again.

    A record that is valid for longer already stays as it is; one without an end raises
    ``InputError``.
    """
    patron = patron_served(actor, patron_id, lock=True)
    today = timezone.localdate()
    if patron.expires_on is None:
        raise InputError(
            "expires_on", _("This patron's record has no end, so it needs no renewal.")
        )
    is_shut = patron.expires_on < today and patron.status == Patron.Status.INACTIVE
    if patron.expires_on >= renewed_until(today) and not is_shut:
        return patron
    _require_unowned(patron, ["expires_on", *(["status"] if is_shut else [])])
    before = _told(patron)
    patron.expires_on = max(patron.expires_on, renewed_until(today))
    if is_shut:
        patron.status = Patron.Status.ACTIVE
    patron.save(update_fields=_FIELDS)
    after = _told(patron)
    changed = {name for name in after if after[name] != before[name]}
    record_change(
        actor,
        SUBJECT,
        patron.pk,
        {name: before[name] for name in changed},
        {"renewed": today.isoformat()} | {name: after[name] for name in changed},
    )
    return patron


def _require_unowned(patron: Patron, names: list[str]) -> None:
    """Raise ``InputError`` where a source owns one of these, and it is not protected."""
    for lock in external_of(patron).locks(names):
        if lock.protection is None:
            raise InputError(
                "expires_on",
                _(
                    "The source “%s” says how long this record is valid, and would take the "
                    "renewal back. Renew it there, or open the record for update."
                )
                % lock.owner,
            )


def renewal_to_undo(patron: Patron, last: Change | None) -> Change | None:
    """Return the last change of a patron if it is a renewal that still stands; no query."""
    if last is None or last.job_id is not None or "renewed" not in last.after:
        return None
    told = _told(patron)
    stands = all(last.after[name] == told[name] for name in _FIELDS if name in last.after)
    return last if stands else None


@transaction.atomic
def undo_renewal(actor: Actor, patron_id: int) -> Patron:
    """Restore what the renewal changed, if it is the last thing that happened to the patron."""
    patron = patron_served(actor, patron_id, lock=True)
    last = renewal_to_undo(patron, history(SUBJECT, patron.pk).first())
    if last is None:
        raise StateError(
            _("There is no renewal to undo: the patron was changed since. Edit the patron instead.")
        )
    changed = [name for name in _FIELDS if name in last.after]
    was, now = last.before, last.after
    if "expires_on" in changed:
        patron.expires_on = date.fromisoformat(was["expires_on"])
    patron.status = was.get("status", patron.status)
    patron.save(update_fields=_FIELDS)
    record_change(
        actor,
        SUBJECT,
        patron.pk,
        {name: now[name] for name in changed},
        {"renewal_undone": timezone.localdate().isoformat()}
        | {name: was[name] for name in changed},
    )
    return patron


def _told(patron: Patron) -> dict[str, Any]:
    expires = patron.expires_on
    return {"expires_on": expires.isoformat() if expires else None, "status": patron.status}
