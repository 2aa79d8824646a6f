"""Saved lists: the filters of the list of patrons under a name, found anew whenever it is opened.

Whoever may see patrons may see them; who they find is narrowed to the patrons in sight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from openpatron.kernel.errors import NotFoundError
from openpatron.kernel.lookup import the_one

from .models import SavedList

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.access.actor import Actor

VIEW = "patrons.view"
MANAGE = "patrons.manage_district"


def saved_lists(actor: Actor) -> QuerySet[SavedList]:
    """Return the saved lists by name."""
    actor.require_anywhere(VIEW)
    return SavedList.objects.order_by("name", "id")


def saved_list(actor: Actor, number: int) -> SavedList:
    """Return one saved list, or raise ``NotFoundError``."""
    found = saved_lists(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if found is None:
        raise NotFoundError(_("There is no saved list %d here.") % number)
    return found


def saved_list_by_name(actor: Actor, name: str, field: str) -> SavedList:
    """Return the saved list of that name, or raise ``InputError`` naming those there are."""
    return the_one(saved_lists(actor), "name", name, field, _("saved list"))


def may_change(actor: Actor, one: SavedList) -> bool:
    """Tell whether the actor may rename or delete it: their own, or everyone's."""
    own = actor.account_id is not None and one.saved_by == actor.account_id
    return own or actor.may(MANAGE)
