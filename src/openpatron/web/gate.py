"""The one way from an address to a page: sign-in, organization, actor, permission.

Every view is wrapped by ``page`` or ``member`` (inside an organization), ``signed_in`` (a person
without one) or ``public``; a test fails for an address whose view is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from typing import Any, Concatenate

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import reverse
from django.utils import translation

from openpatron.access.actor import WEB, Actor
from openpatron.access.registry import permission
from openpatron.accounts.models import Account
from openpatron.accounts.queries import has_second_factor, organizations_of
from openpatron.kernel import languages
from openpatron.kernel.errors import NotAllowedError, NotFoundError
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization
from openpatron.patrons.actors import actor_for

from .errors import not_allowed
from .sign_in import came_from_provider, has_ended

PUBLIC = "public"
SIGNED_IN = "signed in"
MEMBER = "member"


class SignedInRequest(HttpRequest):
    """A request by somebody who is signed in."""

    user: Account


class OrganizationRequest(SignedInRequest):
    """A request inside an organization, by somebody who may be there."""

    actor: Actor
    organization: Organization
    # Where else the person is registered, by name.
    other_organizations: list[Organization]


type View[**P] = Callable[Concatenate[Any, P], HttpResponseBase]


def page[**P](name: str) -> Callable[[View[P]], View[Any]]:
    """Wrap a view of one organization: its first argument is an ``OrganizationRequest``.

    The permission must be held in the organization, or, where it may be held at single sites, at
    one of them; what is seen there is then narrowed by the queries. A strange organization and
    one that does not exist answer alike.
    """

    def wrap(view: View[P]) -> View[Any]:
        return _marked(_inside(view, name), name)

    return wrap


def member[**P](view: View[P]) -> View[Any]:
    """Wrap a view of one organization for everybody who is registered there."""
    return _marked(_inside(view, None), MEMBER)


def signed_in[**P](view: View[P]) -> View[Any]:
    """Wrap a view for everybody who is signed in."""
    return _marked(_with_own_password(view), SIGNED_IN)


def signed_in_first[**P](view: View[P]) -> View[Any]:
    """Wrap the one view that is open to who still has to set a password of their own."""
    return _marked(login_required(_in_lasting_session(view)), SIGNED_IN)


def public[**P](view: View[P]) -> View[Any]:
    """Wrap a view that anybody may see; it must not touch a tenant's data."""

    @wraps(view)
    def gated(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return _marked(gated, PUBLIC)


def streamed(request: OrganizationRequest, lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a streamed answer with the organization open: the view is over by then."""
    with open_organization(request.organization):
        yield from lines


def _inside[**P](view: View[P], name: str | None) -> View[Any]:
    @wraps(view)
    @_with_own_password
    def gated(
        request: OrganizationRequest, /, organization: str, *args: P.args, **kwargs: P.kwargs
    ) -> HttpResponseBase:
        others = list(organizations_of(request.user))
        found = next((one for one in others if one.slug == organization), None)
        if found is None:
            raise Http404
        others.remove(found)
        language = languages.of_pages(request.user.language, found.locale)
        with translation.override(language), open_organization(found):
            request.organization = found
            request.other_organizations = others
            request.actor = actor_for(request.user, found, WEB)
            if _lacks_second_factor(request):
                return redirect_to_login(request.get_full_path(), reverse("mfa_index"))
            response = answered(request, name, view, *args, **kwargs)
            response.headers["Content-Language"] = language
        return response

    return gated


def answered[**P](
    request: OrganizationRequest,
    name: str | None,
    view: View[P],
    /,
    *args: P.args,
    **kwargs: P.kwargs,
) -> HttpResponseBase:
    """Return the view's answer, or its refusal, made while the organization is open.

    ``name``: the permission that is asked for first, None for no one.
    """
    try:
        if name is not None:
            _require(request.actor, name)
        response = view(request, *args, **kwargs)
    except NotFoundError as missing:
        raise Http404(str(missing)) from missing
    except NotAllowedError as refused:
        response = not_allowed(request, refused)
    if isinstance(response, SimpleTemplateResponse):
        response.render()
    return response


def _lacks_second_factor(request: OrganizationRequest) -> bool:
    """Tell whether this is staff of an organization that asks staff for a second factor."""
    return (
        request.organization.requires_second_factor
        and any(request.actor.rights.values())
        and not has_second_factor(request.user)
    )


def _in_lasting_session[**P](view: View[P]) -> View[Any]:
    """Sign out who came by an identity provider that would not let them in any more."""

    @wraps(view)
    def gated(request: SignedInRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if has_ended(request, request.user):
            logout(request)
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs)

    return gated


def _with_own_password[**P](view: View[P]) -> View[Any]:
    """Let pass who is signed in; who has a password from staff goes and sets another one first."""

    @wraps(view)
    @login_required
    @_in_lasting_session
    def gated(request: SignedInRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.user.must_change_password and not came_from_provider(request, request.user):
            return redirect_to_login(request.get_full_path(), reverse("change_password"))
        return view(request, *args, **kwargs)

    return gated


def _marked(view: View[Any], gate: str) -> View[Any]:
    """Say on the view itself what guards it: the test of all routes reads that."""
    view.gate = gate  # type: ignore[attr-defined]
    return view


def _require(actor: Actor, name: str) -> None:
    if permission(name).organization_wide:
        actor.require(name)
    else:
        actor.require_anywhere(name)
