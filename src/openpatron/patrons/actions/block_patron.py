"""Stop a patron from checkouts, renewals or requests, and let them again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.notifications.models import Kind
from openpatron.patrons.messages import notify
from openpatron.patrons.models import SUBJECT, Block, Patron
from openpatron.patrons.queries import patron as find_patron
from openpatron.patrons.staff_roles import require_not_above
from openpatron.patrons.standing import Deed

PERMISSION = "patrons.block"


@transaction.atomic
def block_patron(
    actor: Actor, patron_id: int, stops: Collection[Deed], reason: str, until: date | None = None
) -> Block:
    """Block the patron for the deeds, with a reason that they will read, until a day if wanted."""
    patron = _patron(actor, patron_id)
    words = clean(reason, "reason", empty=False)
    require_block(stops, until)
    block = Block.objects.create(
        organization=actor.organization,
        patron=patron,
        stops_checkout=Deed.CHECKOUT in stops,
        stops_renewal=Deed.RENEW in stops,
        stops_request=Deed.REQUEST in stops,
        reason=words,
        until=until,
        set_by=actor.account_id,
    )
    record_change(
        actor,
        SUBJECT,
        patron.pk,
        {"block": None},
        {
            "block": words,
            "stops": ", ".join(sorted(stops)),
            "until": until.isoformat() if until else None,
        },
    )
    said = {"reason": words, "stops": sorted(stops), "until": until.isoformat() if until else ""}
    notify(patron, Kind.BLOCKED, said)
    return block


@transaction.atomic
def lift_block(actor: Actor, patron_id: int, block_id: int) -> Block:
    """Lift one block; a second call changes nothing."""
    patron = _patron(actor, patron_id)
    blocks = Block.objects.select_for_update().filter(patron=patron)
    block = next((one for one in blocks if one.pk == block_id), None)
    if block is None:
        raise NotFoundError(_("There is no block %d of this patron.") % block_id)
    if block.lifted_at is None:
        block.lifted_at = timezone.now()
        block.save(update_fields=["lifted_at"])
        record_change(actor, SUBJECT, patron.pk, {"block": block.reason}, {"block": None})
        stopped = sorted(str(deed) for deed in block.stops)
        notify(patron, Kind.UNBLOCKED, {"reason": block.reason, "stops": stopped})
    return block


def require_block(stops: Collection[str], until: date | None) -> list[Deed]:
    """Return what a block stops, or raise ``InputError``: something, and not in the past."""
    known = [deed for deed in Deed if deed in stops]
    if not known or len(known) < len(set(stops)):
        raise InputError("stops", _("Choose what the block stops: checkout, renew or request."))
    if until is not None and until < timezone.localdate():
        raise InputError("until", _("until: %s is over already.") % until.isoformat())
    return known


def may_block(actor: Actor, patron: Patron) -> bool:
    """Tell whether the actor may block the patron: at one of the patron's sites; no query."""
    return any(actor.may(PERMISSION, tie.site) for tie in patron.associations.all())


def _patron(actor: Actor, patron_id: int) -> Patron:
    patron = find_patron(actor, patron_id)
    if not may_block(actor, patron):
        actor.require(PERMISSION)
    require_not_above(actor, patron)
    return patron
