"""Admin → Messages: which are sent, when, in which words; a preview; how letters are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from openpatron.accounts.rules import LANGUAGES
from openpatron.administration.actions.edit_messages import (
    delete_message_text as delete_text,
    edit_letter_settings as write_letters,
    edit_message_rule as write_rule,
    edit_message_text as write_text,
    kind_called,
)
from openpatron.administration.permissions import MANAGE
from openpatron.administration.queries import (
    MESSAGES,
    history,
    letter_settings,
    message_rules,
    own_texts,
)
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.notifications.models import Kind
from openpatron.notifications.rules import DEFAULTS, OVERDUE
from openpatron.notifications.samples import preview
from openpatron.notifications.texts import words_in
from openpatron.notifications.wording import (
    EDITABLE,
    LIMITS,
    SHIPPED,
    Words,
    checked,
    has_items,
    placeholders,
)
from openpatron.organizations.models import Site

from .administration import crumbs, shown
from .administration_form import AdministrationForm, lines_of, yes_or_no
from .gate import OrganizationRequest, page
from .personal_words import language_name, languages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpResponse

    from openpatron.notifications.models import MessageText
    from openpatron.notifications.rules import Rule


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of message in the list."""

    kind: Kind
    rule: Rule | None
    when: str
    own: list[str]

    @property
    def is_sent(self) -> bool:
        """Whether it is sent; what cannot be switched off always is."""
        return self.rule is None or self.rule.is_sent


def _when(kind: Kind, rule: Rule | None, warning_days: int) -> str:
    if kind == Kind.EXPIRING:
        words = ngettext("%d day before the expiry", "%d days before the expiry", warning_days)
        return words % warning_days
    if kind in {Kind.EXPIRED, Kind.SITE_UNDELIVERABLE}:
        return _("every night")
    if rule is None or rule.days is None:
        return _("at once")
    n = rule.days
    if kind in OVERDUE:
        return ngettext("%d day after it was due", "%d days after it was due", n) % n
    return ngettext("%d day before it is due", "%d days before it is due", n) % n


@page(MANAGE)
@require_safe
def message_texts(request: OrganizationRequest) -> HttpResponse:
    """List the kinds of messages: whether and when they are sent, and which words are changed."""
    rules, own = message_rules(request.actor), own_texts(request.actor)
    warning = request.organization.expiry_warning_days
    lines = [
        Line(
            kind,
            rules.get(kind),
            _when(kind, rules.get(kind), warning),
            [language_name(code) for found, code in sorted(own) if found == kind],
        )
        for kind in EDITABLE
    ]
    context = {
        "title": _("Messages"),
        "breadcrumbs": crumbs(request),
        "lines": lines,
        "languages": ", ".join(language_name(code) for code in SHIPPED),
        "letters": letter_settings(request.actor),
        "sites_without": Site.objects.filter(email="").order_by("name"),
    }
    return TemplateResponse(request, "web/message_texts.html", context)


class RuleForm(AdministrationForm):
    """Whether a kind is sent, and when."""

    is_sent = yes_or_no(gettext_lazy("Sending"), gettext_lazy("send this message"))
    days = forms.CharField(
        label=gettext_lazy("Days"),
        help_text=gettext_lazy("From 1 to 365."),
        max_length=40,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )

    def __init__(self, data: Any = None, *, kind: Kind, stored: Mapping[str, Any]) -> None:
        super().__init__(data, stored=stored)
        if DEFAULTS[kind].days is None:
            del self.fields["days"]
        else:
            self.fields["days"].label = (
                _("Days after the day on which it is due")
                if kind in OVERDUE
                else _("Days before the day on which it is due")
            )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_message_rule(request: OrganizationRequest, kind: str) -> HttpResponse:
    """Show a kind of message with its languages, or write whether and when it is sent."""
    found = kind_called(kind)
    rule = message_rules(request.actor).get(found)
    form = None
    if rule is not None:
        stored = {"is_sent": ["yes"] if rule.is_sent else [], "days": rule.days}
        bound = request.POST if request.method == "POST" else None
        form = RuleForm(bound, kind=found, stored=stored)
        if bound is not None:
            saved = form.saved(
                lambda: write_rule(
                    request.actor,
                    kind,
                    is_sent=bool(form.cleaned_data["is_sent"]),
                    days=form.cleaned_data.get("days", ""),
                )
            )
            if saved is not None:
                messages.success(request, _("“%s” is saved.") % found.label)
                return redirect("message_texts", request.organization.slug)
    context = {
        "title": str(found.label),
        "breadcrumbs": crumbs(request, ("message_texts", _("Messages"))),
        "form": form,
        "kind": found,
        "texts": _texts(request, found),
        "others": [one for one in languages() if one[0] not in SHIPPED],
        "is_expiry": found in {Kind.EXPIRING, Kind.EXPIRED},
        "events": lines_of(
            request.actor,
            history(request.actor, MESSAGES, request.organization.pk).filter(after__message=kind),
        ),
    }
    status = 422 if form is not None and form.errors else 200
    return TemplateResponse(request, "web/edit_message_rule.html", context, status=status)


def _texts(request: OrganizationRequest, kind: Kind) -> list[tuple[str, str, bool, str]]:
    """Return (code, name, whether the words are the organization's own, subject) by language."""
    own = {code: one for (found, code), one in own_texts(request.actor).items() if found == kind}
    codes = [*SHIPPED, *sorted(set(own) - set(SHIPPED))]
    return [
        (
            code,
            language_name(code),
            code in own,
            words_in(kind, code, request.organization)[0].subject,
        )
        for code in codes
    ]


class TextForm(AdministrationForm):
    """The words of a message in one language."""

    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=LIMITS["subject"])
    body = forms.CharField(
        label=gettext_lazy("Text"),
        help_text=gettext_lazy(
            "Empty lines make paragraphs. A paragraph with a placeholder that has no value is "
            "left out."
        ),
        widget=forms.Textarea({"rows": 14}),
    )
    item = forms.CharField(
        label=gettext_lazy("Line for each item"),
        help_text=gettext_lazy("These lines stand where the text has {items}."),
        max_length=LIMITS["item"],
    )

    def __init__(self, data: Any = None, *, kind: Kind, stored: Mapping[str, Any]) -> None:
        super().__init__(data, stored=stored)
        if not has_items(kind):
            del self.fields["item"]

    @property
    def words(self) -> Words:
        """What was typed."""
        typed = self.cleaned_data
        return Words(typed["subject"], typed["body"], typed.get("item", ""))


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_message_text(request: OrganizationRequest, kind: str, language: str) -> HttpResponse:
    """Show the words of a message in one language with a preview, or write them."""
    found = kind_called(kind)
    if language not in LANGUAGES:
        raise NotFoundError(_("“%s” is no language code.") % language[:20])
    words, written, _missed = words_in(found, language, request.organization)
    stored = {"subject": words.subject, "body": words.body, "item": words.item}
    bound = request.POST if request.method == "POST" else None
    form = TextForm(bound, kind=found, stored=stored)
    draft = words
    if bound is not None and "preview" in bound:
        draft = _checked(form, found) or words
    elif bound is not None:
        saved = form.saved(lambda: write_text(request.actor, kind, language, form.words))
        if saved is not None:
            messages.success(request, _("The words are saved."))
            return redirect("edit_message_rule", request.organization.slug, kind)
    return _shown_text(request, form, found, language=language, draft=draft, written=written)


def _checked(form: TextForm, kind: Kind) -> Words | None:
    """Return what was typed where it may be used; else say at the fields why not."""
    if not form.is_valid():
        return None
    try:
        return checked(kind, form.words)
    except InputError as error:
        form.take(error)
        return None


def _shown_text(
    request: OrganizationRequest,
    form: TextForm,
    kind: Kind,
    *,
    language: str,
    draft: Words,
    written: str,
) -> HttpResponse:
    site = Site.objects.order_by("name").values_list("name", flat=True).first()
    own: MessageText | None = own_texts(request.actor).get((kind, language))
    name = language_name(language)
    context = {
        "title": _("%(message)s in %(language)s") % {"message": kind.label, "language": name},
        "breadcrumbs": [
            *crumbs(request, ("message_texts", _("Messages"))),
            (
                str(kind.label),
                reverse("edit_message_rule", args=[request.organization.slug, kind]),
            ),
        ],
        "form": form,
        "kind": kind,
        "language": language,
        "language_name": name,
        # The program has no words in this language: what stands there is another's.
        "fallback": "" if written == language else language_name(written),
        "is_own": own is not None,
        "is_shipped": language in SHIPPED,
        "allowed": [
            (form.fields[field].label, [f"{{{one}}}" for one in placeholders(kind, field)])
            for field in form.fields
        ],
        "preview": preview(kind, draft, request.organization, site or "", language),
        "is_draft": "preview" in request.POST and not form.errors,
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "web/edit_message_text.html", context, status=status)


@page(MANAGE)
@require_POST
def delete_message_text(request: OrganizationRequest, kind: str, language: str) -> HttpResponse:
    """Go back to the program's own words."""
    try:
        delete_text(request.actor, kind, language)
    except (StateError, InputError) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, _("The program’s own words are back."))
    return redirect("edit_message_rule", request.organization.slug, kind)


class LetterForm(AdministrationForm):
    """How letters are made."""

    to_second_address = yes_or_no(
        gettext_lazy("Address"), gettext_lazy("to the second address of who has one")
    )
    hour = forms.CharField(
        label=gettext_lazy("Hour at which letters go to be printed"),
        help_text=gettext_lazy(
            "From 0 to 23, in your time zone. What is written until then goes to its site in one "
            "file."
        ),
        max_length=40,
        widget=forms.TextInput({"inputmode": "numeric"}),
    )


@page(MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_letter_settings(request: OrganizationRequest) -> HttpResponse:
    """Show how letters are made, or write it."""
    now = letter_settings(request.actor)
    stored = {
        "to_second_address": ["yes"] if now.to_second_address else [],
        # As text, so that midnight is no empty value.
        "hour": str(now.hour),
    }
    bound = request.POST if request.method == "POST" else None
    form = LetterForm(bound, stored=stored)
    if bound is not None:
        saved = form.saved(
            lambda: write_letters(
                request.actor,
                to_second_address=bool(form.cleaned_data["to_second_address"]),
                hour=form.cleaned_data["hour"],
            )
        )
        if saved is not None:
            messages.success(request, _("The settings of letters are saved."))
            return redirect("message_texts", request.organization.slug)
    context = {
        "title": _("Letters"),
        "breadcrumbs": crumbs(request, ("message_texts", _("Messages"))),
        "form": form,
        "save": _("Save how letters are made"),
        "back": reverse("message_texts", args=[request.organization.slug]),
    }
    return shown(request, form, context)
