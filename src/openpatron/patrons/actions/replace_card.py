"""Replace a lost card in one step: the old number never works again, nor is it given again.

Where a source owns the number, the new one is protected: the desk cannot wait for the source, and
a feed must not bring the lost card back.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Organization, Site
from openpatron.patrons.barcodes import give_barcode
from openpatron.patrons.external import BARCODE, Opening, external_of, tie_of
from openpatron.patrons.models import SUBJECT, Barcode, Patron
from openpatron.patrons.protecting import settle
from openpatron.patrons.queries import cards_in_sight
from openpatron.patrons.search import search_text
from openpatron.patrons.serving import PERMISSION, may_serve, patron_served


def may_replace(actor: Actor, patron: Patron, card: Barcode) -> bool:
    """Tell whether the actor may replace and print the card: where it is valid; no query."""
    return may_serve(actor, patron) if card.site is None else actor.may(PERMISSION, card.site)


def card_of(actor: Actor, patron: Patron, card_id: int) -> Barcode:
    """Return one number of the patron, or raise ``NotFoundError``; ``NotAllowedError`` elsewhere.

    ``patron`` comes with associations and barcodes.
    """
    card = next((one for one in cards_in_sight(actor, patron) if one.pk == card_id), None)
    if card is None:
        raise NotFoundError(_("There is no card %d of this patron.") % card_id)
    if not may_replace(actor, patron, card):
        actor.require(PERMISSION, card.site)
    return card


def current_card_at(patron: Patron, site: Site) -> Barcode:
    """Return the card that is valid at the site, or raise ``InputError`` for ``at``."""
    for card in patron.barcodes.all():
        if card.state == Barcode.State.CURRENT and card.site_id in {site.pk, None}:
            return card
    raise InputError(
        "at",
        _("%(name)s has no card at %(site)s that could be replaced.")
        % {"name": patron.account.full_name, "site": site.name},
    )


@transaction.atomic
def replace_card(actor: Actor, patron_id: int, card_id: int, barcode: str = "") -> Barcode:
    """Replace a current card by the number, or ("") by the next one of the site.

    Of two who replace the same card the later one gets a ``StateError``. Raises ``InputError`` for
    ``barcode``. Nothing is written then.
    """
    patron = patron_served(actor, patron_id, lock=True)
    old = card_of(actor, patron, card_id)
    if old.state != Barcode.State.CURRENT:
        raise StateError(_replaced_already(patron, old))
    _check_own(patron, old, barcode)
    old.state = Barcode.State.REPLACED
    old.save(update_fields=["state"])
    site = old.site or _site_of(patron)
    new = give_barcode(actor.organization, patron, site, barcode)
    current = Barcode.objects.filter(patron=patron, state=Barcode.State.CURRENT).order_by("pk")
    values = dict.fromkeys(current.values_list("value", flat=True))
    patron.search_text = search_text(patron.account, patron.district_id, values)
    patron.save(update_fields=["search_text"])
    name = "barcode" if old.site is None else f"barcode at {old.site.short_name}"
    record_change(
        actor,
        SUBJECT,
        patron.pk,
        {name: old.value},
        {name: new.value, "replaced_card": old.value},
    )
    _keep_from_source(actor, patron, site)
    return new


def _keep_from_source(actor: Actor, patron: Patron, site: Site) -> None:
    """Protect the new number where a source owns numbers: the lost card must not come back."""
    external = external_of(patron)
    ties = patron.associations.all()
    wide = actor.organization.barcode_scope == Organization.BarcodeScope.ORGANIZATION
    there = next((tie for tie in ties if tie.site == site), None)
    tie = tie_of(external.record, ties) if wide else there
    if external.record is not None and tie is not None:
        settle(actor, patron, external.locks([BARCODE], tie), Opening(protects=True))


def _check_own(patron: Patron, old: Barcode, barcode: str) -> None:
    """Say of a number that was the patron's own what it is, rather than that it is taken."""
    value = clean(barcode, "barcode", limit=40)
    if value == old.value:
        raise InputError(
            "barcode",
            _("Barcode %s is the card that is being replaced. Give another number, or none.")
            % value,
        )
    for card in patron.barcodes.all():
        if value == card.value and card.site_id == old.site_id:
            raise InputError(
                "barcode",
                _("Barcode %s was this patron's before. It never works again: give another one.")
                % value,
            )


def _site_of(patron: Patron) -> Site:
    """Return the site whose pattern gives the organization's numbers: the primary one."""
    ties = list(patron.associations.all())
    if not ties:
        raise InputError(
            "barcode", _("The patron is not associated with a site, so no number can be given.")
        )
    return ties[0].site


def _replaced_already(patron: Patron, old: Barcode) -> str:
    for card in patron.barcodes.all():
        if card.site_id == old.site_id and card.state == Barcode.State.CURRENT:
            return _("Card %(old)s was replaced already. The current number is %(new)s.") % {
                "old": old.value,
                "new": card.value,
            }
    return _("Card %s is not current any more, so it cannot be replaced.") % old.value
