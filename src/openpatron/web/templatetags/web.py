"""Small pieces that every page draws alike: ``{% load web %}``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Sequence

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
}  # fmt: skip


@register.simple_tag
def icon(name: str, css: str = "") -> SafeString:
    """Draw an icon of ``static/vendor/icons.svg``; it says nothing to a screen reader."""
    return format_html(
        '<svg class="icon {}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        css,
        static("vendor/icons.svg"),
        name,
    )


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


_FIELD_TITLES = {
    "merged": _("Merged record"),
    "district_id": _("District ID"),
    "additional_email": _("Additional e-mail"),
    "wants_mail": _("Wants letters"),
    "status": _("Status"),
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
}


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
