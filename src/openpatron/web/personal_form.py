"""The form behind Edit personal data, for staff and for the person alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _

from openpatron.accounts.rules import personal_data
from openpatron.kernel.errors import InputError
from openpatron.patrons.models import Patron
from openpatron.patrons.personal_data import CONTACT, PERSONAL, column_of, contact_data, told

from .locked import Held, lock_field
from .meanwhile import differences
from .personal_words import (
    HELPS,
    LABELS,
    OWN_HELPS,
    OWN_LABELS,
    languages,
    way_of_writing,
    yes_or_no,
)
from .templatetags.web import phone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import QueryDict

    from openpatron.accounts.models import Account

    from .meanwhile import Difference

_SWITCHES = {"keep_history": yes_or_no, "wants_mail": way_of_writing}
_LANGUAGES = ("page_language", "language")
# For who fills in their own data; staff fill in somebody else's.
_AUTOCOMPLETE = {
    "first_name": "given-name", "middle_name": "additional-name", "last_name": "family-name",
    "preferred_name": "nickname", "suffix": "honorific-suffix", "birth_date": "bday",
    "gender": "sex", "username": "username", "email": "email", "mobile_phone": "tel",
    "home_phone": "home tel", "business_phone": "work tel", "street": "street-address",
    "postal_code": "postal-code", "city": "address-level2", "country": "country",
}  # fmt: skip
_SECTIONS = {
    "name": PERSONAL[:7],
    "sign_in": ("username", "email"),
    "phones": ("mobile_phone", "home_phone", "business_phone", "other_phone"),
    "address": ("street", "postal_code", "city", "country"),
    "choices": ("page_language", "keep_history"),
    "contact": CONTACT,
}


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading, each with the reason why it is locked ("" if it is not)."""

    name: str
    title: str
    rows: list[tuple[forms.BoundField, str | Held]]


class PersonalForm(forms.Form):
    """The data of an account, of how a library reaches a patron, or both."""

    use_required_attribute = False

    def __init__(
        self,
        stored: Mapping[str, str],
        region: str,
        data: QueryDict | None = None,
        *,
        locked: Mapping[str, str] | None = None,
        held: Mapping[str, Held] | None = None,
        is_own: bool = False,
    ) -> None:
        """``stored``: of ``personal_values`` or ``contact_values``; ``locked``: reasons by name.

        ``held``: the owned fields, by name.
        """
        super().__init__(data, initial=dict(stored))
        self._stored = stored
        self._region = region
        self._held = {name: one for name, one in (held or {}).items() if name in stored}
        shut = {name: one for name, one in self._held.items() if not one.is_open}
        self._locked: dict[str, str | Held] = {**(locked or {}), **shut}
        self._labels = LABELS | OWN_LABELS if is_own else LABELS
        helps = HELPS | OWN_HELPS if is_own else HELPS
        for name in stored:
            field = _field(name, stored[name])
            field.label = str(self._labels[name])
            field.help_text = str(helps.get(name, ""))
            field.disabled = name in self._locked
            described = f"id_{name}_locked" if field.disabled else ""
            is_choice = isinstance(field, forms.ChoiceField)
            attributes = {
                "class": "form-select" if is_choice else "form-control",
                "autocomplete": _AUTOCOMPLETE.get(name, "off") if is_own else "off",
            }
            if described:
                attributes["aria-describedby"] = described
            field.widget.attrs |= attributes
            field.error_messages["required"] = _("A value is needed here.")
            field.error_messages["invalid_choice"] = _("Choose one of the values of the list.")
            self.fields[name] = field
        for name in shut:
            said = (
                phone(stored[name]) if name.endswith("_phone") else self._words(name, stored[name])
            )
            lock_field(self.fields[name], said, f"id_{name}_locked")

    @property
    def sections(self) -> list[Section]:
        """The fields in the order in which they are asked for."""
        titles = {
            "name": _("Name and person"),
            "sign_in": _("Signing in"),
            "phones": _("Telephones"),
            "address": _("Address"),
            "choices": _("Language and history"),
            "contact": _("How the library writes"),
        }
        return [
            Section(key, titles[key], [(self[n], self._why(n)) for n in names])
            for key, names in _SECTIONS.items()
            if names[0] in self._stored
        ]

    def _why(self, name: str) -> str | Held:
        return self._locked.get(name, self._held.get(name, ""))

    def changed_labels(self) -> dict[str, str]:
        """Return the fields that differ from what is stored, with their labels, by name."""
        return {name: str(self._labels[name]) for name in self.changed_data}

    def clean(self) -> dict[str, Any]:
        """Ask the rules about each field by itself, so that all that is wrong is said at once."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name, reason in self._locked.items():
            if self.data.get(name, self._stored[name]) != self._stored[name]:
                self.add_error(name, str(reason))
        region = cleaned.get("country") or self._region
        for name in self._stored:
            if name not in cleaned:
                continue
            try:
                cleaned[name] = _checked(name, cleaned[name], region)
            except InputError as error:
                self.take(InputError(name, str(error)))
        return cleaned

    def take(self, error: InputError) -> None:
        """Show an error at its field, if it is one of ours, or on top."""
        said = str(error)
        for name in (error.field, error.field.replace("_", " "), "language"):
            said = said.removeprefix(f"{name}: ")
        place = error.field if error.field in self.fields else None
        self.add_error(place, said[:1].upper() + said[1:])

    def personal(self) -> dict[str, Any]:
        """Return what was typed, by column of Account."""
        found = self.cleaned_data
        return {name: found[told(name)] for name in PERSONAL if told(name) in found}

    def contact(self) -> dict[str, Any]:
        """Return what was typed, by column of Patron."""
        return {name: self.cleaned_data[name] for name in CONTACT if name in self.cleaned_data}

    def differences(self, seen: Mapping[str, str], typed: QueryDict) -> list[Difference]:
        """Return the fields that somebody else changed after ``seen`` was shown."""
        stored = {n: v for n, v in self._stored.items() if n not in self._locked}
        return differences(seen, stored, typed, lambda name: str(self._labels[name]), self._words)

    def _words(self, name: str, value: str) -> str:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            known = {str(key): str(words) for key, words in field.choices}  # type: ignore[misc, union-attr]
            return known.get(value, value)
        return value or _("none")


def personal_values(account: Account, names: Sequence[str] = PERSONAL) -> dict[str, str]:
    """Return the account's data as the form shows it, by the form's names."""
    return {told(name): _text(getattr(account, name)) for name in names}


def contact_values(patron: Patron) -> dict[str, str]:
    """Return how the library reaches the patron, as the form shows it."""
    return {name: _text(getattr(patron, name)) for name in CONTACT}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return value.isoformat() if isinstance(value, date) else str(value or "")


def _checked(name: str, value: Any, region: str) -> Any:
    """Return the value as the rules store it."""
    if name in CONTACT:
        return contact_data({name: value})[name]
    column = column_of(name)
    # A birth date is compared with today by the action, which knows the organization's day.
    return personal_data({column: value}, region=region, today=date.max)[column]


def _field(name: str, stored: str) -> forms.Field:
    if name in _SWITCHES:
        words = _SWITCHES[name]
        return forms.ChoiceField(required=False, choices=[("", words(False)), ("on", words(True))])
    if name == "letters_to":
        choices = [("", _("as the library does for everybody")), *Patron.LettersTo.choices]
        return forms.ChoiceField(required=False, choices=choices)
    if name in _LANGUAGES:
        known = languages()
        if stored and stored not in dict(known):
            known.append((stored, stored))
        return forms.ChoiceField(required=False, choices=[("", _("as the library")), *known])
    if name in {"birth_date", "second_from", "second_until"}:
        field = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
        field.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        field.error_messages["invalid"] = _(
            "This is no date. Write it as year-month-day, like 2016-02-29."
        )
        return field
    # The rules are ours, lengths included: a form that cuts would not say so.
    attributes = {}
    if name in {"username", "email", "additional_email"}:
        attributes = {"autocapitalize": "none", "spellcheck": "false"}
    if name.endswith("email"):
        attributes["inputmode"] = "email"
    if name.endswith("phone"):
        attributes["inputmode"] = "tel"
    required = name in {"username", "last_name"}
    return forms.CharField(required=required, widget=forms.TextInput(attributes))
