"""What a kind of job brings to the one mechanism, and the list of kinds there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .models import Change, Job

if TYPE_CHECKING:
    from openpatron.access.actor import Actor

Cursor = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """One batch is through: how many rows it had, and where to go on (None: nowhere, finished)."""

    rows: int
    cursor: Cursor | None


class JobKind:
    """The part of a job that differs from kind to kind. Subclass, then ``register``.

    ``plan``, ``apply`` and ``undo`` each do one batch from the cursor on, inside a transaction
    that the engine opened and commits together with the cursor. So each may be killed anywhere.
    They may raise IntegrityError or OperationalError when a concurrent writer was faster: the
    engine rolls back and calls again, and the batch sees what the other wrote.
    """

    name: ClassVar[str]
    permission: ClassVar[str]

    def actor(self, job: Job) -> Actor:
        """Return who acts in this job, with the rights held now."""
        raise NotImplementedError

    def require(self, job: Job) -> None:
        """Raise ``NotAllowedError`` unless who acts in this job holds now what it takes."""
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

    def title(self, job: Job) -> str:
        """Return the job's name for lists, in words."""
        raise NotImplementedError

    def sentence(self, job: Job) -> str:
        """Return what was asked for, as one sentence."""
        raise NotImplementedError

    def reason(self, job: Job, change: Change) -> str:
        """Return the reason of a change as a sentence ("" without one)."""
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
