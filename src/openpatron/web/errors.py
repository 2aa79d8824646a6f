"""The pages for what went wrong. Each says what happened, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.csrf import requires_csrf_token

if TYPE_CHECKING:
    from openpatron.kernel.errors import NotAllowedError

_FRAME = "web/frame.html"
_PLAIN = "web/plain.html"


@dataclass(frozen=True, slots=True)
class _Trouble:
    status: HTTPStatus
    title: str
    what: str
    todo: str
    icon: str = "alert-circle"

    def context(self, parent: str) -> dict[str, Any]:
        return {
            "parent": parent,
            "title": self.title,
            "what": self.what,
            "todo": self.todo,
            "icon": self.icon,
        }


def not_allowed(request: HttpRequest, refused: NotAllowedError) -> HttpResponse:
    """Say which right is missing."""
    return _page(
        request,
        _Trouble(
            HTTPStatus.FORBIDDEN,
            _("You may not do this here"),
            str(refused),
            _("Nothing was changed."),
            "lock",
        ),
    )


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer where Django itself refuses."""
    return _page(
        request,
        _Trouble(
            HTTPStatus.FORBIDDEN,
            _("You may not do this here"),
            str(exception or "") or _("This page needs a right that you do not hold."),
            _("Ask your administrator if you need it."),
            "lock",
        ),
    )


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer alike for what does not exist and for what this person may not know of."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return _page(
        request,
        _Trouble(
            HTTPStatus.NOT_FOUND,
            _("There is nothing at this address"),
            said or _("The page does not exist, or it is not open to you."),
            _("Look whether the address is complete, or start from the beginning."),
            "search",
        ),
    )


def broken(request: HttpRequest) -> HttpResponse:
    """Answer when something of ours failed: nothing is asked of the database here."""
    del request
    trouble = _Trouble(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _("Something went wrong on our side"),
        _("The page could not be made. The error has been written to the server's log."),
        _("Try again. If it happens again, tell your administrator when it happened."),
        "alert-triangle",
    )
    body = render_to_string("web/error.html", trouble.context(_PLAIN))
    return HttpResponse(body, status=trouble.status)


def _page(request: HttpRequest, trouble: _Trouble) -> HttpResponse:
    # Who was let in by the reading community's provider has no account, and so no frame.
    inside = getattr(getattr(request, "actor", None), "account", None) is not None
    body = render_to_string(
        "web/error.html", trouble.context(_FRAME if inside else _PLAIN), request
    )
    return HttpResponse(body, status=trouble.status)
