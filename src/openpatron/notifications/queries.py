"""Reads of messages. The table is shared, so each narrows to an organization, or to one person."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from openpatron.access.actor import Actor
from openpatron.accounts.models import Account
from openpatron.organizations.models import Organization

from .models import PROBLEMS, Kind, Message, State

PERMISSION = "notifications.view"


def messages_in_sight(actor: Actor) -> QuerySet[Message]:
    """Return the messages at the sites where the actor may see them, newest first."""
    actor.require_anywhere(PERMISSION)
    found = Message.objects.filter(organization=actor.organization).order_by("-pk")
    sites = actor.sites_with(PERMISSION)
    return found if sites is None else found.filter(site__in=sites)


def undelivered_messages(actor: Actor) -> QuerySet[Message]:
    """Return those that could not be delivered."""
    return messages_in_sight(actor).filter(state__in=PROBLEMS)


def waiting_messages(actor: Actor) -> QuerySet[Message]:
    """Return those that wait to be sent."""
    return messages_in_sight(actor).filter(state=State.WAITING)


def messages_of_patron(actor: Actor, *patron_ids: int) -> QuerySet[Message]:
    """Return all messages to a patron that the actor was shown, newest first.

    Several numbers: also those of records that were merged into it.
    """
    actor.require_anywhere(PERMISSION)
    found = Message.objects.filter(organization=actor.organization, patron_id__in=patron_ids)
    return found.select_related("organization", "site").order_by("-pk")


def old_messages(organization: Organization, before: datetime) -> QuerySet[Message]:
    """Return those of an organization that were written before, for the job that forgets."""
    return Message.objects.filter(organization=organization, created_at__lt=before).order_by("pk")


def own_messages(account: Account) -> QuerySet[Message]:
    """Return a person's own messages, of all their organizations, newest first.

    Without those that ask for a new address: that there is one would tell that nobody has it yet.
    """
    found = Message.objects.filter(account_id=account.pk).exclude(kind=Kind.CONFIRM_EMAIL)
    return found.select_related("organization", "site").order_by("-pk")


def has_mail_server() -> bool:
    """Tell whether messages can be sent at all."""
    return settings.OPENPATRON_EMAIL_URL is not None
