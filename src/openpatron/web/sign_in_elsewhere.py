"""Sign in with one's organization: choose it, go to its provider, come back, be let in."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import get_random_string
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.accounts.identity import ldap, saml
from openpatron.accounts.identity.base import (
    Answer,
    RefusedError,
    SetupError,
    SignInError,
    UnreachableError,
    WrongPasswordError,
    refused,
)
from openpatron.accounts.identity.protocols import AWAY, Kind
from openpatron.accounts.queries import organization_called
from openpatron.kernel.text import fold
from openpatron.patrons.actions.sign_in_elsewhere import (
    AgreementNeededError,
    UnknownPersonError,
    agree_to_identity as write_agreement,
    sign_in_elsewhere as account_at,
)
from openpatron.patrons.signing_in import provider_for

from .elsewhere_forms import OrganizationForm, PasswordForm, UsernameForm
from .elsewhere_session import (
    ToAgree,
    agreed,
    ask_to_agree,
    come_back,
    go_away,
    opened,
    opened_provider,
    our_addresses,
    to_agree,
    wanted_address,
)
from .gate import SignedInRequest, public, signed_in
from .sign_in import BY_PROVIDER

if TYPE_CHECKING:
    from django.http import HttpRequest

    from openpatron.accounts.models import IdentityProvider

_log = logging.getLogger("openpatron.web.sign_in_elsewhere")
_STATUS: Mapping[type[SignInError], int] = {
    UnknownPersonError: 403,
    RefusedError: 403,
    UnreachableError: 503,
    SetupError: 503,
}
# How long an answer waits for the browser to fetch it, in seconds, and how large it may be.
_WAITS, _LARGEST = 120, 300_000


@public
@never_cache
@require_safe
def choose_organization(request: HttpRequest) -> HttpResponse:
    """Ask for the organization, and lead to its page; one without a sign-in looks like none."""
    form = OrganizationForm(request.GET if "organization" in request.GET else None)
    wanted = wanted_address(request)
    if form.is_bound and form.is_valid():
        found = organization_called(form.cleaned_data["organization"])
        if found is not None:
            return redirect(_with_next(reverse("sign_in_at", args=[found.slug]), wanted))
        form.add_error(
            "organization",
            _(
                "No organization of this name has a sign-in of its own. Look how it is written in "
                "the address of its pages, or ask your library."
            ),
        )
    context = {"title": _("Sign in with your organization"), "form": form, "next": wanted}
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/choose_organization.html", context, status=status)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_at(request: HttpRequest, organization: str) -> HttpResponse:
    """Show where the people of an organization sign in; for a username, its provider alone.

    That is a link: a form must not lead to another site, not even by a redirect (our CSP).
    """
    wanted = wanted_address(request)
    with opened(organization) as (found, every):
        providers = every
        form = UsernameForm(request.POST if request.method == "POST" else None)
        is_chosen = form.is_bound and form.is_valid()
        if is_chosen:
            username = form.cleaned_data["username"]
            chance = _chance(found.slug, username)
            providers = [provider_for(found.pk, username, every, chance)]
        context = {
            "title": _("Sign in at %s") % found.name,
            "name": found.name,
            "providers": [
                (one, _with_next(_begin(found.slug, one.code), wanted)) for one in providers
            ],
            "form": form,
            "is_chosen": is_chosen,
            "next": wanted,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "web/sign_in_at.html", context, status=status).render()


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_elsewhere(request: HttpRequest, organization: str, code: str) -> HttpResponse:
    """Send the browser to the provider, or, for LDAP, ask for name and password here."""
    with opened_provider(organization, code) as provider:
        if provider.kind == Kind.LDAP:
            return _by_password(request, provider)
        if request.method == "POST":
            return HttpResponseNotAllowed(["GET", "HEAD"])
        try:
            begun = AWAY[provider.kind].begin(provider, our_addresses(provider))
        except SignInError as error:
            return _said(request, provider, error)
        go_away(request, provider, begun.kept, wanted_address(request))
        return redirect(begun.address)


@csrf_exempt
@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def back_from_elsewhere(request: HttpRequest, organization: str, code: str) -> HttpResponse:
    """Check what the provider says, and let its person in.

    SAML's answer is posted by another site, so without our session's cookie: it waits a moment,
    unread, until the browser fetches it with the cookie.
    """
    with opened_provider(organization, code) as provider:
        if request.method == "POST":
            return _keep_answer(request, provider)
        away = come_back(request, provider)
        if away is None:
            return _over(request, provider)
        words = request.GET.dict()
        waiting = words.pop("answer", "")
        answer = Answer(words, _kept_answer(waiting) if waiting else "")
        ours = our_addresses(provider)
        try:
            subject = AWAY[provider.kind].finish(provider, ours, away.kept, answer)
        except SignInError as error:
            return _said(request, provider, error)
        return _let_in(request, provider, subject, away.wanted)


@public
@require_safe
def saml_metadata(request: HttpRequest, organization: str, code: str) -> HttpResponse:
    """Tell a SAML provider who we are, and where its answers go."""
    with opened_provider(organization, code) as provider:
        if provider.kind != Kind.SAML:
            raise Http404
        try:
            document = saml.metadata(provider, our_addresses(provider))
        except SignInError as error:
            return _said(request, provider, error)
        return HttpResponse(document, content_type="application/samlmetadata+xml")


@signed_in
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def agree_to_identity(request: SignedInRequest) -> HttpResponse:
    """Ask the account's person, signed in with the password, whether the provider may do so too."""
    what = to_agree(request)
    if what is None or what.account != request.user.pk:
        agreed(request)
        context: dict[str, Any] = {
            "title": _("There is nothing to agree to"),
            "problem": _(
                "The sign-in at your organization is too long ago, or it was somebody else's. "
                "Sign in there again if you want to connect it with your account."
            ),
            "again": reverse("start"),
            "again_words": _("Go to the start"),
        }
        return TemplateResponse(request, "web/sign_in_refused.html", context, status=409)
    with opened(what.organization) as (organization, providers):
        provider = next((one for one in providers if one.pk == what.provider), None)
        if request.method == "POST":
            agreed(request)
            if provider is not None and request.POST.get("do") == "agree":
                try:
                    write_agreement(request.user, provider, what.subject)
                except SignInError as error:
                    return _said(request, provider, error)
                messages.success(request, _("From now on %s signs you in.") % provider.name)
            return redirect("start")
        context = {
            "title": _("Connect your account?"),
            "provider": provider,
            "name": organization.name,
        }
        return TemplateResponse(request, "web/agree_to_identity.html", context).render()


def _by_password(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    form = PasswordForm(request.POST if request.method == "POST" else None)
    wanted, status = wanted_address(request), 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            username = form.cleaned_data["username"]
            key = f"{provider.pk}:{fold(username)}"
            if not ratelimit.consume(request, action="sign_in_elsewhere", key=key, dry_run=True):
                form.add_error(
                    None,
                    _("There were too many failed attempts. Wait five minutes, then try again."),
                )
                status = 429
            else:
                try:
                    subject = ldap.ask(provider, username, form.cleaned_data["password"])
                    return _let_in(request, provider, subject, wanted)
                except WrongPasswordError as error:
                    ratelimit.consume(request, action="sign_in_elsewhere", key=key)
                    _note(provider, error)
                    form.add_error(None, str(error))
                except SignInError as error:
                    return _said(request, provider, error)
    context = {
        "title": _("Sign in with %s") % provider.name,
        "form": form,
        "provider": provider,
        "organization_name": provider.organization.name,
        "next": wanted,
    }
    return TemplateResponse(request, "web/sign_in_by_password.html", context, status=status)


def _let_in(
    request: HttpRequest, provider: IdentityProvider, subject: str, wanted: str
) -> HttpResponse:
    """Sign the person in as allauth does, so that a second factor is asked for where one is."""
    try:
        account = account_at(provider, subject)
    except AgreementNeededError as error:
        slug = provider.organization.slug
        ask_to_agree(request, ToAgree(provider.pk, slug, subject, error.account_id))
        messages.info(request, str(error))
        return redirect(_with_next(reverse("account_login"), reverse("agree_to_identity")))
    except SignInError as error:
        return _said(request, provider, error)
    record_authentication(request, account, method=BY_PROVIDER, provider=provider.pk)
    answer = perform_login(request, Login(user=account, redirect_url=wanted or None))
    # Until the browser is closed, as with a password that is not to be remembered.
    request.session.set_expiry(0)
    return answer


def _said(request: HttpRequest, provider: IdentityProvider, error: SignInError) -> HttpResponse:
    """Say why nobody is signed in."""
    _note(provider, error)
    status = next((n for kind, n in _STATUS.items() if isinstance(error, kind)), 403)
    return _trouble(request, provider, str(error), status)


def _over(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    said = _("This sign-in began in another window or too long ago, or it is used up. Begin again.")
    return _trouble(request, provider, said, 409)


def _trouble(
    request: HttpRequest, provider: IdentityProvider, said: str, status: int
) -> HttpResponse:
    again = reverse("sign_in_at", args=[provider.organization.slug])
    return not_signed_in(request, said, again, status)


def not_signed_in(request: HttpRequest, said: str, again: str, status: int) -> TemplateResponse:
    """Return the page that says why nobody is signed in, and where to begin again."""
    context = {
        "title": _("You are not signed in"),
        "problem": said,
        "again": again,
        "again_words": _("Begin again"),
    }
    return TemplateResponse(request, "web/sign_in_refused.html", context, status=status)


def _note(provider: IdentityProvider, error: SignInError) -> None:
    _log.warning(
        "Sign-in with provider %s of %s: nobody is signed in (%s)",
        provider.code,
        provider.organization.slug,
        error.reason,
    )


def _keep_answer(request: HttpRequest, provider: IdentityProvider) -> HttpResponse:
    response = request.POST.get("SAMLResponse", "")
    if provider.kind != Kind.SAML or not response:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if len(response) > _LARGEST:
        return _said(request, provider, refused("size"))
    if not ratelimit.consume(request, action="answer_from_elsewhere"):
        said = _("Too many sign-ins come from your network at once. Wait a minute, then try again.")
        return _trouble(request, provider, said, 429)
    key = get_random_string(40)
    cache.set(_cached(key), response, _WAITS)
    words = [provider.organization.slug, provider.code]
    # 303: fetched by GET, with the cookie of our session.
    back = redirect(f"{reverse('back_from_elsewhere', args=words)}?{urlencode({'answer': key})}")
    back.status_code = 303
    return back


def _kept_answer(key: str) -> str:
    found = cache.get(_cached(key), "")
    cache.delete(_cached(key))
    return str(found)


def _cached(key: str) -> str:
    return f"answer-from-elsewhere:{sha256(key.encode(errors='replace')).hexdigest()}"


def _begin(slug: str, code: str) -> str:
    return reverse("sign_in_elsewhere", args=[slug, code])


def _with_next(address: str, wanted: str) -> str:
    return f"{address}?{urlencode({'next': wanted})}" if wanted else address


def _chance(slug: str, username: str) -> int:
    """Return a number that is always the same for a name, and that nobody else can foretell."""
    said = f"{slug}:{fold(username)}".encode(errors="replace")
    return int.from_bytes(hmac.digest(settings.SECRET_KEY.encode(), said, "sha256")[:8])
