"""Putting a message into the outbox: in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import uuid4

from django.conf import settings

from openpatron.organizations.models import Organization, Site

from .models import Kind, Message, Place, State, Way

LINK = "{link}"
"""The line of a body in whose place the sender puts the link."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a message says."""

    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class About:
    """Whom a message is for, and in whose name: nothing of it is needed beside the account."""

    account_id: int
    organization: Organization | None = None
    patron_id: int | None = None
    site: Site | None = None


def post(
    kind: Kind,
    about: About,
    text: Text,
    to: str,
    *,
    language: str,
    place: Place = Place.MAIN,
    problem: str = "",
) -> Message:
    """Write a message to an address; the sender takes it from there.

    ``problem``: why it cannot be delivered at all; it is then a matter for staff.
    """
    return Message.objects.create(
        organization=about.organization,
        site=about.site,
        account_id=about.account_id,
        patron_id=about.patron_id,
        kind=kind,
        way=Way.LETTER if place == Place.SITE else Way.EMAIL,
        place=place,
        to=to,
        subject=" ".join(text.subject.split())[:250],
        body=text.body,
        language=language,
        message_id=new_message_id(),
        state=State.UNDELIVERABLE if problem else State.WAITING,
        error=problem[:400],
    )


def new_message_id() -> str:
    """Return a Message-ID that nobody else has."""
    return f"<{uuid4().hex}@{settings.OPENPATRON_EMAIL_FROM.rpartition('@')[2]}>"


def post_many(kind: Kind, written: Iterable[tuple[About, Text, str, str]]) -> None:
    """Write e-mails, each (about, text, address, language), in one statement."""
    Message.objects.bulk_create(
        Message(
            organization=about.organization,
            site=about.site,
            account_id=about.account_id,
            patron_id=about.patron_id,
            kind=kind,
            way=Way.EMAIL,
            place=Place.MAIN,
            to=to,
            subject=" ".join(text.subject.split())[:250],
            body=text.body,
            language=language,
            message_id=new_message_id(),
            state=State.WAITING,
        )
        for about, text, to, language in written
    )
