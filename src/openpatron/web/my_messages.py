"""A person's own messages, of all their organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from openpatron.notifications.queries import own_messages

from .gate import SignedInRequest, signed_in
from .patron_messages import page_of

if TYPE_CHECKING:
    from django.http import HttpResponse


@signed_in
@require_safe
def my_messages(request: SignedInRequest) -> HttpResponse:
    """Show them, the newest first."""
    shown = page_of(own_messages(request.user), request.GET.get("page"))
    context = {"title": _("My messages"), "page": shown}
    return TemplateResponse(request, "web/my_messages.html", context)
