"""Update patrons → Add associations: one sentence, filled from left to right.

The sentence's words are the address, so that it can be kept, sent and reloaded. Changing a word
asks for the same address again; *Preview* posts the words and makes the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import uuid4

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.patrons.actions.add_associations import PERMISSION, ask, plan_associations
from openpatron.patrons.protections import sources

from .gate import page
from .once import made, request_key
from .sentence import Sentence
from .who_sentence import WhoSentence

if TYPE_CHECKING:
    from django.http import HttpResponse

    from .gate import OrganizationRequest


@page(PERMISSION)
@require_safe
def update_patrons(request: OrganizationRequest) -> HttpResponse:
    """List the updates of many patrons at once."""
    whom = {name: request.GET[name] for name in ("who", "saved", "found") if name in request.GET}
    context = {
        "title": _("Update patrons"),
        # Whom the updates are about, where somebody comes from a list of patrons.
        "whom": f"?{urlencode(whom)}" if whom else "",
        "sentence": WhoSentence(request.actor, whom) if whom else None,
        "has_sources": sources(request.actor).exists(),
        "may_view_jobs": request.actor.may_anywhere("ledger.view_jobs"),
    }
    return TemplateResponse(request, "web/update_patrons.html", context)


# A page that comes back from the browser's memory would send its old request again.
@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def add_associations(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; a POST makes the job and goes to its preview."""
    if request.method != "POST":
        return _sentence(request, Sentence(request.actor, request.GET.dict()), {})
    sentence = Sentence(request.actor, request.POST.dict())
    errors = sentence.errors()
    if not errors:
        try:
            asked = ask(request.actor, **sentence.words)
        except InputError as error:
            errors = {error.field: str(error)}
        except NotAllowedError as error:
            errors = {"access_level": str(error)}
        else:
            key = request_key(request, sentence.words.values())
            return made(request, plan_associations(request.actor, asked, key))
    return _sentence(request, sentence, errors, status=422)


def _sentence(
    request: OrganizationRequest, sentence: Sentence, errors: dict[str, str], status: int = 200
) -> HttpResponse:
    places = sentence.places(errors)
    context = {
        "title": _("Add associations"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "sentence": sentence,
        "place": {place.name: place for place in places},
        "errors": errors,
        "request_key": uuid4(),
    }
    response = TemplateResponse(request, "web/add_associations.html", context, status=status)
    # The address says what the page shows, without words that no longer stand in a list.
    chosen = urlencode({place.name: place.chosen for place in places if place.chosen})
    response["HX-Replace-Url"] = f"{request.path}?{chosen}"
    return response
