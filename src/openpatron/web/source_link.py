"""Link one record to a source by its key, and unlink it with a way to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError, StateError
from openpatron.patrons.actions.link_to_source import link_to_source as link
from openpatron.patrons.actions.unlink_from_source import (
    AS_IT_IS,
    LINK,
    PASSWORD,
    unlink_from_source as unlink,
)
from openpatron.patrons.external import OPEN, external_of, require_open
from openpatron.patrons.protections import sources
from openpatron.patrons.queries import patron as patron_of

from .gate import OrganizationRequest, page
from .locked import banner
from .new_password import new_password
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.models import Patron


class LinkForm(forms.Form):
    """Which source, and the key that it knows the person by."""

    use_required_attribute = False

    source = forms.ChoiceField(
        label=gettext_lazy("Source"),
        widget=forms.Select({"class": "form-select"}),
        error_messages={
            "required": gettext_lazy("A value is needed here."),
            "invalid_choice": gettext_lazy("Choose one of the values of the list."),
        },
    )
    key = forms.CharField(
        max_length=254,
        label=gettext_lazy("Key in the source"),
        help_text=gettext_lazy("The number by which the source knows this person."),
        widget=forms.TextInput({"class": "form-control", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("A value is needed here.")},
    )

    def __init__(self, choices: list[tuple[str, str]], *arguments: Any, **more: Any) -> None:
        """Offer the sources."""
        super().__init__(*arguments, **more)
        field = self.fields["source"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = [("", _("choose a source")), *choices]


@page(OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def link_to_source(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or link the record; the patron page says so."""
    patron = patron_of(request.actor, number)
    require_open(request.actor, patron)
    if external_of(patron).record is not None:
        messages.info(request, _("This record is linked to a source already."))
        return redirect(address_of(request, number))
    choices = [(one.code, one.name) for one in sources(request.actor)]
    initial = {"key": patron.district_id}
    form = LinkForm(choices, request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            record = link(request.actor, number, **form.cleaned_data)
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except StateError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                _("%(name)s is linked to “%(source)s”. Its next feed brings the values.")
                % {"name": patron.account.full_name, "source": record.source.name},
            )
            return redirect(address_of(request, number))
    context = {
        "title": _("Link %s to a source") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
        "has_sources": bool(choices),
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "web/link_to_source.html", context, status=status)


@page(OPEN)
@require_http_methods(["GET", "HEAD", "POST"])
def unlink_from_source(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask how the person signs in then; a generated password is the answer itself."""
    patron = patron_of(request.actor, number)
    require_open(request.actor, patron)
    if external_of(patron).record is None:
        messages.info(request, _("This record has no source."))
        return redirect(address_of(request, number))
    error = ""
    if request.method == "POST":
        keeps = request.POST.get("protections") != "drop"
        try:
            made = unlink(
                request.actor,
                number,
                sign_in=request.POST.get("sign_in", ""),
                keep_protections=keeps,
            )
        except (InputError, StateError) as wrong:
            error = str(wrong)
        else:
            said = _("%s is internal now: no feed touches the record.") % patron.account.full_name
            if made:
                return new_password(request, patron, made, said=said)
            messages.success(request, said)
            return redirect(address_of(request, number))
    return _asked(request, patron, error)


def _asked(request: OrganizationRequest, patron: Patron, error: str) -> HttpResponse:
    account = patron.account
    ways = [(PASSWORD, _("Generate a password, shown once, to be handed over"))]
    if account.email:
        ways.insert(0, (LINK, _("Send a link to set a password to %s") % account.email))
    if account.has_usable_password():
        ways.insert(0, (AS_IT_IS, _("Leave the password that the account has")))
    context = {
        "title": _("Unlink %s from the source?") % account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "banner": banner(request.actor, patron),
        "ways": ways,
        "chosen": request.POST.get("sign_in", ways[0][0]),
        "drops": request.POST.get("protections") == "drop",
        "error": error,
    }
    status = 422 if error else 200
    return TemplateResponse(request, "web/unlink_from_source.html", context, status=status)
