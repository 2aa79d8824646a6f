"""Messages to patrons: those that could not be delivered, and all of one patron."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _, ngettext
from django.views.decorators.http import require_POST, require_safe

from openpatron.kernel.errors import InputError
from openpatron.notifications.queries import (
    PERMISSION,
    has_mail_server,
    messages_of_patron,
    undelivered_messages as undelivered,
    waiting_messages,
)
from openpatron.notifications.texts import with_text
from openpatron.patrons.actions.resend_message import (
    resend_message as resend,
    resend_messages as resend_all,
)
from openpatron.patrons.queries import names_by_id, numbers_of, patron as patron_of

from .gate import OrganizationRequest, page
from .patron_place import crumbs_to

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpResponse

    from openpatron.notifications.models import Message

PER_PAGE = 25


@page(PERMISSION)
@require_safe
def undelivered_messages(request: OrganizationRequest) -> HttpResponse:
    """List what somebody has to look at, and say what waits."""
    shown = Paginator(undelivered(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    names = names_by_id({one.patron_id for one in shown if one.patron_id is not None})
    context = {
        "title": _("Messages that could not be delivered"),
        "breadcrumbs": [],
        "page": shown,
        "rows": [(one, names.get(one.patron_id or 0, "")) for one in shown],
        "waiting": waiting_messages(request.actor).count(),
        "has_mail_server": has_mail_server(),
    }
    return TemplateResponse(request, "web/undelivered_messages.html", context)


@page(PERMISSION)
@require_POST
def resend_message(request: OrganizationRequest, message: int) -> HttpResponse:
    """Send one again, to the address as it is now."""
    try:
        sent = resend(request.actor, message)
    except InputError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The message goes to %s again.") % sent.to)
    return redirect("undelivered_messages", request.organization.slug)


@page(PERMISSION)
@require_POST
def resend_messages(request: OrganizationRequest) -> HttpResponse:
    """Send all again that are listed and have an address now."""
    again, left = resend_all(request.actor)
    words = ngettext("%d message is sent again.", "%d messages are sent again.", again) % again
    if left:
        more = ngettext("%d still has no address.", "%d still have no address.", left) % left
        words = f"{words} {more}"
    (messages.warning if left else messages.success)(request, words)
    return redirect("undelivered_messages", request.organization.slug)


@page(PERMISSION)
@require_safe
def patron_messages(request: OrganizationRequest, number: int) -> HttpResponse:
    """List all messages to one patron, for who may see them at one of the patron's sites."""
    patron = patron_of(request.actor, number)
    if not any(request.actor.may(PERMISSION, tie.site) for tie in patron.associations.all()):
        request.actor.require(PERMISSION)
    found = messages_of_patron(request.actor, *numbers_of(patron))
    shown = page_of(found, request.GET.get("page"))
    context = {
        "title": _("Messages to %s") % patron.account.full_name,
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "page": shown,
    }
    return TemplateResponse(request, "web/patron_messages.html", context)


def page_of(found: QuerySet[Message], number: str | None) -> Page[Message]:
    """Return a page of messages, each with its text, also where it is not written yet."""
    shown = Paginator(found, PER_PAGE).get_page(number)
    for message in shown:
        with_text(message)
    return shown
