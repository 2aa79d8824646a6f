"""Saving what an organization decides, with its change: once, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction

from openpatron.ledger.record import record_change

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.kernel.errors import InputError


def save_written(
    actor: Actor,
    kind: str,
    found: models.Model,
    differs: tuple[dict[str, Any], dict[str, Any]],
    taken: InputError,
) -> None:
    """Save the row and record what ``differs``, (before, after); without a difference do nothing.

    Raises ``taken`` where another row has its name or code: the database decides that.
    """
    before, after = differs
    if not after:
        return
    try:
        with transaction.atomic():
            found.save()
    except IntegrityError as clash:
        raise taken from clash
    record_change(actor, kind, found.pk, before, after)
