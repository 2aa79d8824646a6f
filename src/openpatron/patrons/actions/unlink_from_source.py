"""Unlink one external record from its source: it is internal again, and signs in here."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, StateError
from openpatron.ledger.record import record_change
from openpatron.patrons.actions.set_password import set_password
from openpatron.patrons.actions.set_password_link import require_address, set_password_link
from openpatron.patrons.external import require_open
from openpatron.patrons.models import SUBJECT, Protection, SourceRecord
from openpatron.patrons.queries import patron_to_edit
from openpatron.patrons.staff_roles import require_not_above

LINK, PASSWORD, AS_IT_IS = WAYS = ("link", "password", "as_it_is")
"""How the person signs in from then on: by a link to set a password, with a generated one, or
with the password that the account has."""


@transaction.atomic
def unlink_from_source(
    actor: Actor, patron_id: int, *, sign_in: str, keep_protections: bool
) -> str:
    """Unlink the record and return the generated password, "" for none: it is stored nowhere.

    Protections that are kept hold again when the record is linked again. Raises
    ``NotAllowedError``, ``NotFoundError``, ``StateError`` for an internal record, or ``InputError``
    for ``sign_in``; nothing is written then.
    """
    patron = patron_to_edit(actor, patron_id)
    require_open(actor, patron)
    require_not_above(actor, patron)
    record = SourceRecord.objects.select_related("source").filter(patron=patron).first()
    if record is None:
        raise StateError(_("%s has no source any more.") % patron.account.full_name)
    if sign_in not in WAYS:
        raise InputError(
            "sign_in",
            _("“%(found)s” is no way to sign in. Allowed: %(known)s.")
            % {"found": sign_in[:40], "known": ", ".join(WAYS)},
        )
    if sign_in == AS_IT_IS and not patron.account.has_usable_password():
        raise InputError(
            "sign_in",
            _("The account has no password. Choose a link to set one, or a generated password."),
        )
    if sign_in == LINK:
        require_address(patron.account, "sign_in")
    before = {"source": record.source.name, "source_key": record.key}
    protected = list(
        Protection.objects.filter(patron=patron).order_by("field").values_list("field", flat=True)
    )
    record.delete()
    if protected and not keep_protections:
        Protection.objects.filter(patron=patron).delete()
        before["protected"] = ", ".join(protected)
    after = dict.fromkeys(before) | {"sign_in": sign_in}
    record_change(actor, SUBJECT, patron.pk, before, after)
    if sign_in == LINK:
        set_password_link(actor, patron_id)
    return set_password(actor, patron_id) if sign_in == PASSWORD else ""
