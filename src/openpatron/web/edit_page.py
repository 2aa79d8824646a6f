"""The way from a form on one patron to its action: others may edit too, sources own fields.

The two pages that edit a patron (the record, the personal data) go it alike.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from django.template.response import TemplateResponse

from openpatron.kernel.errors import InputError
from openpatron.patrons.external import external_of
from openpatron.patrons.queries import history

from .locked import banner
from .meanwhile import merged, opened, sealed
from .open_for_update import Question, answered, is_opened
from .patron_history import events
from .patron_place import crumbs_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpResponse, QueryDict

    from openpatron.patrons.external import Lock, Opening
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest
    from .meanwhile import Difference


class EditForm(Protocol):
    """What the page asks of its form."""

    def is_valid(self) -> bool:
        """Tell whether nothing that was typed is wrong."""

    def differences(self, seen: Mapping[str, str], typed: QueryDict) -> list[Difference]:
        """Return the fields that somebody else changed after ``seen`` was shown."""

    def changed_labels(self) -> dict[str, str]:
        """Return the labels of the fields that were typed over, by name."""

    def take(self, error: InputError) -> None:
        """Show the error beside its field."""


class EditPage[F: EditForm](ABC):
    """One patron's form, with what sources own of it. Subclass for each form."""

    salt: ClassVar[str]
    template: ClassVar[str]

    def __init__(self, request: OrganizationRequest, patron: Patron) -> None:
        self.request, self.patron = request, patron
        self.external = external_of(patron)
        self.is_open = is_opened(request, patron, self.external)

    @abstractmethod
    def form(self, data: QueryDict | None = None) -> F:
        """Return the form, with what was typed."""

    @abstractmethod
    def values(self) -> dict[str, str]:
        """Return the stored values, as the form has them."""

    @abstractmethod
    def lock(self, name: str) -> Lock | None:
        """Return what locks the form's field of that name, None where no source owns it."""

    @abstractmethod
    def saved(self, form: F, opening: Opening | None) -> HttpResponse:
        """Write what was typed and lead on, or raise ``InputError``."""

    @abstractmethod
    def context(self) -> dict[str, Any]:
        """Return the title, and what else only this page shows."""

    def received(self) -> HttpResponse:
        """Write what was typed, or show the form again with what stands against it."""
        seen = opened(self.request.POST, self.values(), self.salt)
        met = self.form().differences(seen, self.request.POST)
        form = self.form(merged(self.request.POST, met))
        if not form.is_valid() or met:
            return self.shown(form, met)
        opening = answered(self.request.POST, self.external, self._owned(form))
        if isinstance(opening, Question):
            return self.shown(form, question=opening)
        try:
            return self.saved(form, opening if self.is_open else None)
        except InputError as error:
            form.take(error)
            return self.shown(form)

    def _owned(self, form: F) -> dict[str, tuple[str, Lock]]:
        """Return the owned fields that differ, by the form's name: label and lock."""
        locks = ((n, label, self.lock(n)) for n, label in form.changed_labels().items())
        return {name: (label, lock) for name, label, lock in locks if lock is not None}

    def shown(
        self,
        form: F,
        met: Sequence[Difference] = (),
        question: Question | None = None,
    ) -> HttpResponse:
        """Show the form."""
        request, patron = self.request, self.patron
        last = history(request.actor, patron)[:1]
        context = {
            "breadcrumbs": crumbs_to(request, patron),
            "patron": patron,
            "form": form,
            "differences": met,
            "last_change": events(request.actor, last, {}) if met else [],
            "seen": sealed(self.values(), self.salt),
            "banner": banner(request.actor, patron, self.external),
            "is_open": self.is_open,
            "question": question,
            **self.context(),
        }
        status = 422 if request.method == "POST" else 200
        return TemplateResponse(request, self.template, context, status=status)
