"""Who comes to which page of the reading community: asked before anything else is.

Two kinds of people come: accounts registered here, and those whom the provider's own sign-in let
in, who need no account here (``reading_sign_in``). A thing of somebody else and one that does not
exist answer alike, whatever the method.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib.auth.views import redirect_to_login
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.access.actor import WEB
from openpatron.accounts.queries import organizations_of
from openpatron.kernel.errors import NotFoundError
from openpatron.organizations.scope import find_organization, open_organization
from openpatron.reading import logs, queries, seats
from openpatron.reading.seats import Reader
from openpatron.reading.sign_in import signing_in

from .gate import MEMBER, OrganizationRequest, answered, member
from .reading_session import person_signed_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase

    from openpatron.access.actor import Actor
    from openpatron.organizations.models import Organization

type View = Callable[..., Any]


def reader_page(view: View) -> View:
    """Wrap a view for everybody registered here, and for whom the provider signed in."""

    @wraps(view)
    def with_account(request: OrganizationRequest, *args: Any, **words: Any) -> Any:
        person = person_signed_in(request, request.organization)
        if person is not None:
            # Who they are in the community was proved by the provider; their rights stay.
            found = request.actor
            request.actor = Reader(
                found.organization, found.account, found.way, found.rights, found.grants, person
            )
        return view(request, *args, **words)

    inside = member(with_account)

    @wraps(view)
    def gated(request: Any, /, organization: str, *args: Any, **words: Any) -> Any:
        if not _is_member(request, organization):
            found = _organization(organization)
            if found is not None:
                with open_organization(found):
                    person = person_signed_in(request, found)
                    if person is not None:
                        return _as_guest(request, found, person, view, *args, **words)
                    if not request.user.is_authenticated and signing_in(found) is not None:
                        where = reverse("reading_sign_in", args=[found.slug])
                        return redirect_to_login(request.get_full_path(), where)
        return inside(request, organization, *args, **words)

    gated.gate = MEMBER  # type: ignore[attr-defined]
    return gated


def shown(
    request: OrganizationRequest, template: str, context: dict[str, Any], status: int = 200
) -> TemplateResponse:
    """Return a page of the community, in the frame of who looks at it."""
    has_account = request.actor.account is not None
    base = "web/frame.html" if has_account else "web/reading_frame.html"
    signed_in = isinstance(request.actor, Reader)
    words = {"base": base, "signed_in_by_provider": signed_in, "crumb": _("Reading")}
    return TemplateResponse(request, template, words | context, status=status)


def _as_guest(
    request: Any, organization: Organization, person: int, view: View, *args: Any, **words: Any
) -> HttpResponseBase:
    """Call the view for who has no account here."""
    request.organization = organization
    request.actor = Reader(organization, None, WEB, {}, {}, person)
    return answered(request, None, view, *args, **words)


def _is_member(request: HttpRequest, slug: str) -> bool:
    account = request.user
    return account.is_authenticated and organizations_of(account).filter(slug=slug).exists()


def _organization(slug: str) -> Organization | None:
    try:
        return find_organization(slug)
    except NotFoundError:
        return None


def _gated(require: Callable[[Actor, int], object]) -> Callable[[View], View]:
    def wrap(view: View) -> View:
        @wraps(view)
        def gated(request: OrganizationRequest, number: int, **words: Any) -> Any:
            require(request.actor, number)
            return view(request, number, **words)

        plain: View = gated
        return reader_page(plain)

    return wrap


def _require_own_line(actor: Actor, number: int) -> None:
    if not logs.own_log(actor).filter(pk=number).exists():
        raise NotFoundError(_("There is no such line in your log."))


def _require_own_group(actor: Actor, number: int) -> None:
    if number not in {one.pk for one in queries.own_groups(actor)}:
        raise NotFoundError(_("There is no group %d here that you are in.") % number)


of_school = _gated(seats.require_supervisor)
of_group = _gated(seats.require_leader)
of_archived_group = _gated(seats.require_archived)
of_own_line = _gated(_require_own_line)
of_own_group = _gated(_require_own_group)
