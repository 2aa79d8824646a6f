"""The words of the form to register a patron, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from .personal_words import HELPS, LABELS


def labels() -> dict[str, str]:
    """Return the label of each field."""
    return {name: str(label) for name, label in LABELS.items()} | {
        "has_agreed": _("The person has agreed"),
        "site": _("Site"),
        "patron_type": _("Patron type"),
        "access_level": _("Access level"),
        "barcode": _("Barcode"),
        "district_id": _("District ID"),
        "grade_level": _("Grade level"),
        "graduation_year": _("Graduation year"),
        "expires_on": _("Expiry date"),
        "language": _("Communication language"),
        "wants_mail": _("Write to this person by mail"),
        "additional_email": str(LABELS["additional_email"]),
        "local_codes": _("Local codes"),
        "resource_sharing_library": _("Resource-sharing library"),
        "keep_history": _("Keep a history of loans"),
        "template": _("Template"),
        "generate_password": _("Generate a password"),
        "send_link": _("Send a link to set a password"),
    }


def helps() -> dict[str, str]:
    """Return what is said below the labels of some fields."""
    shared = ("last_name", "username", "preferred_name", "country", "additional_email")
    return {name: str(HELPS[name]) for name in shared} | {
        "access_level": _("Levels with rights that you do not hold yourself are not listed."),
        "barcode": _("Scan or type it. Empty: the next number of the site is given."),
        "expires_on": _("The last day on which the patron may borrow. Empty: no end."),
        "send_link": _(
            "It goes to the e-mail address above and works once, for three days. An account that "
            "has a password keeps it, and gets no link."
        ),
        "wants_mail": _(
            "Letters go to the site's e-mail address for printing. Without any e-mail address the "
            "library writes by mail anyway."
        ),
        "local_codes": _("Codes of your own, to select and count by. Commas part them."),
        "resource_sharing_library": _("Where the patron fetches what other libraries send."),
        "keep_history": _("Only if the person wishes it; they may change it themselves."),
        "template": _("Fills in site, type, level, language and expiry date."),
        "generate_password": _(
            "It is shown once, after saving, and has to be changed at the first sign-in. An "
            "account that exists keeps the password that it has."
        ),
    }
