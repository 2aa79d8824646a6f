"""Personal data and how each library reaches the person: one rule and one writer for all.

The account belongs to every organization where the person is registered, and each keeps copies
of the names for its search, and a ledger of its own. So this is the one place that writes across
organizations: it opens one after the other, those where the account is registered and no others.
Whoever writes locks the account first and the patron records after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from openpatron.access.actor import AWAY, Actor
from openpatron.accounts import rules
from openpatron.accounts.models import Account
from openpatron.accounts.queries import accounts_called, organizations_of
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.notifications.models import Kind
from openpatron.notifications.texts import email_changed
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .messages import tell_account
from .models import SUBJECT, Patron
from .search import search_text, sort_name

# Columns of Account, in the order in which they are shown.
PERSONAL = (
    "first_name", "middle_name", "last_name", "preferred_name", "suffix", "birth_date", "gender",
    "username", "email", *("mobile_phone", "home_phone", "business_phone", "other_phone"),
    "street", "postal_code", "city", "country", "language", "keep_history",
)  # fmt: skip
# Columns of Patron.
CONTACT = (
    "wants_mail", "additional_email", "language",
    "second_street", "second_postal_code", "second_city", "second_country", "second_from",
    "second_until", "letters_to",
)  # fmt: skip
KEPT_BY_STAFF = ("first_name", "middle_name", "last_name", "suffix", "birth_date")
"""What a person does not change on their own."""

_COPIED = {"first_name", "middle_name", "last_name", "preferred_name", "username", "email"}


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: an account (None: the operator), the way in, and the organization.

    Without an organization it is the person, who is at home in each of theirs.
    """

    account: Account | None
    way: str
    home: Organization | None

    def in_(self, organization: Organization) -> Actor:
        """Return who is said to have done it in that organization's ledger."""
        is_at_home = self.account is None or self.home in {None, organization}
        return Actor(organization, self.account, self.way if is_at_home else AWAY, {})


@dataclass(frozen=True, slots=True)
class Written:
    """The names of the fields that differed, and the channels that changed, by organization."""

    changed: frozenset[str]
    channels: Mapping[str, Patron.Channel] = field(default_factory=dict)


def locked_account(number: int) -> Account:
    """Return the account, locked until the transaction ends."""
    return Account.objects.select_for_update().get(pk=number)


def contact_data(given: Mapping[str, Any]) -> dict[str, Any]:
    """Check how a library reaches the person and return it as it is stored, by field name."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        match name:
            case "wants_mail":
                found[name] = bool(value)
            case "additional_email":
                found[name] = rules.email(value, name)
            case "language":
                found[name] = rules.language(value)
            case "letters_to":
                found[name] = _letters_to(value)
            case "second_from" | "second_until":
                found[name] = value or None
            case "second_country":
                found[name] = rules.country(value, name)
            case _:
                limit = rules.ADDRESS[name.removeprefix("second_")]
                found[name] = clean(value, name, limit=limit)
    return found


@transaction.atomic
def write_personal_data(
    author: Author,
    account: Account,
    personal: Mapping[str, Any],
    contact: Mapping[str, Any] | None = None,
) -> Written:
    """Write what differs, and one change in the ledger of each organization that it concerns.

    ``account`` comes from ``locked_account``; the values are checked already. ``contact`` is that
    of the author's organization. Raises ``InputError`` naming the field; nothing is written then.
    """
    was = copy(account)
    changed = _set(account, personal)
    if changed:
        _save(account, changed)
    # Contact data alone is no other organization's matter.
    concerned = list(organizations_of(account)) if changed else []
    if author.home is not None and author.home not in concerned:
        concerned.append(author.home)
    names, channels = set(changed), {}
    for organization in concerned:
        with open_organization(organization):
            patron = Patron.objects.select_for_update().filter(account=account).first()
            if patron is None:
                continue
            asked = contact if contact and organization == author.home else {}
            known, now = _write_patron(patron, was, account, changed, asked)
            if now:
                record_change(author.in_(organization), SUBJECT, patron.pk, known, now)
            if "channel" in now:
                channels[organization.name] = patron.channel
            names |= now.keys()
    if "email" in changed and was.email:
        # So that who did not want this learns of it.
        tell_account(account, Kind.EMAIL_CHANGED, lambda: email_changed(account), to=was.email)
    return Written(frozenset(names), channels)


def tell_elsewhere(author: Author, was: Account, account: Account, changed: list[str]) -> None:
    """Rewrite the copies of the other organizations where the person is registered, and tell them.

    For who has written the account already, locked; ``was`` is how it was before.
    """
    for organization in organizations_of(account):
        if organization == author.home:
            continue
        with open_organization(organization):
            patron = Patron.objects.select_for_update().filter(account=account).first()
            if patron is not None:
                known, now = _write_patron(patron, was, account, changed, {})
                if now:
                    record_change(author.in_(organization), SUBJECT, patron.pk, known, now)


def _write_patron(
    patron: Patron,
    was: Account,
    account: Account,
    changed: list[str],
    contact: Mapping[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write one record's own part and return what the ledger says: before and after."""
    patron.account = was
    before, channel = copy(patron), patron.channel
    asked = _set(patron, contact)
    patron.account = account
    if {"wants_mail", "additional_email"} & set(asked):
        require_fitting_channel(patron)
    if {"second_from", "second_until"} & set(asked):
        _require_order(patron)
    written = list(asked)
    if _COPIED & set(changed):
        cards = list(patron.barcodes.order_by("pk").values_list("value", flat=True))
        patron.search_text = search_text(account, patron.district_id, cards)
        patron.sort_name = sort_name(account)
        written += ["search_text", "sort_name"]
    if written:
        patron.save(update_fields=written)
    known = {told(name): _plain(getattr(was, name)) for name in changed}
    now = {told(name): _plain(getattr(account, name)) for name in changed}
    known |= {name: _plain(getattr(before, name)) for name in asked}
    now |= {name: _plain(getattr(patron, name)) for name in asked}
    if patron.channel != channel:
        known["channel"], now["channel"] = str(channel), str(patron.channel)
    return known, now


def _letters_to(value: str) -> str | None:
    if value and value not in Patron.LettersTo.values:
        raise InputError(
            "letters_to",
            _("letters_to: “%(found)s” is no address. Choose one of: %(known)s.")
            % {"found": value[:40], "known": ", ".join(Patron.LettersTo.values)},
        )
    return value or None


def _require_order(patron: Patron) -> None:
    first, last = patron.second_from, patron.second_until
    if first is not None and last is not None and last < first:
        raise InputError(
            "second_until",
            _("second_until: %(last)s is before %(first)s, the first day. Choose a later day.")
            % {"last": date_format(last), "first": date_format(first)},
        )


def told(name: str) -> str:
    """Return what ledger and forms call a column of Account: the language is that of the pages."""
    return "page_language" if name == "language" else name


def column_of(name: str) -> str:
    """Return the column of Account that ledger and forms call so: ``told``, turned round."""
    return "language" if name == "page_language" else name


def require_fitting_channel(patron: Patron) -> None:
    """Raise ``InputError`` where there is an additional address beside a channel that is mail."""
    if patron.wants_mail and patron.additional_email:
        raise InputError(
            "additional_email",
            _(
                "additional_email: the library writes to this person by mail, so an additional "
                "e-mail address cannot be used. Choose e-mail as the channel, or leave the "
                "address empty."
            ),
        )


def _set(row: Account | Patron, values: Mapping[str, Any]) -> list[str]:
    """Set what differs and return the names of those columns."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed


def _save(account: Account, changed: list[str]) -> None:
    try:
        with transaction.atomic():
            account.save(update_fields=changed)
    except IntegrityError as clash:
        others = accounts_called("", account.email).exclude(pk=account.pk)
        name = "email" if "email" in changed and others.exists() else "username"
        raise taken(name, getattr(account, name)) from clash


def taken(name: str, value: str) -> InputError:
    """Return the error that says whose a username or an e-mail address is: another account's."""
    words = {
        "username": _("username: “%s” is another account's. Choose another."),
        "email": _(
            "email: “%s” is another account's, and an address belongs to one account only. Take "
            "another address, leave it empty, or use it as the additional e-mail address."
        ),
    }
    return InputError(name, words[name] % value)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
