"""Sign in to the reading community at its provider, where that is another OpenPatron."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from openpatron.accounts.identity.base import SetupError, SignInError, UnreachableError
from openpatron.kernel.errors import NotFoundError
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.reading.models import Community
from openpatron.reading.sign_in import begin, finish, name_of, signing_in

from .elsewhere_session import wanted_address
from .gate import OrganizationRequest, public
from .reading_gate import reader_page
from .reading_session import come_back, go_away, sign_in, sign_out
from .sign_in_elsewhere import not_signed_in

if TYPE_CHECKING:
    from django.http import HttpResponse

    from openpatron.organizations.models import Organization

_log = logging.getLogger("openpatron.sign_in")


def back_address(organization: Organization) -> str:
    """Return where the provider sends people back to; it has to know this address."""
    path = reverse("reading_signed_in", args=[organization.slug])
    return f"{settings.OPENPATRON_BASE_URL}{path}"


@public
@never_cache
@require_safe
def reading_sign_in(request: HttpRequest, organization: str) -> HttpResponse:
    """Offer both ways in."""
    with _opened(organization) as (found, held):
        wanted = wanted_address(request) or reverse("reading", args=[found.slug])
        context = {
            "title": _("Reading community of %s") % found.name,
            "name": name_of(held),
            "away": reverse("reading_sign_in_away", args=[found.slug]),
            "next": wanted,
        }
        return TemplateResponse(request, "web/reading_sign_in.html", context).render()


@public
@never_cache
@require_safe
def reading_sign_in_away(request: HttpRequest, organization: str) -> HttpResponse:
    """Send the browser to the provider."""
    with _opened(organization) as (found, held):
        try:
            begun = begin(held, back_address(found))
        except SignInError as error:
            # Nobody was asked anything yet: there is the other way in, or later.
            return _said(request, found, error, 409)
        go_away(request, found, begun.kept, wanted_address(request))
        return redirect(begun.address)


@public
@never_cache
@require_safe
def reading_signed_in(request: HttpRequest, organization: str) -> HttpResponse:
    """Check what the provider says, and let its person in."""
    with _opened(organization) as (found, held):
        away = come_back(request, found)
        if away is None:
            said = _(
                "This sign-in began in another window or too long ago, or it is used up. Begin "
                "again."
            )
            return _trouble(request, found, said, 409)
        kept, wanted = away
        try:
            person = finish(held, back_address(found), kept, request.GET.dict())
        except SignInError as error:
            return _said(request, found, error)
        if person is None:
            _log.warning("Reading community of %s: an unknown person", found.slug)
            said = _(
                "%(provider)s signed you in, but you are not in the reading community of "
                "%(organization)s, or not any more. Who is in it comes from the library system: "
                "ask your library, where the readiness of your school says what is missing."
            ) % {"provider": name_of(held), "organization": found.name}
            return _trouble(request, found, said, 403)
        sign_in(request, found, person)
        return redirect(wanted or reverse("reading", args=[found.slug]))


@reader_page
@require_POST
def reading_sign_out(request: OrganizationRequest) -> HttpResponse:
    """Sign out of the community; an account that is signed in here stays so."""
    sign_out(request, request.organization)
    if request.actor.account is None:
        return redirect("reading_sign_in", request.organization.slug)
    return redirect("reading", request.organization.slug)


@contextmanager
def _opened(slug: str) -> Iterator[tuple[Organization, Community]]:
    """Open an organization whose community signs in at its provider; any other looks like none."""
    try:
        organization = find_organization(slug)
    except NotFoundError:
        raise _nothing() from None
    with open_organization(organization):
        held = signing_in(organization)
        if held is None:
            raise _nothing()
        yield organization, held


def _nothing() -> Http404:
    return Http404(_("There is no reading community with a sign-in of its own at this address."))


def _said(
    request: HttpRequest, organization: Organization, error: SignInError, status: int = 0
) -> HttpResponse:
    _log.warning(
        "Reading community of %s: nobody is signed in (%s)", organization.slug, error.reason
    )
    is_down = isinstance(error, (UnreachableError, SetupError))
    status = status or (503 if is_down else 403)
    return _trouble(request, organization, str(error), status)


def _trouble(
    request: HttpRequest, organization: Organization, said: str, status: int
) -> HttpResponse:
    again = reverse("reading_sign_in", args=[organization.slug])
    return not_signed_in(request, said, again, status).render()
