"""Take away the second factor of somebody who lost it; they set up another one.

Who does it could sign in with the password alone, if they knew it: so nobody does it for somebody
who holds more rights than they, in any organization, as with passwords.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.queries import second_factors
from openpatron.kernel.errors import NotAllowedError
from openpatron.ledger.record import record_change
from openpatron.notifications import texts
from openpatron.notifications.models import Kind
from openpatron.patrons.actions.set_password import holds_all
from openpatron.patrons.messages import tell_account
from openpatron.patrons.models import SUBJECT, Patron
from openpatron.patrons.queries import patron_to_edit
from openpatron.patrons.staff_roles import PERMISSION


def require_reset_second_factor(actor: Actor, patron: Patron) -> None:
    """Raise ``NotAllowedError`` unless the actor may take this patron's second factor away."""
    if not any(actor.may(PERMISSION, tie.site) for tie in patron.associations.all()):
        actor.require(PERMISSION)
    if patron.account_id == actor.account_id:
        raise NotAllowedError(
            PERMISSION, _("This is your own account. Change it with the link in your menu.")
        )
    if not holds_all(actor, patron):
        raise NotAllowedError(
            PERMISSION,
            _("%s holds rights that you do not hold. Ask somebody who holds them.")
            % patron.account.full_name,
        )


@transaction.atomic
def reset_second_factor(actor: Actor, patron_id: int) -> Patron:
    """Take all of it away, recovery codes as well, record it and tell the person.

    Where there is none nothing is written. Raises ``NotAllowedError`` or ``NotFoundError``.
    """
    patron = patron_to_edit(actor, patron_id)
    require_reset_second_factor(actor, patron)
    account = patron.account
    if second_factors(account).delete()[0]:
        record_change(actor, SUBJECT, patron.pk, {}, {"second_factor": "reset"})
        tell_account(
            account,
            Kind.SECOND_FACTOR_RESET,
            lambda: texts.second_factor_reset(account, actor.organization),
            patron=patron,
        )
    return patron
