"""What the pages of updates share: a sentence that says whom, then what; *Preview* makes the job.

The sentence's words are the address; a list never is, so the form is always posted. Changing a
word asks for the same page again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import uuid4

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError, NotAllowedError, NotFoundError
from openpatron.ledger.queries import job as find_job

from .once import made, request_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Job

    from .gate import OrganizationRequest
    from .who_sentence import WhoSentence


@dataclass(frozen=True, slots=True)
class WhomPage:
    """One page: its sentence, its template, and what makes the job of the words.

    ``ask`` takes the actor and the sentence's words, ``plan`` the actor, its answer and the key
    of the request. ``refusal`` is the place of what the actor may not give.
    """

    template: str
    sentence: type[WhoSentence]
    ask: Callable[..., Any]
    plan: Callable[[Actor, Any, str | None], Job]
    refusal: str = "at"

    def answer(self, request: OrganizationRequest, title: str) -> HttpResponse:
        """Show the sentence as far as it is filled; *Preview* makes the job and goes to it."""
        if request.method != "POST":
            typed = request.GET.dict()
            listed = _listed_before(request, typed.pop("list_of", ""))
            if listed:
                typed["who"] = "list"
            return self._shown(request, title, self.sentence(request.actor, typed, listed), {})
        typed = request.POST.dict()
        sentence = self.sentence(request.actor, typed, request.POST.get("listed", ""))
        errors: dict[str, str] = {}
        if "preview" not in request.POST:
            return self._shown(request, title, sentence, errors)
        try:
            sentence.listed = _uploaded(request) or sentence.listed
            errors = sentence.errors()
            if not errors:
                words: dict[str, Any] = sentence.for_ask()
                asked = self.ask(request.actor, **words)
                key = request_key(request, [self.template, *map(str, words.values())])
                return made(request, self.plan(request.actor, asked, key))
        except InputError as error:
            # What the list's filters say stands in the place that says who is meant.
            errors = {"who" if error.field == "filters" else error.field: str(error)}
        except NotAllowedError as error:
            errors = {self.refusal: str(error)}
        return self._shown(request, title, sentence, errors)

    def _shown(
        self,
        request: OrganizationRequest,
        title: str,
        sentence: WhoSentence,
        errors: dict[str, str],
    ) -> HttpResponse:
        places = sentence.places(errors)
        context = {
            "title": title,
            "breadcrumbs": [
                (_("Update patrons"), reverse("update_patrons", args=[request.organization.slug]))
            ],
            "sentence": sentence,
            "place": {place.name: place for place in places},
            "errors": errors,
            "request_key": uuid4(),
        }
        status = 422 if errors else 200
        response = TemplateResponse(request, self.template, context, status=status)
        # The address says what the page shows, without words that no longer stand in a list.
        chosen = {place.name: place.chosen for place in places if place.chosen}
        if chosen.get("who") == "found":
            chosen["found"] = sentence.found_text
        response["HX-Replace-Url"] = f"{request.path}?{urlencode(chosen)}"
        return response


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
    entries = job.params.get("listed") or []
    beside = job.params.get("keys") or {}
    return "\n".join(
        f"{entry}, {beside[str(line)]}" if str(line) in beside else entry for line, entry in entries
    )
