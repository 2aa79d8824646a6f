"""Save the filters of the list of patrons under a name, rename such a saved list, delete it."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.access.registry import permission
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.patrons.list_words import ListWords
from openpatron.patrons.models import SavedList
from openpatron.patrons.saved_lists import MANAGE, VIEW, may_change, saved_list

SUBJECT = "saved_list"


@transaction.atomic
def save_list(actor: Actor, name: str, filters: Mapping[str, str]) -> SavedList:
    """Save the filters, which are words as in the list's address."""
    actor.require_anywhere(VIEW)
    words = ListWords(actor, filters)
    words.require_known("filters")
    kept = SavedList(
        organization=actor.organization,
        name=_name(name),
        filters=words.kept,
        saved_by=actor.account_id,
    )
    _write(kept)
    after = {"saved_list": kept.name, **kept.filters}
    record_change(actor, SUBJECT, kept.pk, {"saved_list": None}, after)
    return kept


@transaction.atomic
def rename_list(actor: Actor, number: int, name: str) -> SavedList:
    """Give a saved list another name."""
    kept = _own(actor, number)
    was, kept.name = kept.name, _name(name)
    if kept.name != was:
        _write(kept)
        record_change(actor, SUBJECT, kept.pk, {"saved_list": was}, {"saved_list": kept.name})
    return kept


@transaction.atomic
def delete_list(actor: Actor, number: int) -> SavedList:
    """Delete a saved list; the patrons in it stay as they are."""
    kept = _own(actor, number)
    before = {"saved_list": kept.name, **kept.filters}
    record_change(actor, SUBJECT, kept.pk, before, {"saved_list": None})
    kept.delete()
    return kept


def _own(actor: Actor, number: int) -> SavedList:
    kept = saved_list(actor, number)
    if not may_change(actor, kept):
        raise NotAllowedError(
            MANAGE,
            _(
                "This list is somebody else’s. To change it you need the right “%s”. You can save "
                "the same filters under a name of your own."
            )
            % permission(MANAGE).label,
        )
    return kept


def _name(typed: str) -> str:
    return clean(typed, "name", limit=60, empty=False)


def _write(kept: SavedList) -> None:
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError:
        raise InputError(
            "name", _("There is a saved list “%s” already. Choose another name.") % kept.name
        ) from None
