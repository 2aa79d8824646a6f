"""Give a patron a staff role, and end one: the pages of ``actions/grant_staff_role.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.access.queries import access_levels
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Site
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.grant_staff_role import end_staff_role as end, grant_staff_role
from openpatron.patrons.queries import patron as patron_of
from openpatron.patrons.staff_roles import PERMISSION, require_not_above

from .gate import OrganizationRequest, page
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel

EVERYWHERE, AT_SITES = "everywhere", "sites"


class StaffRoleForm(forms.Form):
    """Which level, where, and until when; only what the actor may give is offered.

    An ``optional`` one, as a part of another form, may be left without a level.
    """

    level = forms.ChoiceField(
        label=gettext_lazy("Access level"),
        widget=forms.Select(attrs={"class": "form-select"}),
        help_text=gettext_lazy("Levels that you may not give are not listed."),
    )
    where = forms.ChoiceField(
        label=gettext_lazy("Where the role holds"), initial=AT_SITES, widget=forms.RadioSelect
    )
    sites = forms.MultipleChoiceField(
        label=gettext_lazy("Sites, where it holds at some"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = forms.DateField(
        required=False,
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("Left empty, the role holds until somebody ends it."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"}),
    )

    def __init__(
        self, actor: Actor, data: Any = None, *, optional: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        self._is_optional = optional
        if optional:
            self.use_required_attribute = False
            self.fields["level"].required = self.fields["where"].required = False
        allowed = actor.sites_with(PERMISSION)
        here = [s for s in sites() if s.kind != Site.Kind.MEDIA]
        self._sites = {str(s.pk): s for s in here if allowed is None or s.pk in allowed}
        places: list[Site | None] = [*self._sites.values()]
        choices = [(AT_SITES, _("At some sites"))]
        if allowed is None:
            places.append(None)
            choices.append((EVERYWHERE, _("In the whole organization")))
        self._levels = {
            str(level.pk): level
            for level in access_levels()
            if level.permissions and any(actor.may_give(level, place) for place in places)
        }
        none = _("none") if optional else ""
        for name, offered in (
            ("level", [("", none), *((key, level.name) for key, level in self._levels.items())]),
            ("where", choices),
            ("sites", [(key, site.name) for key, site in self._sites.items()]),
        ):
            cast("forms.ChoiceField", self.fields[name]).choices = offered

    def clean(self) -> dict[str, Any]:
        """Ask for the level of what is not left out."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors or cleaned["level"] or not self._is_optional:
            return cleaned
        if cleaned["sites"] or cleaned["ends_on"] or cleaned["where"] == EVERYWHERE:
            self.add_error("level", _("Choose the level of the staff role, or leave it out."))
        return cleaned

    def chosen(self) -> tuple[AccessLevel, list[Site] | None]:
        """Return the level and the sites of a valid form; None is everywhere."""
        typed = self.cleaned_data
        places = None
        if typed["where"] == AT_SITES:
            places = [self._sites[key] for key in typed["sites"]]
        return self._levels[typed["level"]], places


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def give_staff_role(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the form, or give the role."""
    patron = patron_of(request.actor, number)
    require_not_above(request.actor, patron)
    form = StaffRoleForm(request.actor, request.POST if request.method == "POST" else None)
    if form.is_valid():
        level, places = form.chosen()
        try:
            grant_staff_role(request.actor, number, level, places, form.cleaned_data["ends_on"])
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            words = {"name": patron.account.full_name, "level": level.name}
            messages.success(request, _("%(name)s holds the role %(level)s now.") % words)
            return redirect(address_of(request, patron.pk))
    context = {
        "title": _("Give %s a staff role") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
    }
    return TemplateResponse(
        request, "web/give_staff_role.html", context, status=422 if form.errors else 200
    )


@page(PERMISSION)
@require_POST
def end_staff_role(request: OrganizationRequest, number: int, role: int) -> HttpResponse:
    """End one role; the patron page says so."""
    ended = end(request.actor, number, role)
    messages.success(request, _("The role %s is ended.") % ended.access_level.name)
    return redirect(address_of(request, number))
