"""The page that shows a generated password, once: it is the answer itself, kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from .patron_place import crumbs_to

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest


def new_password(
    request: OrganizationRequest,
    patron: Patron,
    password: str,
    *,
    said: str,
    draft: str = "",
    card: str = "",
) -> HttpResponse:
    """Show the password of a patron's account, to be printed or written down.

    ``card``: the address of a card that is to be printed as well.
    """
    context = {
        "title": _("New password"),
        "breadcrumbs": crumbs_to(request, patron),
        "patron": patron,
        "account": patron.account,
        "password": password,
        "said": said,
        "draft": draft,
        "card": card,
    }
    response = TemplateResponse(request, "web/new_password.html", context)
    add_never_cache_headers(response)
    return response
