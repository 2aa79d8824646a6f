"""Telling a patron something: by which way, to which addresses, in which language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.accounts.models import Account
from openpatron.notifications import texts
from openpatron.notifications.models import Kind, LetterSettings, Message, Place
from openpatron.notifications.post import About, Text, post, post_many, post_values
from openpatron.notifications.rules import is_sent
from openpatron.organizations.models import Site

from .models import Association, Barcode, Patron

type Writer = Callable[[bool], Text]
"""Makes the text; with True the one with a link in it, if there is to be one."""


def tell_patron(patron: Patron, kind: Kind, write: Writer, *, with_link: bool = False) -> None:
    """Post a message to a patron by the channel: e-mail with its copy, or a letter to the site.

    A link goes to the account's own address alone. ``patron`` comes with account and organization.
    """
    account, site = patron.account, responsible_site(patron)
    about = About(account.pk, patron.organization, patron.pk, site)
    language = language_to(patron)
    with texts.written_in(language):
        if patron.channel == Patron.Channel.MAIL:
            text, to = write(False), "" if site is None else site.email
            letter, problem = {"letter": letter_of(patron)}, no_letter_because(site)
            post(
                kind, about, text, to, language=language, place=Place.SITE, problem=problem,
                values=letter,
            )  # fmt: skip
        else:
            for place, to in addresses(patron):
                text = write(with_link and place == Place.MAIN)
                post(kind, about, text, to, language=language, place=place)


def notify(patron: Patron, kind: Kind, values: dict[str, Any], *, site: Site | None = None) -> None:
    """Post a message made of values to a patron by the channel, if the organization sends such.

    ``site``: in whose name, and where a letter is printed; else the patron's own. Call it in the
    transaction of what it tells of; ``patron`` comes with account and organization.
    """
    if not is_sent(patron.organization, kind):
        return
    site = site or responsible_site(patron)
    about = About(patron.account_id, patron.organization, patron.pk, site)
    language = language_to(patron)
    if patron.channel == Patron.Channel.MAIL:
        post_values(
            kind, about, values | {"letter": letter_of(patron)}, "" if site is None else site.email,
            language=language, place=Place.SITE, problem=no_letter_because(site),
        )  # fmt: skip
        return
    for place, to in addresses(patron):
        post_values(kind, about, values, to, language=language, place=place)


def letter_of(patron: Patron) -> dict[str, str]:
    """Return what a letter needs beside its text: where it goes, and the patron's number."""
    account = patron.account
    if patron.second_street and (not account.street or _goes_to_second(patron)):
        where = {
            "street": patron.second_street,
            "postal_code": patron.second_postal_code,
            "city": patron.second_city,
            "country": patron.second_country,
        }
    else:
        where = {
            "street": account.street,
            "postal_code": account.postal_code,
            "city": account.city,
            "country": account.country,
        }
    cards = Barcode.objects.filter(patron=patron, state=Barcode.State.CURRENT).order_by("pk")
    return where | {"card": next((card.value for card in cards), "")}


def _goes_to_second(patron: Patron) -> bool:
    """Tell whether the second address is chosen, for the patron or for all, and holds today."""
    today = timezone.localdate()
    first, last = patron.second_from, patron.second_until
    if (first is not None and today < first) or (last is not None and last < today):
        return False
    if patron.letters_to is not None:
        return patron.letters_to == Patron.LettersTo.SECOND
    chosen = LetterSettings.objects.filter(organization=patron.organization).first()
    return chosen is not None and chosen.to_second_address


def tell_account(
    account: Account,
    kind: Kind,
    write: Callable[[], Text],
    *,
    to: str = "",
    patron: Patron | None = None,
) -> Message | None:
    """Post a message about the account to its own address, or to ``to``; None without any.

    ``patron``: in whose name of an organization; staff there see it with the patron's messages.
    """
    address = to or account.email
    if not address:
        return None
    about = About(account.pk)
    language = texts.language_of(account)
    if patron is not None:
        about = About(account.pk, patron.organization, patron.pk, responsible_site(patron))
        language = language_to(patron)
    with texts.written_in(language):
        text = write()
    place = Place.FIXED if to else Place.MAIN
    return post(kind, about, text, address, language=language, place=place)


def tell_old_addresses(old: Mapping[int, str]) -> None:
    """Post to addresses that jobs took from accounts (id: address) that they are used no more.

    Only of who has a password here: who signs in elsewhere cannot be locked out by an address, and
    whose addresses a source renames by the thousand. Two queries, for any number.
    """
    people = Account.objects.filter(pk__among=[pk for pk, address in old.items() if address])
    found = []
    for account in people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX) if old else ():
        language = texts.language_of(account)
        with texts.written_in(language):
            text = texts.email_changed(account)
        found.append((About(account.pk), text, old[account.pk], language))
    post_many(Kind.EMAIL_CHANGED, found, Place.FIXED)


def password_links(patron_ids: Iterable[int]) -> None:
    """Post to each of these patrons who has an own address a link to set a password.

    A few queries, for any number.
    """
    chosen = Patron.objects.filter(pk__in=list(patron_ids)).exclude(account__email="")
    ties = Association.objects.select_related("site").order_by("-is_primary", "pk")
    people = chosen.select_related("account", "organization").prefetch_related(
        Prefetch("associations", ties)
    )
    found = []
    for patron in people:
        site = next((tie.site for tie in patron.associations.all()), None)
        about = About(patron.account_id, patron.organization, patron.pk, site)
        language = language_to(patron)
        with texts.written_in(language):
            text = texts.set_password(patron.account, patron.organization)
        found.append((about, text, patron.account.email, language))
    post_many(Kind.SET_PASSWORD, found)


def language_to(patron: Patron) -> str:
    """Return the language in which the library writes to a patron."""
    return texts.language_of(patron.account, patron.language, otherwise=patron.organization.locale)


def addresses(patron: Patron) -> list[tuple[Place, str]]:
    """Return where e-mail to a patron goes: the account's address, and the additional one."""
    main, more = patron.account.email, patron.additional_email
    found = [(Place.MAIN, main)] if main else []
    if more and more.casefold() != main.casefold():
        found.append((Place.ADDITIONAL, more))
    return found


def responsible_site(patron: Patron) -> Site | None:
    """Return the site that is responsible for a patron: the one of the primary association."""
    tie = patron.associations.select_related("site").order_by("-is_primary", "pk").first()
    return None if tie is None else tie.site


def no_letter_because(site: Site | None) -> str:
    """Return why a letter cannot go to a site for printing; "" where it can."""
    if site is None:
        return _("The patron has no e-mail address and belongs to no site that could print it.")
    if not site.email:
        return _("%s has no e-mail address for letters to print.") % site.name
    return ""
