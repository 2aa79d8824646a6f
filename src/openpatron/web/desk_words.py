"""What is typed at a desk: days and amounts; and how a deed ends."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NoReturn
from uuid import UUID, uuid5

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from openpatron.circulation.doing import Done, StoppedError, once
from openpatron.kernel.errors import InputError, StateError

from .form_words import said_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from .gate import OrganizationRequest


# What a form did, among the scans.
_FORM = "form"


def day(text: str, field: str) -> date | None:
    """Return a day of a date field, None for nothing, or raise ``InputError``."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(
            field, _("“%s” is no day. Write it like 2026-12-24.") % text[:40]
        ) from None


def required_day(text: str, field: str) -> date:
    """Return a day that has to be given."""
    found = day(text, field)
    if found is None:
        raise InputError(field, _("A day is needed here, like 2026-12-24."))
    return found


def nothing_of_that_name() -> NoReturn:
    """Refuse a deed that no button of ours asks for."""
    raise StateError(_("Nothing of that name can be done here."))


def done(
    request: OrganizationRequest, back: str, deed: Callable[[], str | list[str]]
) -> HttpResponse:
    """Do the deed, say what came of it, and go back; what is refused is said as well.

    The same form, sent twice, does it once.
    """
    sentences: list[str] = []

    def work() -> Done:
        said = deed()
        sentences[:] = [said] if isinstance(said, str) else said
        return Done(_FORM, " ".join(sentences))

    try:
        answer = once(request.actor, _key(request), work)
    except StoppedError as stopped:
        text = str(stopped)
        if stopped.overridable:
            text += " " + _("You may override it: give a reason.")
        messages.error(request, text)
    except InputError as error:
        messages.error(request, said_of(error))
    except StateError as error:
        messages.error(request, str(error))
    else:
        if answer.is_again:
            messages.info(
                request, _("This had arrived already; it was done once: %s") % answer.said
            )
        for sentence in [] if answer.is_again else sentences:
            messages.success(request, sentence)
    return redirect(back)


def _key(request: OrganizationRequest) -> UUID | None:
    """Return what makes two clicks one deed: the form's number, where it goes and what it says."""
    try:
        number = UUID(request.POST.get("key", ""))
    except ValueError:
        return None
    words = [f"{name}={value}" for name, value in sorted(request.POST.items())]
    said = "\x1f".join([request.path, *(w for w in words if not w.startswith("csrf"))])
    return uuid5(number, said.encode("utf-8", "replace").decode())
