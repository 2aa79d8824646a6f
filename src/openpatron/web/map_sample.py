"""A source made of a sample file: uploaded, guessed, shown as patrons, corrected by choosing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from openpatron.feeds import choosing, queries, setup_file
from openpatron.feeds.actions.edit_source import WantedSource, create_source, edit_source
from openpatron.feeds.actions.keep_sample import forget_sample, keep_sample, kept_sample
from openpatron.feeds.describing import Description, Look, describe, look
from openpatron.feeds.formats import formats
from openpatron.feeds.guessing import guess_format, guess_options, guess_setup
from openpatron.feeds.permissions import MANAGE
from openpatron.kernel.errors import InputError

from .administration_form import AdministrationForm
from .gate import OrganizationRequest, page
from .sample_form import Sample, SampleForm
from .sources import crumbs
from .templatetags.web import field_title

if TYPE_CHECKING:
    from pathlib import Path

    from django.http import HttpResponse

    from openpatron.feeds.records import Problem
    from openpatron.feeds.setup import Setup
    from openpatron.patrons.models import Source

NO_QUESTIONS: tuple[Problem, ...] = ()
# So many rows are tried for the page.
_TRIED = 2_000
# What a row is shown by, as far as the file gives it.
_SHOWN = (
    "external_id", "district_id", "username", "barcode", "last_name", "first_name", "site",
    "patron_type", "access_level", "grade_level", "homeroom", "birth_date", "status", "email",
)  # fmt: skip


class UploadForm(AdministrationForm):
    """The sample."""

    file = forms.FileField(
        label=_lazy("Sample file"),
        help_text=_lazy(
            "As the school information system exports it: CSV, TSV, Excel, or one of the formats "
            "of the field. It is kept until the source is saved, at most for a day."
        ),
        widget=forms.FileInput({"class": "form-control"}),
        allow_empty_file=True,
    )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def add_source(request: OrganizationRequest) -> HttpResponse:
    """Ask for a sample file, or take it."""
    actor, slug = request.actor, request.organization.slug
    code = request.GET.get("source", "")
    found = queries.source(actor, code) if code else None
    form = UploadForm(request.POST if request.method == "POST" else None, stored={})
    if request.method == "POST":
        form.files = request.FILES
        upload = request.FILES.get("file")

        def write() -> str:
            assert upload is not None  # noqa: S101  the form requires it
            key = keep_sample(actor, str(upload.name), upload.chunks())
            try:
                _format_of(kept_sample(actor, key))
            except InputError:
                forget_sample(actor, key)
                raise
            return key

        if key := form.saved(write):
            address = reverse("map_sample", args=[slug, key])
            return redirect(f"{address}?source={found.code}" if found else address)
    context = {
        "title": _("Map %s by a sample") % found.name if found else _("Add a source"),
        "breadcrumbs": crumbs(request, found),
        "form": form,
        "back": reverse("source", args=[slug, code]) if found else reverse("sources", args=[slug]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/add_source.html", context, status=status)


def _format_of(file: Path) -> None:
    """Raise ``InputError`` for a file that cannot be read at all."""
    format_ = guess_format(file)
    format_.table(file, guess_options(format_, file))


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def map_sample(request: OrganizationRequest, sample: str) -> HttpResponse:
    """Show the first rows as they would become patrons; take choices, or save the source."""
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    file = kept_sample(actor, sample)
    code = request.GET.get("source", "")
    found = queries.source(actor, code) if code else None
    base = queries.setup_of(found) if found else None
    step = _Step(request, file, found, base)
    form = SampleForm(bound, step.first)
    if bound is not None:
        form = step.chosen(form)
        if "save" in bound and (saved := form.saved(lambda: _write(request, step, form))):
            forget_sample(actor, sample)
            messages.success(request, _("%s is saved.") % saved.name)
            return redirect("source", request.organization.slug, saved.code)
    described = describe(actor, file, form.sample.setup, limit=_TRIED)
    context = {
        "title": _("Map %s") % found.name if found else _("Map the columns"),
        "breadcrumbs": crumbs(request, found),
        "form": form,
        "found": described,
        "heads": [str(field_title(name)) for name in _heads(described)],
        "rows": _rows(described),
        "questions": form.sample.questions,
        "source": found,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/map_sample.html", context, status=status)


@dataclass
class _Step:
    """The file as it is guessed, or as the source reads it; and as it was chosen."""

    request: OrganizationRequest
    file: Path
    found: Source | None
    base: Setup | None

    @property
    def first(self) -> Sample:
        """What stands in the form before anybody chose."""
        actor, base = self.request.actor, self.base
        format_ = formats()[base.format] if base else guess_format(self.file)
        options = base.options if base else guess_options(format_, self.file)
        looked = look(actor, self.file, format_, options)
        setup, questions = base, NO_QUESTIONS
        if setup is None:
            suggested = format_.suggest(looked.table)
            setup, questions = guess_setup(format_, options, suggested, looked.seen, looked.ours)
        name = self.found.name if self.found else self.file.stem[:120]
        code = self.found.code if self.found else ""
        return Sample(format_, setup, looked, questions, code, name)

    def chosen(self, form: SampleForm) -> SampleForm:
        """Return the form about what was chosen: other columns have other values to map."""
        before = form.sample
        options = form.options(before.setup.options)
        looked: Look = before.looked
        if options != before.setup.options:
            try:
                looked = look(self.request.actor, self.file, before.format, options)
            except InputError:
                options = before.setup.options
        # First the columns: other ones have other values to map.
        columns = form.chosen_columns(looked)
        format_, base = before.format, self.base
        setup, _questions = choosing.chosen_setup(
            format_, options, looked, choosing.Chosen(columns), base
        )
        asked = SampleForm(form.data, replace(before, setup=setup, looked=looked))
        setup, questions = choosing.chosen_setup(
            format_, options, looked, asked.chosen(columns), base
        )
        return SampleForm(
            form.data, replace(before, setup=setup, looked=looked, questions=questions)
        )


def _write(request: OrganizationRequest, step: _Step, form: SampleForm) -> Source:
    """Save the source as chosen, checked as a source file is."""
    setup = setup_file.read_setup(setup_file.as_dict(form.sample.setup))
    wanted = WantedSource(form.cleaned_data["code"], form.cleaned_data["name"], setup)
    if step.found is None:
        return create_source(request.actor, wanted)
    kept = replace(wanted, is_active=step.found.is_active)
    return edit_source(request.actor, step.found.code, kept)


def _heads(found: Description) -> list[str]:
    given = {name for record in found.first for name in record.values}
    return [name for name in _SHOWN if name in given]


def _rows(found: Description) -> list[dict[str, Any]]:
    heads = _heads(found)
    return [
        {
            "line": record.line,
            "cells": [(str(field_title(name)), record.values.get(name, "")) for name in heads],
            "problems": record.problems,
            "is_rejected": record.is_rejected,
        }
        for record in found.first
    ]
