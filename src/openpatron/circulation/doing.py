"""What all deeds at a desk share: done once, stopped with all reasons, overridden with a why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, OpenPatronError
from openpatron.kernel.text import clean, storable
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.serving import patron_at_desk
from openpatron.patrons.standing import Reason

from .models import Item, Loan, Scan
from .permissions import SERVE

# After this a desk has given up on a scan that it could not send.
_KEPT = timedelta(days=2)


class StoppedError(OpenPatronError):
    """Something stops the deed: all reasons at once, each overridable by the actor or not."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        """Keep the reasons beside the sentence."""
        super().__init__(" ".join(one.text for one in reasons))
        self.reasons = list(reasons)

    @property
    def overridable(self) -> bool:
        """Tell whether the actor may let all of it pass."""
        return all(one.overridable for one in self.reasons)


@dataclass(frozen=True, slots=True)
class ItemReason(Reason):
    """A reason whose sentence names an item; the ledger keeps ``told``, which names none."""

    told: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done: a word for programs, a sentence, what else has to be said and done."""

    outcome: str
    said: str
    notes: list[str] = field(default_factory=list)
    patron: Patron | None = None
    loan: Loan | None = None
    item: Item | None = None
    # It had been done already, by the same scan.
    is_again: bool = False

    @property
    def sentence(self) -> str:
        """All of it."""
        return " ".join([self.said, *self.notes])


def once(actor: Actor, key: UUID | None, work: Callable[[], Done]) -> Done:
    """Do the work in one transaction, with the key of the scan; the same key is done once.

    What is refused leaves nothing behind, so the same scan may come again, with an override.
    """
    try:
        with transaction.atomic():
            done = work()
            if key is not None:
                Scan.objects.create(
                    organization=actor.organization,
                    key=key,
                    by=actor.account_id,
                    outcome=done.outcome,
                    said=done.sentence[:600],
                )
            return done
    except (IntegrityError, OpenPatronError):
        earlier = None
        if key is not None:
            earlier = Scan.objects.filter(key=key, by=actor.account_id).first()
        if earlier is None:
            raise
        return Done(earlier.outcome, earlier.said, is_again=True)


def forget_scans(actor: Actor) -> None:
    """Take away the keys of past days; called where a desk is opened."""
    actor.require_anywhere(SERVE)
    Scan.objects.filter(at__lt=timezone.now() - _KEPT).delete()


def locked_patron(actor: Actor, site: Site, number: int) -> Patron:
    """Return a patron to be served at the site, locked until the transaction ends.

    Patrons are locked before items: so two desks never wait for each other.
    """
    actor.require(SERVE, site)
    return patron_at_desk(actor, number)


def locked_item(actor: Actor, barcode: str) -> Item:
    """Return the item of that barcode, locked until the transaction ends, or ``InputError``."""
    actor.require_anywhere(SERVE)
    wanted = barcode.strip()
    found = None
    if wanted and storable(wanted):
        found = (
            Item.objects.select_for_update(of=("self",))
            .select_related("home_site", "site")
            .filter(barcode=wanted)
            .first()
        )
    if found is None:
        raise InputError("item", _("There is no item with the barcode “%s” here.") % wanted[:40])
    return found


def locked_loan(actor: Actor, site: Site, patron: Patron, number: int) -> Loan:
    """Return a loan of a patron who is locked, with its item, both locked."""
    actor.require(SERVE, site)
    found = None
    if 0 < number < 2**63:
        found = (
            Loan.objects.select_for_update(of=("self", "item"))
            .select_related("item__home_site", "site")
            .filter(patron=patron, pk=number)
            .first()
        )
    if found is None:
        raise NotFoundError(_("There is no loan %d of this patron.") % number)
    return found


def let_pass(actor: Actor, patron: Patron, deed: str, reasons: Sequence[Reason], why: str) -> None:
    """Return where nothing stops the deed, or who may has said why it passes; the ledger says so.

    Raises ``StoppedError`` with all reasons otherwise. The ledger names no item: history is kept
    elsewhere, and not for everybody.
    """
    if not reasons:
        return
    words = clean(why, "why", limit=200)
    if not (words and all(one.overridable for one in reasons)):
        raise StoppedError(reasons)
    said = " ".join(one.told if isinstance(one, ItemReason) else one.text for one in reasons)
    told = {"override": deed, "reasons": said, "why": words}
    record_change(actor, SUBJECT, patron.pk, {}, told)
