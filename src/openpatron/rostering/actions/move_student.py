"""Move one student, named by a card that is scanned, to a homeroom: one change, without a job."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.external import external_of
from openpatron.patrons.models import SUBJECT, Association, Barcode
from openpatron.rostering.permissions import MANAGE as PERMISSION
from openpatron.rostering.queries import homeroom as find_homeroom


@transaction.atomic
def move_student(actor: Actor, site: Site, number: int, card: str) -> Association:
    """Put who holds the card at the site into the homeroom; return the association.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` for ``card``.
    """
    actor.require(PERMISSION, site)
    room = find_homeroom(actor, site, number)
    value = clean(card, "card", limit=40, empty=False)
    cards = Barcode.objects.filter(
        value=value, state=Barcode.State.CURRENT, patron__associations__site=site
    )
    holders = set(cards.values_list("patron", flat=True))
    if len(holders) > 1:
        holders = set(cards.filter(site=site).values_list("patron", flat=True))
    if len(holders) != 1:
        raise InputError(
            "card",
            _("No patron of %(site)s has the barcode “%(card)s”. Scan it again, or type it.")
            % {"site": site.name, "card": value},
        )
    tie = (
        Association.objects.select_for_update(of=("self",))
        .select_related("homeroom", "patron__account", "site")
        .get(patron=holders.pop(), site=site)
    )
    if tie.homeroom_id != room.pk:
        _require_unlocked(tie)
        was = tie.homeroom.name if tie.homeroom else None
        key = f"homeroom at {site.short_name}"
        record_change(actor, SUBJECT, tie.patron_id, {key: was}, {key: room.name})
        tie.homeroom = room
        tie.save(update_fields=["homeroom"])
    return tie


def _require_unlocked(tie: Association) -> None:
    """Raise ``InputError`` where a source owns the homeroom: its next feed would move them back."""
    lock = external_of(tie.patron).lock("homeroom", tie)
    if lock is not None:
        raise InputError(
            "card",
            _(
                "The source “%(source)s” owns the homeroom of %(name)s. Change it there, or open "
                "the record for update."
            )
            % {"source": lock.owner, "name": tie.patron.account.full_name},
        )
