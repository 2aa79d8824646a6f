"""What the forms of the administration share: rules at each field, and two who edit the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core import signing
from django.utils.translation import gettext as _

from openpatron.kernel.errors import InputError, NotAllowedError

from .form_words import said_of
from .patron_history import Event, events

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from openpatron.access.actor import Actor
    from openpatron.ledger.models import Change

_SHOWN = 10
_SALT = "openpatron.web.administration_form"


def yes_or_no(label: Any, words: Any) -> forms.MultipleChoiceField:
    """Return one box to be ticked; ticked, its value is ["yes"]."""
    return forms.MultipleChoiceField(
        choices=[("yes", words)],
        required=False,
        label=label,
        widget=forms.CheckboxSelectMultiple,
    )


class AdministrationForm(forms.Form):
    """A form about one row; ``stored`` holds its values as they are, {} for a new one.

    ``checks``: the rule for each field that has one.
    """

    use_required_attribute = False
    checks: ClassVar[Mapping[str, Callable[[str], Any]]] = {}

    def __init__(self, data: Any = None, *, stored: Mapping[str, Any] | None = None) -> None:
        self._stored = dict(stored or {})
        super().__init__(data, initial=self._stored)
        for field in self.fields.values():
            field.error_messages["required"] = _("A value is needed here.")
            field.error_messages["invalid_choice"] = _("Choose one of the values of the list.")
            if isinstance(field.widget, forms.Select):
                field.widget.attrs["class"] = "form-select"
            elif not isinstance(field.widget, forms.CheckboxSelectMultiple):
                field.widget.attrs |= {"class": "form-control", "autocomplete": "off"}

    @property
    def seen(self) -> str:
        """What stands there now, signed: it comes back with the form."""
        return signing.dumps(_plain(self._stored), salt=_SALT)

    def clean(self) -> dict[str, Any]:
        """Ask the rules, and see whether somebody else was faster."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name, check in self.checks.items():
            if name in cleaned:
                try:
                    cleaned[name] = check(cleaned[name])
                except InputError as error:
                    self.take(error)
        self._compare()
        return cleaned

    def _compare(self) -> None:
        """Refuse once what was opened before somebody else saved, and say what they changed."""
        try:
            seen = signing.loads(self.data.get("seen", ""), salt=_SALT)
        except signing.BadSignature:
            return
        now = _plain(self._stored)
        changed = [name for name in now if name in self.fields and seen.get(name) != now[name]]
        if changed:
            labels = ", ".join(str(self.fields[name].label) for name in changed)
            self.add_error(
                None,
                _(
                    "Somebody changed this while you had the form open: %s. Look again, then save "
                    "what is to stand there."
                )
                % labels,
            )

    def take(self, error: InputError | NotAllowedError) -> None:
        """Show an error of the action at its field, if it is one of ours, or on top."""
        if isinstance(error, InputError):
            self.add_error(error.field if error.field in self.fields else None, said_of(error))
        else:
            self.add_error(None, str(error))

    def saved[T](self, write: Callable[[], T]) -> T | None:
        """Call the action with a valid form; None where it, or the form, refuses."""
        if not self.is_valid():
            return None
        try:
            return write()
        except (InputError, NotAllowedError) as error:
            self.take(error)
            return None

    @property
    def rows(self) -> list[tuple[forms.BoundField, bool]]:
        """The fields, each with whether it is a group of boxes."""
        return [
            (field, isinstance(field.field.widget, forms.CheckboxSelectMultiple)) for field in self
        ]


def lines_of(actor: Actor, changes: QuerySet[Change]) -> list[Event]:
    """Return the last changes of something that is administered, in words."""
    return events(actor, changes[:_SHOWN], {})


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: sorted(map(str, value)) if isinstance(value, (list, tuple, set)) else str(value or "")
        for name, value in values.items()
    }
