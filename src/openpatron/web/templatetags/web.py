"""Small pieces that every page draws alike: ``{% load web %}``."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy as _
from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

from openpatron.kernel.money import money_words
from openpatron.notifications.post import LINK
from openpatron.web import personal_words
from openpatron.web.personal_words import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from django.core.paginator import Page
    from django.template import Context

    from openpatron.ledger.kinds import Head
    from openpatron.patrons.lines import Cell, JobLine
    from openpatron.patrons.models import Barcode, Patron

register = template.Library()

# Colours for what a word says already; never colour alone.
_COLOURS = {
    # status of a patron
    "active": "green", "inactive": "secondary", "restricted": "orange", "blocked": "red",
    # state of a job
    "planning": "blue", "planned": "purple", "applying": "blue", "done": "green",
    "cancelled": "secondary", "undoing": "blue", "undone": "secondary", "failed": "red",
    # outcome of a change
    "skipped": "secondary", "conflict": "orange", "applied": "green", "left": "orange",
    # state of a card number
    "current": "green", "replaced": "secondary", "retired": "secondary",
    # state of a site's numbers
    "low": "orange", "exhausted": "red",
    # state of an item, a loan, a request
    "held": "green", "lost": "red", "damaged": "orange", "withdrawn": "secondary",
    "open": "blue", "claimed": "orange", "returned": "secondary", "ready": "green",
    "transit": "purple", "asked": "blue", "shipped": "purple", "received": "green",
    # state of a message
    "waiting": "blue", "sent": "green", "undeliverable": "red",
}  # fmt: skip


@register.simple_tag
def form_key() -> SafeString:
    """Draw the number of a form: sent twice, it is done once."""
    return format_html('<input type="hidden" name="key" value="{}">', uuid4())


@register.simple_tag
@cache  # a page draws dozens, and the templates name few
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of ``static/vendor/icons.svg``; it says nothing to a screen reader."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


_INSIDE = re.compile(r"/o/([-\w]{1,60})(?:/|$)", re.ASCII)


@register.simple_tag(takes_context=True)
def organization_sign_in(context: Context) -> str:
    """Return where one signs in with one's organization: that of the page one wanted, if any.

    Whether there is such an organization is not looked at, so the link tells nothing.
    """
    wanted = context["request"].GET.get("next", "")
    inside = _INSIDE.match(wanted)
    place = reverse("sign_in_at", args=[inside[1]]) if inside else reverse("choose_organization")
    return f"{place}?{urlencode({'next': wanted})}" if wanted else place


@register.filter
def under(line: JobLine, heads: Sequence[Head]) -> list[tuple[Head, Cell]]:
    """Return the cells of a job's line, each with its head."""
    return list(zip(heads, line.cells, strict=True))


@register.simple_tag
def state(value: str, label: Any) -> SafeString:
    """Draw a status, state or outcome as a word with a coloured dot."""
    return format_html(
        '<span class="status status-{}"><span class="status-dot" aria-hidden="true"></span>'
        "{}</span>",
        _COLOURS.get(value, "secondary"),
        label,
    )


@register.simple_tag(takes_context=True)
def owned(context: Context, name: str, tie: int | str = "") -> SafeString | str:
    """Draw the lock of an owned field of ``held``: it takes the focus, and says whose it is."""
    key = f"{name}_{tie}" if tie else name
    one = (context.get("held") or {}).get(key)
    if one is None:
        return ""
    return format_html(
        '<span class="op-own"><button type="button" class="op-lock" aria-describedby="own-{}">{}'
        '<span class="visually-hidden">{}</span></button>{}'
        '<span class="op-tip" role="tooltip" id="own-{}">{}</span></span>',
        key,
        icon("lock"),
        gettext("locked"),
        format_html('<span class="badge bg-purple-lt op-badge">{}</span>', gettext("ours"))
        if one.is_protected
        else "",
        key,
        one.sentence,
    )


@register.filter
def labels(choices: Sequence[Any]) -> str:
    """Return the words of several choices: "checkouts, renewals"."""
    return ", ".join(str(choice.label) for choice in choices)


@register.filter
def initials(name: str) -> str:
    """Return at most two initials for the place of a photo."""
    words = [word for word in name.split() if word[0].isalnum()]
    chosen = words[:1] + words[-1:] if len(words) > 1 else words
    return "".join(word[0] for word in chosen).upper()


@register.filter
def field_title(name: str) -> Any:
    """Return the words for a field's name."""
    return _FIELD_TITLES.get(name, name)


_IDENTITY_PROVIDER = {
    "code": _("Code"),
    "issuer": _("Issuer"),
    "client_id": _("Client id"),
    "scopes": _("Scopes"),
    "claim": _("Id of the person"),
    "required": _("Claim that must have a value"),
    "metadata": _("Metadata"),
    "server": _("Server"),
    "base": _("Where people are"),
    "name_attribute": _("Attribute with the username"),
    "bind_dn": _("Account to search with"),
    "certificates": _("Certificates"),
    "match": _("Who the id belongs to"),
    "is_active": _("In use"),
    "secret": _("Secret"),
}
_ROSTERING: dict[str, Any] = {
    "kind": _("How it receives"),
    "sites": _("Sites"),
    "address": _("Address"),
    "host_key": _("Host key of the server"),
    "version": _("Version of the package"),
    "redirects": _("Addresses that people come back to"),
    "in_use": _("In use"),
    "supervisor": _("Supervisor"),
    "co_teachers": _("Co-teachers"),
    "reading_platform": _("Reading platform"),
    "groups_managed": _("Groups are managed"),
    "teacher_types": _("Patron types that count as teacher"),
    "teacher_levels": _("Access levels that count as teacher"),
    "student_types": _("Patron types that count as student"),
    "student_levels": _("Access levels that count as student"),
    "interval": _("Hours between two runs"),
    "quiet_from": _("Quiet hours from"),
    "quiet_until": _("Quiet hours until"),
    "delivered": _("At the platform"),
}
_FIELD_TITLES: dict[str, Any] = (
    _ROSTERING
    | LABELS
    | {
        "merged": _("Merged record"),
        "written_in": _("Language"),
        "subject": _("Subject"),
        "body": _("Text"),
        "item": _("Line for each item"),
        "is_sent": _("Sent"),
        "days": _("Days"),
        "hour": _("Hour"),
        "to_second_address": _("To the second address"),
        **_IDENTITY_PROVIDER,
        "external_id": _("External ID"),
        "role": _("Role"),
        "homeroom_supervisor": _("Homeroom supervisor"),
        "status": _("Status"),
        "district_id": _("District ID"),
        "grade_level": _("Grade level"),
        "graduation_year": _("Graduation year"),
        "expires_on": _("Expiry date"),
        "patron_type": _("Patron type"),
        "access_level": _("Access level"),
        "resource_group": _("Resource group"),
        "homeroom": _("Homeroom"),
        "barcode": _("Barcode"),
        "site": _("Site"),
        "registered": _("Registered on"),
        "block": _("Block"),
        "stops": _("Stops"),
        "until": _("Until"),
        "staff_role": _("Staff role"),
        "where": _("Where"),
        "ends_on": _("Last day"),
        "password": _("Password"),
        "second_factor": _("Second factor"),
        "name": _("Name"),
        "noun": _("What you call yourselves"),
        "time_zone": _("Time zone"),
        "locale": _("Language"),
        "country": _("Country"),
        "email": _("E-mail"),
        "password_minimum": _("Least characters of a password"),
        "expiry_warning_days": _("Days before expiry that it is said"),
        "history_months": _("Months that history is kept"),
        "erasure_waiting_days": _("Days before an account is erased"),
        "currency": _("Currency"),
        "pickup_days": _("Days that a requested item is kept"),
        "desk_minutes": _("Minutes before the desk leaves a patron"),
        "override": _("Let pass"),
        "reasons": _("What stood against it"),
        "why": _("Why"),
        "fee": _("Fee"),
        "amount": _("Amount"),
        "proxy": _("May collect for the patron"),
        "loan_lost": _("Declared lost"),
        "loan_linked": _("Lost and found"),
        "requires_second_factor": _("Second factor required"),
        "permissions": _("Rights"),
        "grants": _("Levels that it may grant"),
        "loan_days": _("Loan days"),
        "loan_limit": _("Most loans in all"),
        "loan_limit_at_site": _("Most loans at one site"),
        "renewal_limit": _("Most renewals of a loan"),
        "request_limit": _("Most requests"),
        "maximum_fees": _("Most open fees"),
        "maximum_overdue": _("Most overdue items"),
        "expires_after_months": _("Expires after months"),
        "note": _("Note"),
        "note_for": _("Who reads it"),
        "pops_up": _("Shown on top"),
        "local_codes": _("Local codes"),
        "resource_sharing_library": _("Resource-sharing library"),
        "shares_resources": _("Resource-sharing library"),
        "replaced_card": _("Replaced card"),
        "renewed": _("Renewed on"),
        "renewal_undone": _("Renewal undone on"),
        "protected": _("Protected fields"),
        "protections": _("Protections"),
        "source": _("Source"),
        "source_key": _("Key in the source"),
        "further_sites": _("Associations with further sites"),
        "ended_sites": _("Associations ended with"),
        "released_protections": _("Protections that ended"),
        "told_apart": _("Somebody else in"),
        "sign_in": _("Way to sign in"),
    }
)


@register.filter
def phone(number: str) -> str:
    """Return a telephone number as people write it: "+1 415-555-0123"."""
    try:
        return format_number(parse(number), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


@register.filter
def money(amount: Decimal, currency: str) -> str:
    """Return an amount with its currency: "12.50 USD"."""
    return money_words(amount, currency)


@register.filter
def language_name(code: str) -> str:
    """Return a language's name."""
    return personal_words.language_name(code)


@register.filter
def without_link(body: str) -> str:
    """Return the text of a message as it is kept; where its link stood, that is said."""
    said = gettext("(A link stood here. It is not kept.)")
    return "\n".join(said if line == LINK else line for line in body.split("\n"))


@register.filter
def is_expired(patron: Patron) -> bool:
    """Tell whether the last day has passed."""
    return patron.expires_on is not None and patron.expires_on < timezone.localdate()


@register.filter
def type_names(patron: Patron) -> list[str]:
    """Return the patron's types, each once; the associations are there already."""
    return list(dict.fromkeys(tie.patron_type.name for tie in patron.associations.all()))


@register.filter
def card_values(cards: list[Barcode]) -> list[str]:
    """Return the different values: mostly a patron has one number at all sites."""
    return list(dict.fromkeys(card.value for card in cards))


@register.filter
def page_numbers(page: Page[Any]) -> list[int]:
    """Return the numbers to link to, with 0 where some are left out."""
    around = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else 0 for number in around]


@register.simple_tag(takes_context=True)
def page_link(context: Context, number: int, parameter: str = "") -> str:
    """Return the address of a page of the list, with all else in the address as it is."""
    query = context["request"].GET.copy()
    query[parameter or "page"] = str(number)
    return f"?{query.urlencode()}"
