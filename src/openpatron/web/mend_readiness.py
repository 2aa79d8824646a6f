"""Mend all who fail one condition: what will be done, a choice where there is one, the preview."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

from django import forms
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.patrons.fields import TIE_FIELDS
from openpatron.rostering import queries
from openpatron.rostering.actions.mend_readiness import mend_readiness as mend_all, require_mend
from openpatron.rostering.mending import MENDS, rule_of, values
from openpatron.rostering.permissions import MANAGE

from .administration_form import AdministrationForm
from .gate import OrganizationRequest, page
from .once import made, request_key
from .rostering import crumbs

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Site


class MendForm(AdministrationForm):
    """What they get, where there is a choice."""

    new = forms.ChoiceField(label=gettext_lazy("What they get"))


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def mend_readiness(request: OrganizationRequest, short_name: str, code: str) -> HttpResponse:
    """Say who is meant and what they get; *Preview* makes the job and goes to it."""
    site = queries.site_to_manage(request.actor, short_name)
    if code not in MENDS:
        raise Http404(_("No job mends the condition “%s”.") % code[:60])
    # The right for the whole organization: who lacks it is told, before anything is chosen.
    require_mend(request.actor, site)
    mend, form = MENDS[code], _form(request, site, code)
    if form.is_bound and form.is_valid():
        new = form.cleaned_data.get("new", "")
        key = request_key(request, ["mend", site.short_name, code, new])
        try:
            return made(request, mend_all(request.actor, site, code, new=new, request_key=key))
        except InputError as error:
            form.take(error)
    here = [request.organization.slug, site.short_name]
    back = f"{reverse('readiness', args=here)}#{code}"
    context = {
        "title": mend.label,
        "breadcrumbs": crumbs(request, site, (_("Readiness"), back)),
        "form": form,
        "condition": rule_of(code).text,
        "who": mend.who,
        "number": queries.number_failing(request.actor, site, code),
        "request_key": uuid4(),
        "back": back,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/mend_readiness.html", context, status=status)


def _form(request: OrganizationRequest, site: Site, code: str) -> MendForm:
    name = MENDS[code].field
    if name == "homeroom":
        known = [one.name for one in queries.homerooms(request.actor, site)]
    else:
        known = values(site, code) if name else []
    stored = {"new": known[0]} if len(known) == 1 else {}
    form = MendForm(request.POST if request.method == "POST" else None, stored=stored)
    if not name:
        del form.fields["new"]
        return form
    chosen = form.fields["new"]
    assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  as declared above
    chosen.label = str(TIE_FIELDS[name].label).capitalize()
    chosen.choices = [("", _("choose")), *((one, one) for one in known)]
    return form
