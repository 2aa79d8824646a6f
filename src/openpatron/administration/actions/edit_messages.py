"""Decide which messages are sent, when, in which words, and how letters are made."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.rules import language as language_code
from openpatron.administration import rules
from openpatron.administration.permissions import MANAGE as PERMISSION
from openpatron.administration.queries import MESSAGES
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.ledger.record import record_change
from openpatron.notifications.models import Kind, LetterSettings, MessageRule, MessageText
from openpatron.notifications.rules import DAYS, DEFAULTS, OVERDUE, Rule, rules_of
from openpatron.notifications.wording import EDITABLE, SHIPPED, Words, checked, shipped


def kind_called(name: str) -> Kind:
    """Return the kind of message of that name that can be edited, or raise ``NotFoundError``."""
    if name not in EDITABLE:
        raise NotFoundError(_("There is no message “%s” that could be changed.") % name[:40])
    return Kind(name)


def days_typed(kind: Kind, text: str) -> int | None:
    """Return the days of a kind that has them, or raise ``InputError``."""
    if DEFAULTS[kind].days is None:
        return None
    return rules.required_number(text, "days", lowest=DAYS[0], highest=DAYS[1])


@transaction.atomic
def edit_message_rule(actor: Actor, name: str, *, is_sent: bool, days: str = "") -> Rule:
    """Say whether a kind of message is sent and, where it has days, when.

    Reminders go up: each comes later than the one before, or ``InputError`` for ``days``.
    """
    actor.require(PERMISSION)
    kind = kind_called(name)
    if kind not in DEFAULTS:
        raise StateError(_("This message is always sent."))
    before, number = rules_of(actor.organization)[kind], days_typed(kind, days)
    wanted = Rule(kind, is_sent, number)
    if kind in OVERDUE:
        _require_order(rules_of(actor.organization) | {kind: wanted})
    if wanted != before:
        MessageRule.objects.update_or_create(
            organization=actor.organization,
            kind=kind,
            defaults={"is_sent": is_sent, "days": number},
        )
        _record(actor, kind, {"is_sent": before.is_sent, "days": before.days},
                {"is_sent": is_sent, "days": number})  # fmt: skip
    return wanted


@transaction.atomic
def edit_message_text(actor: Actor, name: str, language: str, words: Words) -> MessageText:
    """Write the organization's own words for a kind of message in one language.

    Raises ``InputError`` for subject, body or item: an unknown placeholder, or nothing to say.
    """
    actor.require(PERMISSION)
    kind, code = kind_called(name), _language(language)
    good = checked(kind, words)
    found = MessageText.objects.filter(kind=kind, language=code).first()
    before = _words(found) if found else {}
    after = {"subject": good.subject, "body": good.body, "item": good.item}
    text, _made = MessageText.objects.update_or_create(
        organization=actor.organization, kind=kind, language=code, defaults=after
    )
    if before != after:
        _record(actor, kind, before, after, code)
    return text


@transaction.atomic
def delete_message_text(actor: Actor, name: str, language: str) -> None:
    """Go back to the program's words; where it has none in that language, to another language."""
    actor.require(PERMISSION)
    kind, code = kind_called(name), _language(language)
    found = MessageText.objects.filter(kind=kind, language=code).first()
    if found is None:
        raise StateError(_("There are no words of your own for this message in that language."))
    before = _words(found)
    found.delete()
    after = dict.fromkeys(before)
    if code in SHIPPED:
        own = shipped(kind, code)
        after = {"subject": own.subject, "body": own.body, "item": own.item}
    _record(actor, kind, before, after, code)


@transaction.atomic
def edit_letter_settings(actor: Actor, *, to_second_address: bool, hour: str) -> LetterSettings:
    """Say which address letters go to, and at which hour they go to be printed."""
    actor.require(PERMISSION)
    number = rules.required_number(hour, "hour", lowest=0, highest=23)
    found = LetterSettings.objects.filter(organization=actor.organization).first()
    stored = found or LetterSettings(organization=actor.organization)
    before = {"to_second_address": stored.to_second_address, "hour": stored.hour}
    after: dict[str, Any] = {"to_second_address": to_second_address, "hour": number}
    stored.to_second_address, stored.hour = to_second_address, number
    stored.save()
    if before != after:
        record_change(actor, MESSAGES, actor.organization.pk, before, after)
    return stored


def _language(code: str) -> str:
    found = language_code(code)
    if not found:
        raise InputError("language", _("Choose a language."))
    return found


def _require_order(wanted: dict[Kind, Rule]) -> None:
    """Raise ``InputError`` unless the reminders that are sent come one after the other."""
    sent = [wanted[kind] for kind in OVERDUE if wanted[kind].is_sent]
    for earlier, later in pairwise(sent):
        if (earlier.days or 0) >= (later.days or 0):
            raise InputError(
                "days",
                _("“%(later)s” has to come after “%(earlier)s”, which comes after %(days)d days.")
                % {
                    "later": later.kind.label,
                    "earlier": earlier.kind.label,
                    "days": earlier.days or 0,
                },
            )


def _words(text: MessageText) -> dict[str, Any]:
    return {"subject": text.subject, "body": text.body, "item": text.item}


def _record(
    actor: Actor, kind: Kind, before: dict[str, Any], after: dict[str, Any], language: str = ""
) -> None:
    named = {"message": str(kind)}
    was, now = rules.differences(before, after)
    if language:
        now = {"written_in": language} | now
    record_change(actor, MESSAGES, actor.organization.pk, named | was, named | now)
