"""Open for update: owned fields unlocked for one edit, and the question what the next feed does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.feeds.next_run import next_run_of
from openpatron.kernel.errors import InputError
from openpatron.patrons.external import External, Lock, Opening, may_open, require_open
from openpatron.patrons.protections import sources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from django.http import QueryDict

    from openpatron.access.actor import Actor
    from openpatron.patrons.models import Patron

    from .gate import OrganizationRequest

YES, NO = "yes", "no"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before owned fields are written: which they are, whose, and until when."""

    fields: list[str]
    asked: str
    source: str
    next_run: datetime | None
    answer: str
    until: str
    ends_when_equal: bool
    error: str = ""


def is_opened(request: OrganizationRequest, patron: Patron, external: External) -> bool:
    """Tell whether the form is opened for update; ``NotAllowedError`` for who may not."""
    wanted = request.POST.get("open") or request.GET.get("open")
    if not wanted or external.record is None:
        return False
    require_open(request.actor, patron)
    return True


def offers_linking(actor: Actor, patron: Patron, external: External) -> bool:
    """Tell whether an internal record can be linked; a query only for who may."""
    return external.record is None and may_open(actor, patron) and sources(actor).exists()


def answered(
    typed: QueryDict, external: External, changed: Mapping[str, tuple[str, Lock]]
) -> Opening | Question:
    """Return the answer, or the question where it is not answered for these fields yet.

    ``changed``: by the form's name, the label and the lock of each owned field that differs.
    """
    new = {name: label for name, (label, lock) in changed.items() if lock.protection is None}
    if not new or external.record is None:
        return Opening()
    asked = set(typed.get("asked", "").split(","))
    given = typed.get("leave", "")
    if given in {YES, NO} and new.keys() <= asked:
        try:
            until = _until(typed.get("until", "")) if given == YES else None
        except InputError as error:
            return _question(typed, external, new, str(error))
        return Opening(given == YES, until, given == YES and bool(typed.get("ends_when_equal")))
    return _question(typed, external, new)


def _question(
    typed: QueryDict, external: External, new: Mapping[str, str], error: str = ""
) -> Question:
    assert external.record is not None  # noqa: S101  asked for above
    source = external.record.source
    return Question(
        fields=list(new.values()),
        asked=",".join(new),
        source=source.name,
        next_run=next_run_of(source),
        answer=typed.get("leave", NO) if typed.get("leave") in {YES, NO} else NO,
        until=typed.get("until", "")[:10],
        ends_when_equal=bool(typed.get("ends_when_equal")),
        error=error,
    )


def _until(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        day = None
    if day is None or day < timezone.localdate():
        raise InputError(
            "until",
            _("“%s” is no day from today on. Give one like 2027-06-30, or leave it empty.")
            % text[:40],
        )
    return day
