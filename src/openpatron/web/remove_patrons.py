"""Update patrons → Remove patrons: who has left, or who is on a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django import forms
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.queries import job as find_job
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.remove_patrons import KIND, PERMISSION, ask, plan_removal
from openpatron.patrons.models import Patron

from .gate import OrganizationRequest, page
from .once import made, request_key

if TYPE_CHECKING:
    from django.http import HttpResponse


class RemovalForm(forms.Form):
    """Who is to be removed: what is checked here is only that dates are dates."""

    at = forms.ChoiceField(
        required=False,
        label=gettext_lazy("At which site"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    status = forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("any status")), *Patron.Status.choices],
        label=gettext_lazy("Whose status is"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    expired_before = forms.DateField(
        required=False,
        label=gettext_lazy("Whose expiry date is before"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"class": "form-control", "type": "date"}),
    )
    graduated = forms.BooleanField(
        required=False,
        label=gettext_lazy("Only those who have graduated"),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    listed = forms.CharField(
        required=False,
        label=gettext_lazy("Or a list of barcodes or district ids"),
        help_text=gettext_lazy("One per line. With a list, leave all of the above empty."),
        widget=forms.Textarea(
            attrs={"class": "form-control", "rows": 5, "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """Offer the sites where patrons are."""
        super().__init__(*arguments, **more)
        field = self.fields["at"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101  declared above
        field.choices = [
            ("", _("all sites")),
            *((s.short_name, s.name) for s in sites() if s.kind != s.Kind.MEDIA),
        ]

    def words(self) -> dict[str, Any]:
        """Return what was typed, for ``ask``."""
        typed = self.cleaned_data
        before = typed["expired_before"]
        return {
            "at": typed["at"],
            "status": typed["status"],
            "expired_before": before.isoformat() if before else "",
            "graduated": typed["graduated"],
            "listed": typed["listed"] or None,
        }


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def remove_patrons(request: OrganizationRequest) -> HttpResponse:
    """Show the form; *Preview* makes the job and goes to it."""
    if request.method != "POST":
        typed = request.GET.dict()
        listed = _listed_before(request, typed.pop("list_of", ""))
        return _form(request, RemovalForm(initial=typed | ({"listed": listed} if listed else {})))
    form = RemovalForm(request.POST)
    if form.is_valid():
        words = form.words()
        try:
            asked = ask(request.actor, **words)
        except InputError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            said = [f"{name}={value}" for name, value in words.items()]
            return made(request, plan_removal(request.actor, asked, request_key(request, said)))
    return _form(request, form, 422)


def _form(request: OrganizationRequest, form: RemovalForm, status: int = 200) -> HttpResponse:
    context = {
        "title": _("Remove patrons"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "form": form,
        "request_key": uuid4(),
    }
    return TemplateResponse(request, "web/remove_patrons.html", context, status=status)


def _listed_before(request: OrganizationRequest, number: str) -> str:
    """Return the list of an earlier job, to run it again."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):  # noqa: PLR2004  bigint
        return ""
    try:
        job = find_job(request.actor, int(number))
    except (NotFoundError, NotAllowedError):
        return ""
    entries = job.params["listed"] if job.kind == KIND else []
    return "\n".join(key for _line, key in entries)
