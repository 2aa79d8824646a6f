"""What can be done with a job: say yes to it, cancel it, undo it, take it up or plan it again.

Every change is a POST that ends on the job's page; what cannot be done any more is said there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.kernel.errors import StateError
from openpatron.ledger.actions.cancel_job import cancel_job
from openpatron.ledger.actions.confirm_job import confirm_job
from openpatron.ledger.actions.resume_job import resume_job
from openpatron.ledger.actions.undo_job import can_be_undone, undo_job
from openpatron.ledger.kinds import kind_of
from openpatron.ledger.models import State
from openpatron.ledger.queries import job as find_job
from openpatron.ledger.tasks import enqueue

from .gate import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Job

    from .gate import OrganizationRequest

VIEW = "ledger.view_jobs"


@page(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask whether this very plan shall run; a POST is the yes."""
    job = _job(request, number)
    if request.method == "POST" and not (job.state == State.PLANNED and not job.planned_rows):
        return _act(request, job, confirm_job)
    if job.state != State.PLANNED or not job.planned_rows:
        return _to(request, job)
    said = kind_of(job).wording(job)
    return _ask(
        request,
        job,
        title=said.title,
        facts=said.facts,
        yes=said.confirm_yes,
        no=_("No, keep the plan"),
    )


@page(VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: OrganizationRequest, number: int) -> HttpResponse:
    """Ask whether the job shall be taken back; a POST is the yes."""
    job = _job(request, number)
    if request.method == "POST":
        return _act(request, job, undo_job)
    if not can_be_undone(job):
        return _to(request, job)
    said = kind_of(job).wording(job)
    return _ask(
        request,
        job,
        title=_("Undo job %d?") % job.pk,
        facts=said.undo_facts,
        yes=said.undo_yes,
        no=_("No, leave it as it is"),
    )


@page(VIEW)
@require_POST
def cancel(request: OrganizationRequest, number: int) -> HttpResponse:
    """Stop the job after its batch, or discard its plan."""
    return _act(request, _job(request, number), cancel_job)


@page(VIEW)
@require_POST
def resume(request: OrganizationRequest, number: int) -> HttpResponse:
    """Take a stopped job up again."""
    return _act(request, _job(request, number), resume_job)


@page(VIEW)
@require_safe
def plan_again(request: OrganizationRequest, number: int) -> HttpResponse:
    """Go to the sentence that this job came from, to make a new plan of it."""
    job = _job(request, number)
    kind = kind_of(job)
    address = reverse(kind.page or kind.name, args=[request.organization.slug])
    return HttpResponseRedirect(f"{address}?{urlencode(kind.again(job))}")


def _job(request: OrganizationRequest, number: int) -> Job:
    job = find_job(request.actor, number)
    request.actor.require(kind_of(job).permission)
    return job


def _act(
    request: OrganizationRequest, job: Job, action: Callable[[Actor, Job], Job]
) -> HttpResponse:
    try:
        job = action(request.actor, job)
    except StateError as error:
        messages.warning(request, str(error))
    else:
        if job.is_at_work:
            enqueue(job)
    return _to(request, job)


def _ask(
    request: OrganizationRequest, job: Job, *, title: str, facts: list[str], yes: str, no: str
) -> HttpResponse:
    slug = request.organization.slug
    address = reverse("job", args=[slug, job.pk])
    context = {
        "job": job,
        "title": title,
        "breadcrumbs": [
            (_("Jobs"), reverse("jobs", args=[slug])),
            (_("Job %d") % job.pk, address),
        ],
        "sentence": kind_of(job).sentence(job),
        "facts": facts,
        "yes": yes,
        "no": no,
        "address": address,
    }
    return TemplateResponse(request, "web/confirm_job.html", context)


def _to(request: OrganizationRequest, job: Job) -> HttpResponse:
    return redirect("job", request.organization.slug, job.pk)
