"""A source's settings: by a form in sections, or as the text of its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods

from openpatron.access.queries import access_levels
from openpatron.feeds import queries, setup_file
from openpatron.feeds.actions.edit_source import WantedSource, edit_source as edit
from openpatron.feeds.permissions import MANAGE
from openpatron.feeds.setup import ENCODINGS, OWNABLE
from openpatron.feeds.setup_toml import to_toml
from openpatron.kernel.errors import InputError
from openpatron.organizations.models import Site
from openpatron.organizations.queries import patron_types, sites

from . import source_words
from .administration_form import AdministrationForm, yes_or_no
from .gate import OrganizationRequest, page
from .sources import crumbs
from .templatetags.web import field_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpResponse

    from openpatron.kernel.errors import NotAllowedError
    from openpatron.patrons.models import Source


def _choice(label: Any, choices: Iterable[tuple[str, Any]]) -> forms.ChoiceField:
    """Return a choice; it is required unless nothing can be chosen as well."""
    known = list(choices)
    return forms.ChoiceField(
        label=label, choices=known, required="" not in dict(known) and known != []
    )


def _text(label: Any, hint: Any = "", *, required: bool = False) -> forms.CharField:
    return forms.CharField(label=label, help_text=hint, required=required)


def _boxes(label: Any, choices: Iterable[tuple[str, Any]]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=label,
        choices=list(choices),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class SourceForm(AdministrationForm):
    """The settings; a field is called as its place in the source file, with “_” for the dot."""

    name = _text(_lazy("Name"), required=True)
    code = _text(
        _lazy("Code"),
        _lazy("How commands and files name it: small letters, digits, hyphens."),
        required=True,
    )
    is_active = yes_or_no(_lazy("In use"), _lazy("feeds of this source are taken"))
    identity_provider = _choice(_lazy("Its people sign in"), ())
    mode = _choice(_lazy("A feed"), source_words.MODES.items())
    coverage = _choice(_lazy("A feed holds"), source_words.COVERAGES.items())
    absence = _choice(_lazy("Who is absent"), source_words.ABSENCES.items())
    absence_days = _text(
        _lazy("After so many days of absence"), _lazy("Only where they become inactive.")
    )
    match = _boxes(_lazy("How a row finds its patron"), source_words.MATCH_KEYS.items())
    barcode_taken = _choice(
        _lazy("When a barcode is taken at the site"), source_words.BARCODES_TAKEN.items()
    )
    first_passwords = yes_or_no(
        _lazy("Passwords"), _lazy("the source sends first passwords, to be changed at once")
    )
    default_site = _choice(_lazy("Site of rows without one"), ())
    default_patron_type = _choice(_lazy("Patron type of rows without one"), ())
    default_access_level = _choice(_lazy("Access level of rows without one"), ())
    owned = _boxes(_lazy("Locked here, and as the source says"), ())
    options_encoding = _choice(
        _lazy("Encoding"), [(one, one or _lazy("found out by looking")) for one in ENCODINGS]
    )
    options_separator = _choice(_lazy("Separator"), source_words.SEPARATORS.items())
    options_has_header = yes_or_no(_lazy("First row"), _lazy("holds the names of the columns"))
    arrival_kind = _choice(_lazy("Feeds arrive"), source_words.ARRIVALS.items())
    arrival_folder = _text(_lazy("Folder"), _lazy("On our server, or on the one of SFTP."))
    arrival_pattern = _text(_lazy("Files"), _lazy("Such as students-*.csv."))
    arrival_host = _text(_lazy("Server"))
    arrival_port = _text(_lazy("Port"))
    arrival_username = _text(_lazy("Username there"))
    arrival_host_key = forms.CharField(
        label=_lazy("Host key"),
        help_text=_lazy("As ssh-keyscan prints it, without the name: ssh-ed25519 AAAA…"),
        required=False,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
    )
    secret = forms.CharField(
        label=_lazy("Password or private key"),
        help_text=_lazy("Kept sealed, and never shown. Empty: it stays as it is."),
        required=False,
        widget=forms.Textarea({"rows": 2, "spellcheck": "false"}),
    )
    schedule_times = _text(
        _lazy("Looked for at"), _lazy("Local times with commas: 02:30, 13:00. Empty: never.")
    )
    schedule_weekdays = _boxes(
        _lazy("On"), [(str(n), d) for n, d in enumerate(source_words.WEEKDAYS)]
    )
    schedule_blackout = _text(
        _lazy("Hours in which nothing is applied"), _lazy("With commas: 07:30-16:00.")
    )
    safety_created_percent = _text(
        _lazy("Stop when so many per cent would be created"), _lazy("Empty: never.")
    )
    safety_changed_percent = _text(
        _lazy("Stop when so many per cent would be changed"), _lazy("Empty: never.")
    )
    safety_withdrawn_percent = _text(
        _lazy("Stop when so many per cent would be withdrawn"), _lazy("Empty: never.")
    )

    def __init__(
        self, data: Any, found: Source, document: dict[str, Any], *, is_table: bool
    ) -> None:
        self._document = document
        super().__init__(data, stored=_stored(found, document))
        short_names = [(s.short_name, s.name) for s in sites() if s.kind != Site.Kind.MEDIA]
        mapped = document["fields"]
        for name, choices in (
            ("identity_provider", source_words.provider_choices()),
            ("default_site", _with_none(short_names)),
            ("default_patron_type", _with_none((t.name, t.name) for t in patron_types())),
            ("default_access_level", _with_none((a.name, a.name) for a in access_levels())),
            (
                "owned",
                [(f, field_title(f)) for f in OWNABLE if f in mapped or f in document["owned"]],
            ),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        if not is_table:
            for name in ("options_encoding", "options_separator", "options_has_header"):
                del self.fields[name]
        for field in self.fields.values():
            if isinstance(field.widget, forms.Textarea):
                field.widget.attrs["class"] = "form-control"

    def take(self, error: InputError | NotAllowedError) -> None:
        """Show an error about a place in the source file at the field of that name."""
        if isinstance(error, InputError):
            place = error.field.split("[")[0].replace(".", "_")
            if place in self.fields:
                error = InputError(place, str(error).removeprefix(f"{error.field}: "))
        super().take(error)

    def wanted(self) -> WantedSource:
        """Return the source as it is to be, or raise ``InputError``."""
        given = self.cleaned_data
        document = {key: dict(value) if isinstance(value, dict) else value
                    for key, value in self._document.items()}  # fmt: skip
        for name, value in given.items():
            if name in {"name", "code", "is_active", "secret"}:
                continue
            section, _dot, key = _place(name)
            where = document[section] if section else document
            where[key] = _as_written(name, value)
        return WantedSource(
            given["code"],
            given["name"],
            setup_file.read_setup(document),
            is_active=bool(given["is_active"]),
            secret=given["secret"] or None,
        )

    @property
    def sections(self) -> list[tuple[str, list[tuple[forms.BoundField, bool]]]]:
        """The fields by sections, each with whether it is a group of boxes."""
        titles = {
            "name": _("Source"),
            "mode": _("What a feed does"),
            "default_site": _("What rows get that say nothing"),
            "owned": _("What belongs to the source"),
            "options_encoding": _("File"),
            "arrival_kind": _("How feeds arrive"),
            "schedule_times": _("Schedule"),
            "safety_created_percent": _("Safety"),
        }
        found: list[tuple[str, list[tuple[forms.BoundField, bool]]]] = []
        for field, is_group in self.rows:
            if field.name in titles:
                found.append((titles[field.name], []))
            found[-1][1].append((field, is_group))
        return found


def _place(name: str) -> tuple[str, str, str]:
    for section in ("options", "arrival", "schedule", "safety"):
        if name.startswith(f"{section}_"):
            return section, ".", name.removeprefix(f"{section}_")
    return "", "", name


_NUMBERS = {"absence_days", "arrival_port"}
_LISTS = {"schedule_times", "schedule_blackout"}
_FLAGS = {"first_passwords", "options_has_header"}


def _as_written(name: str, value: Any) -> Any:
    """Return the value of a form's field as the source file has it."""
    if name in _FLAGS:
        return bool(value)
    if name in _LISTS:
        return [part.strip() for part in value.split(",") if part.strip()]
    if name == "schedule_weekdays":
        return [int(day) for day in value]
    if name in _NUMBERS or name.startswith("safety_"):
        text = value.strip()
        if not text:
            return {"absence_days": 0, "arrival_port": 22}.get(name, setup_file.NEVER)
        # What is no number is refused where it stands.
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text  # noqa: PLR2004
    return value


def _stored(found: Source, document: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "name": found.name,
        "code": found.code,
        "is_active": ["yes"] if found.is_active else [],
        "secret": "",
    }
    for name in SourceForm.base_fields:
        if name in values:
            continue
        section, _dot, key = _place(name)
        value = document[section][key] if section else document[key]
        if name in _FLAGS:
            value = ["yes"] if value else []
        elif name in _LISTS:
            value = ", ".join(value)
        elif name == "schedule_weekdays":
            value = [str(day) for day in value]
        elif value == setup_file.NEVER:
            value = ""
        values[name] = value
    return values


def _with_none(choices: Iterable[tuple[str, str]]) -> list[tuple[str, Any]]:
    return [("", _("none: such rows are rejected")), *choices]


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_source(request: OrganizationRequest, code: str) -> HttpResponse:
    """Show the settings, or write them."""
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    found = queries.source(actor, code)
    setup = queries.setup_of(found)
    if setup is None:
        return redirect("edit_source_text", request.organization.slug, code)
    is_table = queries.is_table(setup)
    form = SourceForm(bound, found, setup_file.as_dict(setup), is_table=is_table)
    if bound is not None and (saved := form.saved(lambda: edit(actor, code, form.wanted()))):
        return _saved(request, saved)
    context = {
        "title": _("Edit %s") % found.name,
        "breadcrumbs": crumbs(request, found),
        "form": form,
        "back": reverse("source", args=[request.organization.slug, code]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_source.html", context, status=status)


class TextForm(AdministrationForm):
    """The whole source file."""

    file = forms.CharField(
        label=_lazy("Source file (TOML)"),
        help_text=_lazy("All settings, the mapping and the schools. Secrets are not in it."),
        widget=forms.Textarea({"rows": 30, "spellcheck": "false", "wrap": "off"}),
        strip=False,
    )

    def __init__(self, data: Any, *, stored: Mapping[str, Any]) -> None:
        super().__init__(data, stored=stored)
        self.fields["file"].widget.attrs["class"] = "form-control op-code"

    def take(self, error: InputError | NotAllowedError) -> None:
        """Show every error at the one field; its sentence says the place."""
        self.add_error("file", str(error))


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_source_text(request: OrganizationRequest, code: str) -> HttpResponse:
    """Show the source as the text of its file, or write it."""
    actor, bound = request.actor, request.POST if request.method == "POST" else None
    found = queries.source(actor, code)
    setup = queries.setup_of(found)
    text = to_toml(setup, code=found.code, name=found.name) if setup else ""
    form = TextForm(bound, stored={"file": text})

    def write() -> Source:
        read = setup_file.read_source(form.cleaned_data["file"])
        wanted = WantedSource(read.code, read.name, read.setup, is_active=found.is_active)
        return edit(actor, code, wanted)

    if bound is not None and (saved := form.saved(write)):
        return _saved(request, saved)
    context = {
        "title": _("Edit %s as text") % found.name,
        "breadcrumbs": crumbs(request, found),
        "form": form,
        "save": _("Save this source"),
        "back": reverse("source", args=[request.organization.slug, code]),
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_source_text.html", context, status=status)


def _saved(request: OrganizationRequest, found: Source) -> HttpResponse:
    messages.success(request, _("%s is saved.") % found.name)
    return redirect("source", request.organization.slug, found.code)
