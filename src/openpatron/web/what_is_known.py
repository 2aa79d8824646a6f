"""What is known about me: as a page, for a program, and on paper."""

from __future__ import annotations

from django.http import HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from openpatron.patrons.known import as_data, known_libraries

from .gate import SignedInRequest, signed_in
from .known_words import parts, remarks


@signed_in
@never_cache
@require_safe
def what_is_known(request: SignedInRequest) -> HttpResponse:
    """Show everything that is stored about the person."""
    context = {
        "title": _("What is known about me"),
        "parts": parts(request.user, known_libraries(request.user)),
        "remarks": remarks(),
    }
    return TemplateResponse(request, "web/what_is_known.html", context)


@signed_in
@never_cache
@require_safe
def what_is_known_json(request: SignedInRequest) -> HttpResponse:
    """Give the same to a program."""
    data = as_data(request.user, known_libraries(request.user))
    answer = JsonResponse(data, json_dumps_params={"ensure_ascii": False, "indent": 2})
    answer["Content-Disposition"] = 'attachment; filename="what-is-known.json"'
    return answer


@signed_in
@never_cache
@require_safe
def what_is_known_pdf(request: SignedInRequest) -> HttpResponse:
    """Give the same on paper."""
    from .known_pdf import document  # noqa: PLC0415  slow to load, and seldom needed

    drawn = document(request.user, parts(request.user, known_libraries(request.user)))
    answer = HttpResponse(drawn, content_type="application/pdf")
    answer["Content-Disposition"] = 'attachment; filename="what-is-known.pdf"'
    return answer
