"""Access levels: listed with their matrix, added, edited, deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.access.actor import EVERY_LEVEL
from openpatron.access.queries import access_levels as levels_by_name
from openpatron.access.registry import permissions
from openpatron.administration.actions.edit_access_level import (
    EditedLevel,
    add_access_level as add,
    delete_access_level as delete,
    edit_access_level as edit,
    may_let_grant,
    may_let_grant_all,
)
from openpatron.administration.permissions import MANAGE_LEVELS
from openpatron.administration.queries import (
    ACCESS_LEVEL,
    access_level,
    history,
    is_above,
    levels_in_use,
)
from openpatron.administration.rules import number
from openpatron.kernel.errors import NotAllowedError

from .administration import crumbs, deleted, shown
from .administration_form import AdministrationForm, lines_of
from .gate import OrganizationRequest, page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

    from openpatron.access.actor import Actor
    from openpatron.access.models import AccessLevel


class AccessLevelForm(AdministrationForm):
    """A name, the rights, and the levels that may be granted; only what the actor may put in."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=30)
    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("Rights"), required=False, widget=forms.CheckboxSelectMultiple
    )
    grants = forms.MultipleChoiceField(
        label=gettext_lazy("Levels that it may grant"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    desk_minutes = forms.CharField(
        label=gettext_lazy("Minutes before the desk leaves a patron"),
        help_text=gettext_lazy(
            "Without activity, so that nothing of the last patron stays on the screen. From 1 to "
            "240; 0: never."
        ),
        required=False,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "desk_minutes": partial(number, field="desk_minutes", highest=240)
    }

    def __init__(self, actor: Actor, level: AccessLevel | None, data: Any = None) -> None:
        held = [] if level is None else level.permissions
        granted = [] if level is None else level.grants
        stored = {
            "name": "" if level is None else level.name,
            "permissions": list(held),
            "grants": list(granted),
            "desk_minutes": "" if level is None else str(level.desk_minutes),
        }
        super().__init__(data, stored={} if level is None else stored)
        rights = [
            (one.name, _right(one.label, wide=one.organization_wide))
            for one in permissions()
            if one.name in held or actor.may_grant([one.name], None)
        ]
        levels = [
            (one.name, one.name)
            for one in levels_by_name()
            if one.name in granted or may_let_grant(actor, one)
        ]
        if EVERY_LEVEL in granted or may_let_grant_all(actor):
            levels.insert(0, (EVERY_LEVEL, _("every level, also those to come")))
        for name, offered in (("permissions", rights), ("grants", levels)):
            cast("forms.MultipleChoiceField", self.fields[name]).choices = offered

    def edited(self) -> EditedLevel:
        """Return what was typed, for the action."""
        typed = self.cleaned_data
        return EditedLevel(
            typed["name"],
            frozenset(typed["permissions"]),
            frozenset(typed["grants"]),
            typed["desk_minutes"],
        )


def _right(label: Any, *, wide: bool) -> str:
    return _("%s (only in the whole organization)") % label if wide else str(label)


@page(MANAGE_LEVELS)
@require_safe
def access_levels(request: OrganizationRequest) -> HttpResponse:
    """Show the levels, and the matrix of their rights."""
    actor = request.actor
    found = levels_in_use(actor)
    rights = permissions()
    context = {
        "title": _("Access levels"),
        "breadcrumbs": crumbs(request),
        "levels": [
            (
                level,
                [right.label for right in rights if right.name in level.permissions],
                [_("every level") if one == EVERY_LEVEL else one for one in level.grants],
                ties,
                roles,
                is_above(actor, level),
            )
            for level, ties, roles in found
        ],
        "matrix": [
            (right, [right.name in level.permissions for level, _t, _r in found])
            for right in rights
        ],
    }
    return TemplateResponse(request, "web/access_levels.html", context)


@page(MANAGE_LEVELS)
@require_http_methods(["GET", "HEAD", "POST"])
def add_access_level(request: OrganizationRequest) -> HttpResponse:
    """Show an empty form, or add the level."""
    return _form(request, None)


@page(MANAGE_LEVELS)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_access_level(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show the level, or write it."""
    level = access_level(request.actor, number)
    if is_above(request.actor, level):
        raise NotAllowedError(
            MANAGE_LEVELS,
            _("The level “%s” holds rights that you do not hold. Ask who holds them.") % level.name,
        )
    return _form(request, level)


@page(MANAGE_LEVELS)
@require_POST
def delete_access_level(request: OrganizationRequest, number: int) -> HttpResponse:
    """Delete a level that nobody has."""
    return deleted(request, partial(delete, request.actor, number), "access_levels")


def _form(request: OrganizationRequest, level: AccessLevel | None) -> HttpResponse:
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    form = AccessLevelForm(actor, level, bound)

    def write() -> AccessLevel:
        wanted = form.edited()
        return add(actor, wanted) if level is None else edit(actor, level.pk, wanted)

    if bound is not None and (written := form.saved(write)):
        messages.success(request, _("%s is saved. It takes effect at once.") % written.name)
        return redirect("access_levels", request.organization.slug)
    slug = request.organization.slug
    context: dict[str, Any] = {
        "title": _("Add an access level") if level is None else _("Edit %s") % level.name,
        "breadcrumbs": crumbs(request, ("access_levels", _("Access levels"))),
        "form": form,
        "save": _("Save this access level"),
        "back": reverse("access_levels", args=[slug]),
        "hint": _("Rights and levels that you may not give yourself are not listed."),
    }
    if level is not None:
        context |= {
            "events": lines_of(actor, history(actor, ACCESS_LEVEL, level.pk)),
            "delete_address": reverse("delete_access_level", args=[slug, level.pk]),
            "delete_question": _("Delete the access level %s?") % level.name,
            "delete_words": _("Delete this access level"),
        }
    return shown(request, form, context)
