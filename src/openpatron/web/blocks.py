"""Block a patron, and lift a block: the pages of ``patrons/actions/block_patron.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.block_patron import (
    PERMISSION,
    block_patron as block,
    lift_block as lift,
    may_block,
)
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.staff_roles import require_not_above
from openpatron.patrons.standing import Deed

from .gate import OrganizationRequest, page
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse


class BlockForm(forms.Form):
    """What the block stops, why, and until when."""

    stops = forms.MultipleChoiceField(
        choices=Deed.choices,
        initial=Deed.values,
        label=gettext_lazy("What the block stops"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one of them.")},
    )
    reason = forms.CharField(
        max_length=200,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The person reads it, too. At most 200 characters."),
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    until = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("Left empty, the block holds until somebody lifts it."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"}),
    )


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def block_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or write the block."""
    patron = patron_of(request.actor, number)
    if not may_block(request.actor, patron):
        request.actor.require(PERMISSION)
    require_not_above(request.actor, patron)
    form = BlockForm(request.POST) if request.method == "POST" else BlockForm()
    if form.is_valid():
        typed = form.cleaned_data
        try:
            block(
                request.actor,
                patron.pk,
                [Deed(deed) for deed in typed["stops"]],
                typed["reason"],
                typed["until"],
            )
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("%s is blocked.") % patron.account.full_name)
            return redirect(address_of(request, patron.pk))
    context = {
        "title": _("Block %s") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
    }
    return TemplateResponse(
        request, "web/block_patron.html", context, status=422 if form.errors else 200
    )


@page(PERMISSION)
@require_POST
def lift_block(request: OrganizationRequest, number: int, block: int) -> HttpResponse:
    """Lift one block; the patron page says so."""
    lifted = lift(request.actor, number, block)
    messages.success(request, _("The block “%s” is lifted.") % lifted.reason)
    return redirect(address_of(request, number))
