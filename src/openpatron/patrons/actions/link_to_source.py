"""Link one internal record to a source by the source's key: from then on it is external."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.patrons.external import require_open
from openpatron.patrons.models import SUBJECT, Patron, Source, SourceRecord
from openpatron.patrons.queries import patron_to_edit
from openpatron.patrons.staff_roles import require_not_above


@transaction.atomic
def link_to_source(actor: Actor, patron_id: int, source: str, key: str) -> SourceRecord:
    """Link the patron to the source of that code; its next feed brings the values.

    Raises ``NotAllowedError``, ``NotFoundError``, ``StateError`` for who is external already, or
    ``InputError`` for ``source`` or ``key``; nothing is written then.
    """
    patron = patron_to_edit(actor, patron_id)
    require_open(actor, patron)
    require_not_above(actor, patron)
    owner = source_by_code(source, "source")
    wanted = clean(key, "key", limit=254, empty=False)
    held = SourceRecord.objects.select_related("source").filter(patron=patron).first()
    if held is not None:
        raise StateError(
            _("%(name)s is linked to “%(source)s” already. Unlink the record first.")
            % {"name": patron.account.full_name, "source": held.source.name}
        )
    try:
        with transaction.atomic():
            record = SourceRecord.objects.create(
                organization=actor.organization, source=owner, patron=patron, key=wanted
            )
    except IntegrityError as clash:
        raise _taken(owner, wanted) from clash
    record_change(
        actor, SUBJECT, patron.pk, {"source": None}, {"source": owner.name, "source_key": wanted}
    )
    return record


def source_by_code(code: str, field: str) -> Source:
    """Return the source of that code, or raise ``InputError`` naming those there are."""
    found = Source.objects.filter(code=code.replace("\x00", "�")).first()
    if found is None:
        known = ", ".join(Source.objects.order_by("code").values_list("code", flat=True))
        raise InputError(
            field,
            _("There is no source “%(found)s”. There are: %(known)s.")
            % {"found": code[:60], "known": known or "–"},
        )
    return found


def may_link(patron: Patron) -> bool:
    """Tell whether the record is internal."""
    return not SourceRecord.objects.filter(patron=patron).exists()


def _taken(owner: Source, key: str) -> InputError:
    return InputError(
        "key",
        _("“%(key)s” is another patron's key in “%(source)s”. Give another key.")
        % {"key": key[:100], "source": owner.name},
    )
