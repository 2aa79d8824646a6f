"""One's own personal data: the form parses, the action of the same name decides and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core import ratelimit
from django.db import transaction
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.access.actor import WEB
from openpatron.accounts.queries import organizations_of
from openpatron.kernel.errors import InputError
from openpatron.patrons.actions.edit_own_data import (
    NOT_HERE,
    edit_own_data as write,
    refusal,
    region_of,
)
from openpatron.patrons.personal_data import locked_account

from .edit_personal_data import say_written
from .gate import SignedInRequest, signed_in
from .locked import held_of_person
from .meanwhile import merged, opened, sealed
from .personal_form import PersonalForm, personal_values

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse, QueryDict

    from openpatron.accounts.models import Account

    from .meanwhile import Difference

_SALT = "openpatron.web.edit_own_data"


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit_own_data(request: SignedInRequest) -> HttpResponse:
    """Show the form, or write what was typed: all of it or nothing."""
    if request.method != "POST":
        return _shown(request, request.user, _form(request.user))
    with transaction.atomic():
        return _received(request, locked_account(request.user.pk))


def _received(request: SignedInRequest, account: Account) -> HttpResponse:
    seen = opened(request.POST, personal_values(account), _SALT)
    met = _form(account).differences(seen, request.POST)
    form = _form(account, merged(request.POST, met))
    if not form.is_valid() or met:
        return _shown(request, account, form, met)
    personal = form.personal()
    # Whether a username is taken is not to be asked for a whole list of names.
    if personal["username"] != account.username and not ratelimit.consume(
        request, action="manage_email", user=request.user
    ):
        form.add_error(
            "username", _("There were too many attempts. Wait a minute, then try again.")
        )
        return _shown(request, account, form)
    try:
        written = write(account, WEB, personal)
    except InputError as error:
        form.take(error)
        return _shown(request, account, form)
    say_written(request, written, _("Your personal data is saved."))
    return redirect("edit_own_data")


def _form(account: Account, data: QueryDict | None = None) -> PersonalForm:
    locked = {name: refusal(name) for name in NOT_HERE}
    held = held_of_person(account)
    return PersonalForm(
        personal_values(account), region_of(account), data, locked=locked, held=held, is_own=True
    )


def _shown(
    request: SignedInRequest,
    account: Account,
    form: PersonalForm,
    met: Sequence[Difference] = (),
) -> HttpResponse:
    context = {
        "title": _("Personal data"),
        "form": form,
        "is_own": True,
        "differences": met,
        "seen": sealed(personal_values(account), _SALT),
        "organizations": organizations_of(account),
    }
    status = 422 if request.method == "POST" else 200
    return TemplateResponse(request, "web/edit_own_data.html", context, status=status)
