"""Putting a message into the outbox: in the transaction of what it tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.utils import timezone

from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization

from .models import Kind, LetterSettings, Message, Place, State, Way

LINK = "{link}"
"""The line of a body in whose place the sender puts the link."""


GATHERING = timedelta(minutes=5)
"""For so long a message with items waits for more of the same kind, patron and site."""


@dataclass(frozen=True, slots=True)
class Text:
    """What a message says, in which language; ``missed``: the one wished for that it is not in."""

    subject: str
    body: str
    language: str = ""
    missed: str = ""


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
    values: dict[str, Any] | None = None,
) -> Message:
    """Write a message to an address; the sender takes it from there.

    ``problem``: why it cannot be delivered at all; it is then a matter for staff. ``values``:
    under "letter" what a letter needs beside its text.
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
        values=values or {},
        language=text.language or language,
        missed_language=text.missed,
        message_id=new_message_id(),
        state=State.UNDELIVERABLE if problem else State.WAITING,
        error=problem[:400],
        next_try_at=letters_go_at(about.organization) if place == Place.SITE else timezone.now(),
    )


def post_values(
    kind: Kind,
    about: About,
    values: dict[str, Any],
    to: str,
    *,
    language: str,
    place: Place = Place.MAIN,
    problem: str = "",
) -> None:
    """Write a message whose text is made of values when it is sent; in a transaction.

    Items go into a message of the same kind to the same place that still waits for more.
    """
    now = timezone.now()
    if "items" in values and not problem:
        waiting = (
            Message.objects.select_for_update()
            .filter(
                organization=about.organization,
                account_id=about.account_id,
                patron_id=about.patron_id,
                site=about.site,
                kind=kind,
                place=place,
                to=to,
                state=State.WAITING,
                body="",
                attempts=0,
                parcel="",
                lease_until=None,
                next_try_at__gt=now,
            )
            .first()
        )
        if waiting is not None:
            waiting.values["items"] += values["items"]
            waiting.save(update_fields=["values"])
            return
    is_letter = place == Place.SITE
    Message.objects.create(
        organization=about.organization,
        site=about.site,
        account_id=about.account_id,
        patron_id=about.patron_id,
        kind=kind,
        way=Way.LETTER if is_letter else Way.EMAIL,
        place=place,
        to=to,
        values=values,
        language=language,
        message_id=new_message_id(),
        state=State.UNDELIVERABLE if problem else State.WAITING,
        error=problem[:400],
        next_try_at=letters_go_at(about.organization)
        if is_letter
        else now + (GATHERING if "items" in values else timedelta()),
    )


def letters_go_at(organization: Organization | None) -> datetime:
    """Return when letters posted now go to be printed: the next time that it is their hour."""
    now = timezone.now()
    if organization is None:
        return now
    with open_organization(organization):
        chosen = LetterSettings.objects.filter(organization=organization).first()
        local = timezone.localtime(now)
        hour = LetterSettings().hour if chosen is None else chosen.hour
        at = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return at if at > local else at + timedelta(days=1)


def new_message_id() -> str:
    """Return a Message-ID that nobody else has."""
    return f"<{uuid4().hex}@{settings.OPENPATRON_EMAIL_FROM.rpartition('@')[2]}>"


def post_many(
    kind: Kind, written: Iterable[tuple[About, Text, str, str]], place: Place = Place.MAIN
) -> None:
    """Write e-mails, each (about, text, address, language), in one statement."""
    Message.objects.bulk_create(
        Message(
            organization=about.organization,
            site=about.site,
            account_id=about.account_id,
            patron_id=about.patron_id,
            kind=kind,
            way=Way.EMAIL,
            place=place,
            to=to,
            subject=" ".join(text.subject.split())[:250],
            body=text.body,
            language=language,
            message_id=new_message_id(),
            state=State.WAITING,
        )
        for about, text, to, language in written
    )
