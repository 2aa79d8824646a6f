"""What a kind of job brings to the one mechanism, and the list of kinds there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .models import Change, Job

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

Cursor = dict[str, Any]

LOOK_AGAIN = "look_again"
"""Stands in the cursor of a batch for which ``NotAsPlannedError`` was raised."""


class NotAsPlannedError(Exception):
    """A batch was written without a look at each row, and not all of it is what the plan saw.

    The engine rolls the batch back and calls again, with ``LOOK_AGAIN`` in the cursor.
    """


@dataclass(frozen=True, slots=True)
class Told:
    """What the summary knows of a line whatever its kind: see ``patrons.lines.JobLine``."""

    name: str
    edit_url: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Step:
    """One batch is through: how many rows it had, and where to go on (None: nowhere, finished)."""

    rows: int
    cursor: Cursor | None


@dataclass(frozen=True, slots=True)
class Wording:
    """How pages and commands speak of one job; each text is whole, with its numbers.

    ``to_do`` and ``done`` say what becomes of a patron ("to be added", "added"); ``ready`` to
    ``stopped`` say where a job stands; ``title`` to ``facts`` ask for a yes, ``undo_yes`` and
    ``undo_facts`` for the way back.
    """

    to_do: str
    done: str
    doing: str
    ready: str
    finished: str
    cancelled: str
    stopped: str
    nobody: str
    title: str
    question: str
    confirm: str
    confirm_yes: str
    facts: list[str]
    undo_yes: str
    undo_facts: list[str]


@dataclass(frozen=True, slots=True)
class Head:
    """One column of the lines as people see them.

    ``name`` is the label of a single cell, ``short`` the head on a terminal, ``empty`` what
    stands there for nothing.
    """

    label: str
    name: str
    short: str
    empty: str = ""
    is_wide: bool = False


class JobKind:
    """The part of a job that differs from kind to kind. Subclass, then ``register``.

    ``plan``, ``apply`` and ``undo`` each do one batch from the cursor on, inside a transaction
    that the engine opened and commits together with the cursor. So each may be killed anywhere.
    They may raise IntegrityError or OperationalError when a concurrent writer was faster: the
    engine rolls back and calls again, and the batch sees what the other wrote. So it does after
    ``NotAsPlannedError``.
    """

    name: ClassVar[str]
    permission: ClassVar[str]
    # The name of the page from which it is asked for, where that is not the kind's own.
    page: ClassVar[str] = ""
    # What summaries call a row that was applied.
    applied: ClassVar[str] = "changed"
    # The reasons that mean another barcode than before, where the kind gives barcodes.
    numbered: ClassVar[tuple[str, ...]] = ()
    # Whether what was applied can be taken back.
    undoable: ClassVar[bool] = True
    # The sign on the button that says yes.
    icon: ClassVar[str] = "check"

    def actor(self, job: Job) -> Actor:
        """Return who acts in this job, with the rights held now."""
        raise NotImplementedError

    def require(self, job: Job) -> None:
        """Raise ``NotAllowedError`` unless who acts in this job holds now what it takes.

        Asked before every batch.
        """
        self.actor(job).require(self.permission)

    def plan(self, job: Job, cursor: Cursor) -> Step:
        """Write the next batch of planned changes; touch nothing else."""
        raise NotImplementedError

    def apply(self, job: Job, cursor: Cursor) -> Step:
        """Turn the next batch of planned changes into data, with their outcomes."""
        raise NotImplementedError

    def undo(self, job: Job, cursor: Cursor) -> Step:
        """Restore ``before`` for the next batch of applied changes that nobody changed since."""
        raise NotImplementedError

    def may_start_by_itself(self, job: Job) -> bool:  # noqa: ARG002  most may
        """Tell whether the clock may say yes to a plan that it made, now."""
        return True

    def counts(self, job: Job) -> dict[str, int] | None:  # noqa: ARG002  most have those of all
        """Return the counts that are written out, where the kind has its own."""
        return None

    def title(self, job: Job) -> str:
        """Return the job's name for lists, in words."""
        raise NotImplementedError

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        raise NotImplementedError

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence ("" without one)."""
        raise NotImplementedError

    def wording(self, job: Job) -> Wording:
        """Return how to speak of the job; no query."""
        raise NotImplementedError

    def notes(self, job: Job) -> list[tuple[str, int]]:  # noqa: ARG002  most have none
        """Return why patrons get another barcode: (sentence, how many)."""
        return []

    def heads(self, job: Job) -> tuple[Head, ...]:
        """Return the columns that people see between the name and the outcome."""
        raise NotImplementedError

    def columns(self, job: Job) -> tuple[str, ...]:
        """Return the columns that are written to CSV and JSON."""
        raise NotImplementedError

    def line(self, job: Job, row: Change, told: Told) -> Any:
        """Return the line of a change: what ``patrons.lines.JobLine`` promises; no query."""
        raise NotImplementedError

    def again(self, job: Job) -> dict[str, str]:
        """Return the words of the page from which the same could be asked for again."""
        raise NotImplementedError


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> None:
    """Make a kind of job known; twice the same name is refused."""
    if kind.name in _kinds:
        raise ValueError(f"job kind {kind.name} is registered twice")
    _kinds[kind.name] = kind


def kind_of(job: Job) -> JobKind:
    """Return the kind of the job."""
    return _kinds[job.kind]
