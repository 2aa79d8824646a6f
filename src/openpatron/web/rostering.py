"""Synchronization with the reading platform: all sites, a site's settings, readiness and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from openpatron.access.models import AccessLevel
from openpatron.administration.rules import required_number
from openpatron.kernel.errors import StateError
from openpatron.ledger.tasks import enqueue
from openpatron.organizations.queries import patron_types
from openpatron.patrons.queries import names_by_id
from openpatron.patrons.summary import summary_counts
from openpatron.patrons.whom import PERMISSION as WHOM
from openpatron.rostering import queries
from openpatron.rostering.actions.edit_platform_setup import (
    LONGEST,
    WantedSetup,
    edit_platform_setup as write,
)
from openpatron.rostering.actions.sync_site import sync_site as start
from openpatron.rostering.mending import MENDS
from openpatron.rostering.models import PlatformSetup, SentUser, Target
from openpatron.rostering.permissions import MANAGE, MANAGE_TARGETS
from openpatron.rostering.rules import HOMEROOM, SITE, STUDENT, TEACHER
from openpatron.rostering.schedule import next_run
from openpatron.rostering.setups import setup_of
from openpatron.rostering.sync_words import NOTHING, what_was_new
from openpatron.rostering.targets import kind_of

from .administration_form import lines_of, yes_or_no
from .gate import OrganizationRequest, page
from .job_words import who
from .once import request_key
from .supervised_form import SupervisedForm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.http import HttpResponse

    from openpatron.organizations.models import Site

_IDS = ("teacher_types", "teacher_levels", "student_types", "student_levels")
_SHOWN = 50
_RUNS = 10
_PER_PAGE = 50
_ABOUT = (
    (SITE, gettext_lazy("The site")),
    (HOMEROOM, gettext_lazy("Homerooms")),
    (TEACHER, gettext_lazy("Teachers")),
    (STUDENT, gettext_lazy("Students")),
)


def crumbs(
    request: OrganizationRequest, site: Site | None = None, *further: tuple[str, str]
) -> list[tuple[str, str]]:
    """Return the breadcrumbs of a page of synchronization."""
    slug = request.organization.slug
    found = [(_("Sync"), reverse("rostering", args=[slug]))]
    if site is not None:
        found.append((site.name, reverse("sync_site", args=[slug, site.short_name])))
    return [*found, *further]


@page(MANAGE)
@require_safe
def rostering(request: OrganizationRequest) -> HttpResponse:
    """Show the sites: who uses the platform, what is delivered, when the next run is."""
    setups, now = queries.setups(request.actor), timezone.now()
    delivered = queries.delivered_counts(request.actor)
    rows = [
        {
            "site": site,
            "setup": (setup := setups.get(site.pk)),
            "delivered": delivered.get(site.pk, 0),
            "next": next_run(setup, now) if setup else None,
        }
        for site in queries.sites_to_manage(request.actor)
    ]
    context = {
        "title": _("Sync"),
        "breadcrumbs": [],
        "rows": rows,
        "may_targets": request.actor.may(MANAGE_TARGETS),
    }
    return TemplateResponse(request, "web/rostering.html", context)


@page(MANAGE)
@require_safe
def readiness(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show which conditions hold, and who fails the others, with a link to the field."""
    site = queries.site_to_manage(request.actor, short_name)
    found = queries.readiness(request.actor, site)
    whole = request.GET.get("all", "")
    parts = []
    for about, label in _ABOUT:
        conditions = [
            {
                "rule": one.rule,
                "mend": MENDS.get(one.rule.code),
                "failing": one.failing if one.rule.code == whole else one.failing[:_SHOWN],
                "count": len(one.failing),
                "more": 0 if one.rule.code == whole else max(0, len(one.failing) - _SHOWN),
            }
            for one in found.conditions
            if one.rule.about == about
        ]
        parts.append((label, conditions))
    context = {
        "title": _("Readiness of %s") % site.name,
        "breadcrumbs": crumbs(request, site),
        "site": site,
        "found": found,
        "parts": parts,
        "may_mend": request.actor.may(MANAGE, site) and request.actor.may(WHOM),
    }
    return TemplateResponse(request, "web/readiness.html", context)


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def sync_site(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show the last runs, the next, and what was delivered; *Sync now* starts a run."""
    site = queries.site_to_manage(request.actor, short_name)
    if request.method == "POST":
        return _started(request, site)
    setup = setup_of(site)
    users, classes = queries.sent_here(request.actor, site)
    shown = Paginator(users, _PER_PAGE).get_page(request.GET.get("page"))
    names = names_by_id([one.patron_id for one in shown])
    runs = list(queries.runs(request.actor, site).select_related("created_by")[:_RUNS])
    news = what_was_new([job.pk for job in runs])
    targets = queries.receivers(request.actor, site)
    context = {
        "title": _("Sync of %s") % site.name,
        "breadcrumbs": crumbs(request),
        "site": site,
        "setup": setup,
        "next": next_run(setup, timezone.now()),
        "runs": [
            {
                "job": job,
                "counts": summary_counts(job) | news.get(job.pk, NOTHING),
                "who": who(job.created_by, job.way),
            }
            for job in runs
        ],
        "page": shown,
        "sent": [
            (one, names.get(one.patron_id, ""), _roles(one), _arrived(one, targets))
            for one in shown
        ],
        "classes": classes.order_by("title", "pk"),
        "may_see_jobs": request.actor.may("ledger.view_jobs"),
        "working": any(job.is_at_work for job in runs),
    }
    return TemplateResponse(request, "web/sync_site.html", context)


def _roles(one: Any) -> str:
    words = {
        STUDENT: _("student"), TEACHER: _("teacher"), "siteAdministrator": _("supervisor"),
    }  # fmt: skip
    return ", ".join(
        words.get(role.role, role.role) for role in one.roles.all() if role.status == "active"
    )


def _arrived(one: SentUser, targets: list[Target]) -> list[tuple[str, datetime | None]]:
    """Return the platforms by name, each with when it got the account as it is; None: not yet."""
    found = []
    for target in targets:
        last = kind_of(target.kind).arrived_at(target)
        found.append((target.name, last if last and last >= one.modified_at else None))
    return found


def _started(request: OrganizationRequest, site: Site) -> HttpResponse:
    try:
        key = request_key(request, ["sync", site.short_name])
        job = start(request.actor, site, at_once=True, request_key=key)
    except StateError as error:
        messages.warning(request, str(error))
        return redirect("edit_platform_setup", request.organization.slug, site.short_name)
    if job.is_at_work:
        enqueue(job)
    messages.success(request, _("%s is being synchronized.") % site.name)
    return redirect("sync_site", request.organization.slug, site.short_name)


def _boxes(label: Any, hint: Any = "") -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label, help_text=hint, required=False, widget=forms.CheckboxSelectMultiple
    )


class SetupForm(SupervisedForm):
    """What a site sets about the platform."""

    field_order = ("is_used", "supervisor")
    is_used = yes_or_no(
        gettext_lazy("Reading platform"), gettext_lazy("this site uses the reading platform")
    )
    supervisor = forms.ChoiceField(
        label=gettext_lazy("Supervisor"),
        help_text=gettext_lazy("Whom the platform asks: usually the librarian."),
        required=False,
    )
    groups_managed = forms.ChoiceField(
        label=gettext_lazy("Groups are managed"), choices=PlatformSetup.Managed.choices
    )
    teacher_types = _boxes(gettext_lazy("Patron types that count as teacher"))
    teacher_levels = _boxes(gettext_lazy("Access levels that count as teacher"))
    student_types = _boxes(gettext_lazy("Patron types that count as student"))
    student_levels = _boxes(gettext_lazy("Access levels that count as student"))
    interval = forms.CharField(
        label=gettext_lazy("Hours between two runs"),
        help_text=gettext_lazy("From 1 to 672."),
        widget=forms.TextInput({"inputmode": "numeric"}),
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet hours from"),
        help_text=gettext_lazy("In these hours no run starts by itself. Like 07:30."),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet hours until"),
        required=False,
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
    )
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {
        "interval": lambda text: required_number(text, "interval", lowest=1, highest=LONGEST)
    }

    def __init__(self, *words: Any, **named: Any) -> None:
        super().__init__(*words, **named)
        types = [(str(one.pk), one.name) for one in patron_types()]
        levels = [(str(one.pk), one.name) for one in AccessLevel.objects.order_by("name")]
        for name in _IDS:
            offered = types if name.endswith("types") else levels
            cast("forms.MultipleChoiceField", self.fields[name]).choices = offered


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_platform_setup(request: OrganizationRequest, short_name: str) -> HttpResponse:
    """Show what a site has set about the platform, or write it."""
    site = queries.site_to_manage(request.actor, short_name)
    setup = setup_of(site)
    also = [setup.supervisor_id] if setup.supervisor_id else []
    form = SetupForm(
        request.POST if request.method == "POST" else None,
        stored=_stored(setup),
        people=queries.candidates(request.actor, site, also),
    )
    saved = None
    if form.is_bound:
        saved = form.saved(lambda: write(request.actor, site, _wanted(form)))
    if saved is not None:
        messages.success(request, _("The settings of %s are saved.") % site.name)
        return redirect("edit_platform_setup", request.organization.slug, site.short_name)
    context = {
        "title": _("Site info of %s") % site.name,
        "breadcrumbs": crumbs(request, site),
        "site": site,
        "setup": setup,
        "form": form,
        "events": lines_of(request.actor, queries.setup_history(request.actor, site)),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_platform_setup.html", context, status=status)


def _stored(setup: PlatformSetup) -> dict[str, Any]:
    ids = {name: [str(one) for one in getattr(setup, name)] for name in _IDS}
    return ids | {
        "is_used": ["yes"] if setup.is_used else [],
        "supervisor": str(setup.supervisor_id or ""),
        "groups_managed": setup.groups_managed,
        "interval": str(setup.interval),
        "quiet_from": setup.quiet_from,
        "quiet_until": setup.quiet_until,
    }


def _wanted(form: SetupForm) -> WantedSetup:
    data = form.cleaned_data
    return WantedSetup(
        is_used=bool(data["is_used"]),
        supervisor=form.chosen_supervisor(),
        groups_managed=data["groups_managed"],
        interval=data["interval"],
        quiet_from=data["quiet_from"],
        quiet_until=data["quiet_until"],
        **{name: [int(one) for one in data[name]] for name in _IDS},
    )
