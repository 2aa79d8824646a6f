"""Update patrons → Promote a school year, and → Make expired patrons inactive."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError
from openpatron.organizations.queries import sites
from openpatron.patrons.actions.expire_patrons import number_of_expired, plan_expiry
from openpatron.patrons.actions.promote import PERMISSION, ask, ladder, plan_promotion
from openpatron.patrons.models import Patron
from openpatron.patrons.promoted import choose_promoted
from openpatron.patrons.promotion import GRADUATED
from openpatron.patrons.queries import patrons_per_site
from openpatron.patrons.saved_lists import saved_lists

from .gate import page
from .once import made, request_key
from .who_sentence import filters_said

if TYPE_CHECKING:
    from django.http import HttpResponse, QueryDict

    from openpatron.patrons.actions.promote import Rung

    from .gate import OrganizationRequest

_STEP = "to."
EVERYBODY, AT, SAVED, FOUND = "", "at", "saved", "found"


@dataclass(frozen=True, slots=True)
class _Typed:
    """The form's fields, or the address's: who moves up, and what becomes of who graduates."""

    who: str
    at: list[str]
    saved: str
    found: str
    ends: dict[str, str]
    steps: dict[str, str]

    @classmethod
    def read(cls, fields: QueryDict) -> _Typed:
        """Read them; without ``who`` the other fields tell it."""
        known = set(sites().values_list("short_name", flat=True))
        at: list[str] = []
        for text in fields.getlist("at"):
            at += [text] if text in known else [name for name in text.split(",") if name]
        saved, found = fields.get("saved", "").strip(), fields.get("found", "")
        told = AT if at else SAVED if saved else FOUND if found else EVERYBODY
        return cls(
            fields.get("who", told),
            at,
            saved,
            found,
            {name: fields.get(name, "").strip() for name in ("status", "expires_on")},
            {k.removeprefix(_STEP): fields.get(k, "") for k in fields if k.startswith(_STEP)},
        )

    @property
    def whom(self) -> dict[str, Any]:
        """Return the words that say who is meant, or raise ``InputError`` where one is missing."""
        if self.who == AT:
            if not self.at:
                raise InputError("at", _("Choose the sites whose patrons move up."))
            return {"at": self.at}
        if self.who == SAVED:
            if not self.saved:
                raise InputError("saved", _("Choose a saved list."))
            return {"saved": self.saved}
        return {"filters": dict(parse_qsl(self.found))} if self.who == FOUND else {}

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """Return what stands in the address, without the steps."""
        of_who = {
            AT: [("at", name) for name in self.at],
            SAVED: [("saved", self.saved)],
            FOUND: [("found", self.found)],
        }.get(self.who, [])
        chosen = [*([("who", self.who)] if self.who else []), *of_who, *self.ends.items()]
        return [(name, value) for name, value in chosen if value]


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def promote(request: OrganizationRequest) -> HttpResponse:
    """Show which grade follows which; *Preview* makes the job and goes to it."""
    typed = _Typed.read(request.POST if request.method == "POST" else request.GET)
    errors: dict[str, str] = {}
    if request.method == "POST" and "preview" in request.POST:
        try:
            asked = ask(request.actor, following=typed.steps, **typed.whom, **typed.ends)
        except InputError as error:
            errors = {_PLACES.get(error.field, error.field): str(error)}
        else:
            steps = [f"{k}={v}" for k, v in sorted(typed.steps.items())]
            said = [*(f"{k}={v}" for k, v in typed.chosen), *steps]
            job = plan_promotion(request.actor, asked, request_key(request, said))
            return made(request, job)
    return _ladder(request, typed, errors)


# What the list's filters say stands in the place that says who is meant.
_PLACES = {"filters": "who"}


def _ladder(request: OrganizationRequest, typed: _Typed, errors: dict[str, str]) -> HttpResponse:
    actor = request.actor
    counts = patrons_per_site(actor)
    places = [s for s in sites() if s.kind != s.Kind.MEDIA]
    lists = list(saved_lists(actor))
    rungs: list[Rung] = []
    said = ""
    # What is not chosen yet is asked for when somebody wants the preview.
    with suppress(InputError):
        whom = choose_promoted(actor, **typed.whom)
        steps = typed.steps
        rungs = [replace(r, following=steps.get(r.grade, r.following)) for r in ladder(actor, whom)]
        said = filters_said(whom.words) if whom.words else ""
    context = {
        "title": _("Promote a school year"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "whose": _whose(typed, has_lists=bool(lists)),
        "sites": [
            (s.short_name, s.name, counts.get(s.pk, 0), s.short_name in typed.at) for s in places
        ],
        "lists": [(one.name, one.name == typed.saved) for one in lists],
        "typed": typed,
        "words": typed.ends,
        "said": said,
        "rungs": rungs,
        "moving": sum(r.count for r in rungs if r.following.strip() not in {"", r.grade}),
        "graduating": sum(r.count for r in rungs if r.following.strip() == GRADUATED),
        "statuses": [(s.value, s.label) for s in Patron.Status],
        "graduated": GRADUATED,
        "errors": errors,
        "request_key": uuid4(),
    }
    status = 422 if errors else 200
    response = TemplateResponse(request, "web/promote.html", context, status=status)
    shown = {r.grade for r in rungs}
    steps_shown = [(f"{_STEP}{k}", v) for k, v in typed.steps.items() if k in shown]
    response["HX-Replace-Url"] = f"{request.path}?{urlencode([*typed.chosen, *steps_shown])}"
    return response


def _whose(typed: _Typed, *, has_lists: bool) -> list[tuple[str, str, bool]]:
    """Return the ways to say who moves up: value, words, whether it is chosen."""
    ways = {EVERYBODY: _("all sites"), AT: _("the patrons of these sites")}
    if has_lists or typed.who == SAVED:
        ways[SAVED] = _("the patrons of the saved list")
    if typed.found or typed.who == FOUND:
        ways[FOUND] = _("the patrons found in the list")
    return [(way, words, way == typed.who) for way, words in ways.items()]


@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def expire_patrons(request: OrganizationRequest) -> HttpResponse:
    """Say how many have expired; *Preview* makes the job and goes to it."""
    if request.method == "POST":
        return made(request, plan_expiry(request.actor, request_key(request, ["expire"])))
    context = {
        "title": _("Make expired patrons inactive"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "expired": number_of_expired(request.actor),
        "today": timezone.localdate(),
        "request_key": uuid4(),
    }
    return TemplateResponse(request, "web/expire_patrons.html", context)
