"""Update patrons → Change a field: one sentence, for the patrons of a site or of a list.

The sentence's words are the address; a list never is, so the form is always posted. Changing a
word asks for the same page again; *Preview* makes the job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.queries import job as find_job
from openpatron.patrons.actions.update_patrons import KIND, PERMISSION, ask, plan_update

from .field_sentence import FieldSentence
from .gate import page
from .once import made, request_key

if TYPE_CHECKING:
    from django.http import HttpResponse

    from .gate import OrganizationRequest


# A page that comes back from the browser's memory would send its old request again.
@page(PERMISSION)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def change_field(request: OrganizationRequest) -> HttpResponse:
    """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
    if request.method != "POST":
        typed = request.GET.dict()
        listed = _listed_before(request, typed.pop("list_of", ""))
        if listed:
            typed["who"] = "list"
        return _sentence(request, FieldSentence(request.actor, typed, listed), {})
    sentence = FieldSentence(request.actor, request.POST.dict(), request.POST.get("listed", ""))
    errors: dict[str, str] = {}
    if "preview" not in request.POST:
        return _sentence(request, sentence, errors)
    try:
        sentence.listed = _uploaded(request) or sentence.listed
        errors = sentence.errors()
        if not errors:
            words: dict[str, Any] = sentence.for_ask()
            asked = ask(request.actor, clear=sentence.clears, **words)
            said = [str(word) for word in words.values()]
            return made(request, plan_update(request.actor, asked, request_key(request, said)))
    except InputError as error:
        errors = {error.field: str(error)}
    except NotAllowedError as error:
        errors = {"new": str(error)}
    return _sentence(request, sentence, errors, status=422)


def _uploaded(request: OrganizationRequest) -> str:
    """Return the text of the file that was chosen, "" without one."""
    file = request.FILES.get("file")
    if file is None:
        return ""
    try:
        return bytes(file.read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(
            "listed", _("The file %s is not a text in UTF-8.") % str(file.name)[:100]
        ) from None


def _listed_before(request: OrganizationRequest, number: str) -> str:
    """Return the list of an earlier job, to run it again."""
    if not (number.isascii() and number.isdecimal() and len(number) < 19):  # noqa: PLR2004  bigint
        return ""
    try:
        job = find_job(request.actor, int(number))
    except (NotFoundError, NotAllowedError):
        return ""
    entries = job.params["listed"] if job.kind == KIND else []
    return "\n".join(key for _line, key in entries)


def _sentence(
    request: OrganizationRequest,
    sentence: FieldSentence,
    errors: dict[str, str],
    status: int = 200,
) -> HttpResponse:
    places = sentence.places(errors)
    context = {
        "title": _("Change a field"),
        "breadcrumbs": [
            (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
        ],
        "sentence": sentence,
        "place": {place.name: place for place in places},
        "errors": errors,
        "request_key": uuid4(),
    }
    response = TemplateResponse(request, "web/change_field.html", context, status=status)
    # The address says what the page shows, without words that no longer stand in a list.
    chosen = urlencode({place.name: place.chosen for place in places if place.chosen})
    response["HX-Replace-Url"] = f"{request.path}?{chosen}"
    return response
