"""Where the reading community pulls from and signs in, and the history of its pulls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from openpatron.accounts.identity.base import SignInError
from openpatron.administration.rules import required_number
from openpatron.reading import queries, seats
from openpatron.reading.actions.connect_provider import (
    LONGEST,
    SOONEST,
    WantedProvider,
    connect_provider as connect,
)
from openpatron.reading.models import Community, Pull
from openpatron.reading.sign_in import check

from .administration_form import AdministrationForm
from .gate import OrganizationRequest
from .reading import crumbs
from .reading_gate import reader_page, shown
from .reading_sign_in import back_address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from django.http import HttpResponse

_PER_PAGE = 20


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def reading_history(request: OrganizationRequest) -> HttpResponse:
    """Show the pulls: how they went, what the library side left out and why, and whom to ask."""
    pulls = queries.history(request.actor)
    last = pulls.first()
    context = {
        "title": _("Sync history"),
        "breadcrumbs": crumbs(request),
        "page": Paginator(pulls, _PER_PAGE).get_page(request.GET.get("page")),
        "last": last,
        "failed": last is not None and last.outcome == Pull.Outcome.FAILED,
        # What is left out is known of the last pull that was done.
        "done": pulls.filter(outcome=Pull.Outcome.DONE).first(),
        "held": queries.standing(request.actor),
        "asked": queries.whom_to_ask(request.actor),
        "may_connect": seats.may_connect(request.actor),
        "schools": seats.supervised(request.actor),
    }
    return shown(request, "web/reading_history.html", context)


def _long() -> forms.Textarea:
    """Return a box in which a long address can be read whole, on a phone too."""
    return forms.Textarea({"rows": 2})


class ProviderForm(AdministrationForm):
    """Where the community pulls from, and where its people sign in."""

    base_url = forms.CharField(
        label=gettext_lazy("Address of the provider"),
        help_text=gettext_lazy("OneRoster 1.2: it ends with /ims/oneroster/rostering/v1p2."),
        max_length=300,
        widget=_long(),
    )
    token_url = forms.CharField(
        label=gettext_lazy("Address for tokens"), max_length=300, widget=_long()
    )
    client_id = forms.CharField(label=gettext_lazy("Client"), max_length=80)
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        help_text=gettext_lazy("Empty: the secret that is stored stays."),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(),
    )
    interval = forms.CharField(
        label=gettext_lazy("Hours between two syncs"), help_text=gettext_lazy("From 1 to 672.")
    )
    issuer = forms.CharField(
        label=gettext_lazy("Sign-in: issuer"),
        help_text=gettext_lazy(
            "Where people sign in by OpenID Connect, if the provider is another OpenPatron: its "
            "address, like https://library.example. Empty: people sign in with their accounts here."
        ),
        max_length=300,
        required=False,
        widget=_long(),
    )
    sign_in_name = forms.CharField(
        label=gettext_lazy("Sign-in: what people call it"),
        help_text=gettext_lazy("It stands on the button, such as “the district library”."),
        max_length=80,
        required=False,
    )
    sign_in_client = forms.CharField(
        label=gettext_lazy("Sign-in: client"),
        help_text=gettext_lazy("Empty: the client above signs people in as well."),
        max_length=200,
        required=False,
    )
    sign_in_secret = forms.CharField(
        label=gettext_lazy("Sign-in: secret"),
        help_text=gettext_lazy("Of the client for signing in, if it is another one."),
        max_length=200,
        required=False,
        widget=forms.PasswordInput(),
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "interval": lambda text: required_number(text, "interval", lowest=SOONEST, highest=LONGEST)
    }

    def wanted(self) -> WantedProvider:
        """Return the provider as it is to be."""
        return WantedProvider(**self.cleaned_data)


_STORED = (
    "base_url", "token_url", "client_id", "interval", "issuer", "sign_in_name", "sign_in_client",
)  # fmt: skip


@reader_page
@require_http_methods(["GET", "HEAD", "POST"])
def connect_provider(request: OrganizationRequest) -> HttpResponse:
    """Show and write where the community pulls from and signs in."""
    found = queries.connected(request.actor)
    stored = {"interval": 24} if found is None else {one: getattr(found, one) for one in _STORED}
    form = ProviderForm(request.POST if request.method == "POST" else None, stored=stored)
    written = form.saved(lambda: connect(request.actor, form.wanted())) if form.is_bound else None
    if written is not None:
        messages.success(request, _("The provider is saved. The next sync begins in a moment."))
        _try(request, written)
        return redirect("reading_history", request.organization.slug)
    context = {
        "title": _("Provider"),
        "breadcrumbs": crumbs(request),
        "form": form,
        "hint": _("For signing in, the provider has to know this address to come back to: %s")
        % back_address(request.organization),
        "save": _("Save and synchronize"),
        "back": reverse("reading", args=[request.organization.slug]),
    }
    status = 422 if form.errors else 200
    return shown(request, "web/administration_form.html", context, status)


def _try(request: OrganizationRequest, held: Community) -> None:
    """Say whether one can sign in there."""
    if not held.issuer:
        return
    try:
        found = check(held, back_address(request.organization))
        messages.success(request, _("The sign-in was tried. %s") % found)
    except SignInError as error:
        messages.warning(request, _("The sign-in was tried. %s") % error)
