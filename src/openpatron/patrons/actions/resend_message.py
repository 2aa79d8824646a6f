"""Send a message again that could not be delivered: to the address as it is now."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError
from openpatron.notifications.models import Message, Place, State
from openpatron.notifications.post import new_message_id
from openpatron.notifications.queries import PERMISSION, undelivered_messages
from openpatron.patrons.messages import no_letter_because, responsible_site
from openpatron.patrons.models import Patron


@transaction.atomic
def resend_message(actor: Actor, message_id: int) -> Message:
    """Put the message back into the outbox; who had it already gets it as a new one.

    Raises ``NotAllowedError``, ``NotFoundError``, or ``InputError`` where there is still no
    address.
    """
    actor.require_anywhere(PERMISSION)
    found = undelivered_messages(actor).select_for_update()
    message = found.filter(pk=message_id).first() if 0 < message_id < 2**63 else None
    if message is None:
        raise NotFoundError(_("There is no message %d here that waits for help.") % message_id)
    message.to = _address_now(message)
    message.state, message.error = State.WAITING, ""
    message.attempts, message.created_at = 0, timezone.now()
    message.next_try_at = message.created_at
    message.message_id, message.parcel = new_message_id(), ""
    message.save()
    return message


def resend_messages(actor: Actor) -> tuple[int, int]:
    """Send all again that are listed; return how many went back, and how many cannot yet."""
    actor.require_anywhere(PERMISSION)
    again = left = 0
    for number in list(undelivered_messages(actor).values_list("pk", flat=True)):
        try:
            resend_message(actor, number)
            again += 1
        except (InputError, NotFoundError):
            left += 1
    return again, left


def _address_now(message: Message) -> str:
    """Return where the message goes today, or raise ``InputError``."""
    patron = Patron.objects.filter(pk=message.patron_id or 0).select_related("account").first()
    if message.place == Place.LIBRARY:
        address = "" if message.site is None else message.site.email
    elif message.place == Place.FIXED or patron is None:
        address = message.to
    elif message.place == Place.SITE:
        site = message.site
        if site is None or not site.email:
            site = responsible_site(patron) or site
        if problem := no_letter_because(site):
            raise InputError("email", problem)
        address = "" if site is None else site.email
    elif message.place == Place.ADDITIONAL:
        address = patron.additional_email
    else:
        address = patron.account.email
    if not address:
        raise InputError("email", _("There is no e-mail address yet that it could go to."))
    return address
