"""Ask whether a person has an account anywhere, before they are registered here.

The answer tells as little as it can: that there is one, and its initials.
"""

from __future__ import annotations

import unicodedata

from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts import rules
from openpatron.accounts.lookup import look_up_account
from openpatron.accounts.models import Account
from openpatron.kernel.errors import InputError
from openpatron.patrons.models import Patron

PERMISSION = "patrons.register"


class AccountExistsError(InputError):
    """There is an account, and nobody has said that the person agreed to its use here.

    ``initials`` are all that is told of it.
    """

    def __init__(self, found: str) -> None:
        """Make the sentence from the initials."""
        super().__init__(
            "username",
            _(
                "An account (initials %(initials)s) with this username or e-mail address exists. "
                "If it is this person and they agree, say so, and it is used; otherwise choose "
                "another username."
            )
            % {"initials": found},
        )
        self.initials = found


def look_up_person(actor: Actor, username: str, email: str) -> str:
    """Return the initials of the account with that username or e-mail address, "" without one.

    One of the two is enough, and neither is ever a part of one.
    It is recorded who asked, and the number of answers is limited. Raises ``NotAllowedError``, or
    ``InputError`` for a value that is not possible and for a person who is registered here.
    """
    actor.require_anywhere(PERMISSION)
    address = rules.email(email)
    name = "" if address and not username.strip() else rules.username(username)
    found = account_elsewhere(actor, name, address, has_agreed=False)
    return "" if found is None else initials(found)


def account_elsewhere(
    actor: Actor, username: str, email: str, *, has_agreed: bool
) -> Account | None:
    """Return the account that a person who is not registered here has; None where they have none.

    Call it outside of a transaction. Raises as ``look_up_person`` does.
    """
    found = look_up_account(actor, username, email, has_agreed=has_agreed)
    if found is None:
        return None
    here = Patron.objects.filter(account=found).first()
    if here is not None:
        raise InputError(
            "username",
            _("This person is registered here already, as patron %d.") % here.pk
            if _may_be_told(actor, here)
            else _("This username or e-mail address is taken. Choose another."),
        )
    return found


def _may_be_told(actor: Actor, patron: Patron) -> bool:
    sites = actor.sites_with("patrons.view")
    return sites is None or patron.associations.filter(site__in=sites).exists()


def initials(account: Account) -> str:
    """Return all that is told of an account before its person is registered here."""
    names = (account.first_name, account.last_name)
    return " ".join(f"{unicodedata.normalize('NFC', n)[0].upper()}." for n in names if n)
