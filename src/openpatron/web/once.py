"""One request makes one job, however often its button is pressed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from django.contrib import messages
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from openpatron.ledger.tasks import enqueue

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponse

    from openpatron.ledger.models import Job

    from .gate import OrganizationRequest

# Belongs to the requests of our pages alone.
_REQUESTS = UUID("5b6f0c1e-4df5-4c1a-9f6e-6a4b0c5d2f10")


def request_key(request: OrganizationRequest, words: Iterable[str]) -> str | None:
    """Return what makes two clicks one job: the page's number, who clicked, and the words."""
    try:
        number = UUID(request.GET.get("request", ""))
    except ValueError:
        return None
    said = "\x1f".join([str(request.user.pk), str(number), *words])
    return uuid5(_REQUESTS, said.encode("utf-8", "replace").decode()).hex


def made(request: OrganizationRequest, job: Job) -> HttpResponse:
    """Hand a new job to the workers and go to its page."""
    if job.is_at_work:
        enqueue(job)
    else:
        messages.info(request, _("This preview was made before; here it is."))
    return redirect("job", organization=request.organization.slug, number=job.pk)
