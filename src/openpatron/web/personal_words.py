"""What pages call personal data and contact data: one word for each field, in forms and history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import get_language_info, gettext as _, gettext_lazy

from openpatron.accounts.rules import LANGUAGES
from openpatron.patrons.models import Patron

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LABELS: dict[str, StrOrPromise] = {
    "first_name": gettext_lazy("First name"),
    "middle_name": gettext_lazy("Middle name"),
    "last_name": gettext_lazy("Last name"),
    "preferred_name": gettext_lazy("Preferred name"),
    "suffix": gettext_lazy("Suffix"),
    "birth_date": gettext_lazy("Birth date"),
    "gender": gettext_lazy("Gender"),
    "username": gettext_lazy("Username"),
    "email": gettext_lazy("E-mail"),
    "mobile_phone": gettext_lazy("Mobile phone"),
    "home_phone": gettext_lazy("Home phone"),
    "business_phone": gettext_lazy("Business phone"),
    "other_phone": gettext_lazy("Other phone"),
    "street": gettext_lazy("Street"),
    "postal_code": gettext_lazy("Postal code"),
    "city": gettext_lazy("City"),
    "country": gettext_lazy("Country"),
    "page_language": gettext_lazy("Language of the pages"),
    "keep_history": gettext_lazy("Keeps a history"),
    "wants_mail": gettext_lazy("How the library writes"),
    "additional_email": gettext_lazy("Additional e-mail"),
    "language": gettext_lazy("Language of messages"),
    "second_street": gettext_lazy("Second address: street"),
    "second_postal_code": gettext_lazy("Second address: postal code"),
    "second_city": gettext_lazy("Second address: city"),
    "second_country": gettext_lazy("Second address: country"),
    "second_from": gettext_lazy("Second address: first day"),
    "second_until": gettext_lazy("Second address: last day"),
    "letters_to": gettext_lazy("Letters go to"),
    "channel": gettext_lazy("Communication channel"),
}

HELPS: dict[str, StrOrPromise] = {
    "last_name": gettext_lazy("Of somebody with a single name: that name."),
    "username": gettext_lazy("To sign in with. No spaces; upper and lower case are the same."),
    "email": gettext_lazy("May be used to sign in instead of the username. One person only."),
    "preferred_name": gettext_lazy("What the person is called instead of the first name."),
    "gender": gettext_lazy("In the person's own words."),
    "mobile_phone": gettext_lazy("In any usual way of writing."),
    "country": gettext_lazy("The code of two letters, like US or DE."),
    "second_country": gettext_lazy("The code of two letters, like US or DE."),
    "second_until": gettext_lazy(
        "Outside of these days letters go to the main address. Empty: without an end."
    ),
    "keep_history": gettext_lazy(
        "With “yes”, what was borrowed stays on a list for at most six months, for the person and "
        "for staff. With “no”, nobody can tell who borrowed something as soon as it is back and "
        "nothing is owed."
    ),
    "wants_mail": gettext_lazy(
        "Without any e-mail address the library writes by mail, whatever is chosen here."
    ),
    "additional_email": gettext_lazy(
        "Gets a copy of all messages, or all of them where there is no other address: a parent's, "
        "for example. Nobody signs in with it. Not together with mail."
    ),
}

# To the person themselves.
OWN_LABELS: dict[str, StrOrPromise] = {"keep_history": gettext_lazy("Keep my history")}
OWN_HELPS: dict[str, StrOrPromise] = {
    "last_name": "",
    "preferred_name": gettext_lazy("What you are called instead of your first name."),
    "gender": gettext_lazy("In your own words."),
    "email": gettext_lazy("You may sign in with it instead of the username."),
    "keep_history": gettext_lazy(
        "With “yes”, what you borrowed stays on a list for at most six months, for you and for "
        "staff. With “no”, nobody can tell what you borrowed as soon as it is back and nothing is "
        "owed."
    ),
    "additional_email": gettext_lazy(
        "Gets a copy of all messages, or all of them where you have no other address: a parent's, "
        "for example. Nobody signs in with it. Not together with mail."
    ),
}


def yes_or_no(value: bool) -> str:
    """Return the word for a field that is either."""
    return _("yes") if value else _("no")


def way_of_writing(wants_mail: bool) -> str:
    """Return the words for ``Patron.wants_mail``."""
    return _("by mail") if wants_mail else _("by e-mail, as long as there is an address")


def channel_sentence(organization: str, channel: Patron.Channel) -> str:
    """Return what is said when a change of addresses changed the channel."""
    if channel == Patron.Channel.EMAIL:
        return _("%s now writes by e-mail.") % organization
    return _("%s now writes by mail.") % organization


def language_name(code: str) -> str:
    """Return a language's name in the reader's language; what is unknown stays a code."""
    try:
        return str(get_language_info(code)["name_translated"]) if code else ""
    except KeyError:
        return code


def languages() -> list[tuple[str, str]]:
    """Return code and name of each language that can be chosen, by name."""
    return sorted(((c, language_name(c)) for c in LANGUAGES), key=lambda one: one[1])
