"""A patron's card: to be printed, and to be replaced when it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.actions.replace_card import card_of, replace_card as replace
from openpatron.patrons.models import Barcode
from openpatron.patrons.serving import PERMISSION, patron_served

from .gate import OrganizationRequest, page
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from openpatron.patrons.models import Patron


class ReplaceForm(forms.Form):
    """The new number; empty gives the next one."""

    barcode = forms.CharField(
        max_length=40,
        required=False,
        label=gettext_lazy("New number"),
        help_text=gettext_lazy("Scan or type it. Empty: the next number of the site is given."),
        widget=forms.TextInput(
            attrs={
                "class": "form-control",
                "autocomplete": "off",
                "autocapitalize": "none",
                "spellcheck": "false",
                "data-focus": "",
            }
        ),
    )


@page(PERMISSION)
@require_safe
def card(request: OrganizationRequest, number: int, card: int) -> HttpResponse:
    """Show a card with the ways to print it."""
    from .card_pdf import printed_card  # noqa: PLC0415  slow to load

    patron, found = _found(request, number, card)
    context = {
        "title": _("Card %s") % found.value,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "card": found,
        "printed": printed_card(request.organization, patron, found),
        "is_current": found.state == Barcode.State.CURRENT,
    }
    return TemplateResponse(request, "web/card.html", context)


@page(PERMISSION)
@require_safe
def print_card(request: OrganizationRequest, number: int, card: int) -> HttpResponse:
    """Send the card as a PDF: ``?paper=card``, ``a4`` or ``letter``."""
    from .card_pdf import CARD, PAPERS, card_pdf, printed_card  # noqa: PLC0415  slow to load

    patron, found = _found(request, number, card)
    paper = request.GET.get("paper", CARD)
    if paper not in PAPERS or found.state != Barcode.State.CURRENT:
        raise Http404(_("There is no such card to print."))
    pdf = card_pdf(printed_card(request.organization, patron, found), paper)
    response = HttpResponse(pdf, content_type="application/pdf")
    # Without the number: file names end up in lists of downloads.
    response["Content-Disposition"] = f'inline; filename="card-{patron.pk}.pdf"'
    add_never_cache_headers(response)
    return response


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def replace_card(request: OrganizationRequest, number: int, card: int) -> HttpResponse:
    """Ask for the new number, or replace the card and lead to the new one."""
    patron, old = _found(request, number, card)
    form = ReplaceForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            new = replace(request.actor, number, card, form.cleaned_data["barcode"])
        except InputError as error:
            form.add_error("barcode", str(error))
        except StateError as error:
            messages.warning(request, str(error))
            return redirect(address_of(request, number))
        else:
            said = _("Card %(old)s is replaced by %(new)s. The old number never works again.")
            messages.success(request, said % {"old": old.value, "new": new.value})
            return redirect("card", request.organization.slug, number, new.pk)
    context = {
        "title": _("Replace card %s") % old.value,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "card": old,
        "form": form,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/replace_card.html", context, status=status)


def _found(request: OrganizationRequest, number: int, card: int) -> tuple[Patron, Barcode]:
    patron = patron_served(request.actor, number)
    return patron, card_of(request.actor, patron, card)
