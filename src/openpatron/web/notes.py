"""Notes on a patron: the pages of ``patrons/actions/note_patron.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.note_patron import (
    LIMIT,
    Noted,
    delete_note as delete,
    edit_note as edit,
    note_patron as write,
)
from openpatron.patrons.notes import note_of
from openpatron.patrons.serving import PERMISSION, patron_served

from .gate import OrganizationRequest, page
from .patron_place import address_of, crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.models import Note

STAFF, PERSON = "staff", "person"


class NoteForm(forms.Form):
    """What is noted, who reads it, and whether it stands on top of the page."""

    text = forms.CharField(
        max_length=LIMIT,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("At most 2,000 characters."),
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 4}),
        error_messages={"required": gettext_lazy("Write what is to be noted.")},
    )
    readers = forms.ChoiceField(
        choices=[
            (STAFF, gettext_lazy("only staff")),
            (PERSON, gettext_lazy("staff and the person")),
        ],
        initial=STAFF,
        label=gettext_lazy("Who reads it"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who reads the note.")},
    )
    pops_up = forms.MultipleChoiceField(
        choices=[("yes", gettext_lazy("show it on top of the patron's page"))],
        required=False,
        label=gettext_lazy("Pop-up"),
        widget=forms.CheckboxSelectMultiple,
    )

    def noted(self) -> Noted:
        """Return what was typed, for the action."""
        typed = self.cleaned_data
        return Noted(typed["text"], typed["readers"] == PERSON, bool(typed["pops_up"]))


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def note_patron(request: OrganizationRequest, number: int) -> HttpResponse:
    """Show an empty form, or write the note."""
    return _note(request, number, None)


@page(PERMISSION)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_note(request: OrganizationRequest, number: int, note: int) -> HttpResponse:
    """Show the note as it stands, or change it."""
    patron = patron_served(request.actor, number)
    return _note(request, number, note_of(patron, note))


def _note(request: OrganizationRequest, number: int, note: Note | None) -> HttpResponse:
    patron = patron_served(request.actor, number)
    form = NoteForm(request.POST if request.method == "POST" else None, initial=_initial(note))
    if form.is_valid():
        try:
            if note is None:
                write(request.actor, number, form.noted())
            else:
                edit(request.actor, number, note.pk, form.noted())
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            messages.success(request, _("The note is saved."))
            return redirect(address_of(request, patron.pk))
    name = patron.account.full_name
    context = {
        "title": _("Note on %s") % name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "form": form,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/note_patron.html", context, status=status)


@page(PERMISSION)
@require_POST
def delete_note(request: OrganizationRequest, number: int, note: int) -> HttpResponse:
    """Delete one note; the patron page says so."""
    delete(request.actor, number, note)
    messages.success(request, _("The note is deleted."))
    return redirect(address_of(request, number))


def _initial(note: Note | None) -> dict[str, object]:
    if note is None:
        return {}
    return {
        "text": note.text,
        "readers": PERSON if note.is_public else STAFF,
        "pops_up": ["yes"] if note.pops_up else [],
    }
