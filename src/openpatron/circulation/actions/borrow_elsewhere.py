"""Ask another library for something that a patron wishes, and follow it until it is over.

What is returnable has to go back there; a copy, say, is over when the patron has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.doing import let_pass, locked_patron
from openpatron.circulation.models import BorrowingRequest
from openpatron.circulation.permissions import SERVE
from openpatron.circulation.queries import desk_patron
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.kernel.text import clean
from openpatron.organizations.models import Site
from openpatron.patrons.finding import may
from openpatron.patrons.models import Patron
from openpatron.patrons.office import sites_to_share_with
from openpatron.patrons.standing import Deed


@dataclass(frozen=True, slots=True)
class Wish:
    """What a patron wishes; ``lender``: the library that is asked, if it is known."""

    title: str
    author: str = ""
    note: str = ""
    lender: str = ""
    is_returnable: bool = True


def borrows_at(patron: Patron) -> Site | None:
    """Return where the patron fetches what other libraries send, or None; one query.

    The library that the record names, as long as the organization has it to offer.
    """
    wanted = patron.resource_sharing_library_id
    return next((site for site in sites_to_share_with() if site.pk == wanted), None)


@transaction.atomic
def borrow_elsewhere(
    actor: Actor, site: Site, patron_id: int, wish: Wish, why: str = ""
) -> BorrowingRequest:
    """Write the wish down; it is fetched at the patron's resource-sharing library.

    Raises ``StateError`` where the organization has none, or the record names none.
    """
    patron = locked_patron(actor, site, patron_id)
    if not sites_to_share_with():
        raise StateError(
            _("%s has no resource-sharing library, so nothing can be asked for elsewhere.")
            % actor.organization.name
        )
    library = borrows_at(patron)
    if library is None:
        raise StateError(
            _("The patron's record names no resource-sharing library. Edit the patron first.")
        )
    let_pass(actor, patron, Deed.REQUEST.value, may(actor, patron, Deed.REQUEST, site), why)
    return BorrowingRequest.objects.create(
        organization=actor.organization,
        patron=patron,
        site=library,
        title=clean(wish.title, "title", limit=300, empty=False),
        author=clean(wish.author, "author"),
        note=clean(wish.note, "note", limit=500),
        lender=clean(wish.lender, "lender", limit=120),
        is_returnable=wish.is_returnable,
        asked_by=actor.account_id,
    )


@transaction.atomic
def move_borrowing(
    actor: Actor,
    site: Site,
    patron_id: int,
    number: int,
    *,
    state: str,
    due: date | None = None,
) -> BorrowingRequest:
    """Let a borrowing request be shipped, received (due on a day), returned, cancelled."""
    actor.require(SERVE, site)
    patron = desk_patron(actor, site, patron_id)
    found = None
    if 0 < number < 2**63:
        rows = BorrowingRequest.objects.select_for_update().filter(patron=patron)
        found = rows.filter(pk=number).first()
    if found is None:
        raise NotFoundError(_("There is no borrowing request %d of this patron.") % number)
    if state not in found.next_states:
        raise StateError(
            _("This borrowing request is %s. Reload the page to see what can follow.")
            % found.get_state_display()
        )
    if due is not None and not found.is_returnable:
        raise InputError("due", _("“%s” need not go back, so it is not due.") % found.title)
    if due is not None and due < timezone.localdate():
        raise InputError("due", _("%s is over already. Choose a later day.") % date_format(due))
    found.state, found.changed_at = state, timezone.now()
    found.due_on = due or found.due_on
    found.save(update_fields=["state", "changed_at", "due_on"])
    return found
