"""What the forms of a site and of a homeroom share: a supervisor, chosen among its people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from .administration_form import AdministrationForm

if TYPE_CHECKING:
    from collections.abc import Mapping


class SupervisedForm(AdministrationForm):
    """A form with a supervisor; ``people`` are those who may be one: number and name."""

    supervisor = forms.ChoiceField(label=gettext_lazy("Supervisor"), required=False)

    def __init__(
        self,
        data: Any = None,
        *,
        stored: Mapping[str, Any] | None = None,
        people: list[tuple[int, str]],
    ) -> None:
        super().__init__(data, stored=stored)
        self.people = [(str(pk), name) for pk, name in people]
        chosen = cast("forms.ChoiceField", self.fields["supervisor"])
        chosen.choices = [("", _("none")), *self.people]

    def chosen_supervisor(self) -> int | None:
        """Return the number of who was chosen, None for nobody; the form is valid."""
        chosen = self.cleaned_data["supervisor"]
        return int(chosen) if chosen else None
