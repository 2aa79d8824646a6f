"""Tables of the ledger: Job, a change to many; Change, what happened to one subject; Night."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class State(models.TextChoices):
    """Where a job stands. ``planning``, ``applying`` and ``undoing`` are worked on."""

    PLANNING = "planning", _("being planned")
    PLANNED = "planned", _("planned, waits for a yes")
    APPLYING = "applying", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    UNDOING = "undoing", _("being undone")
    UNDONE = "undone", _("undone")
    FAILED = "failed", _("stopped by an error")


AT_WORK = (State.PLANNING, State.APPLYING, State.UNDOING)
"""The states in which a worker has something to do."""


class Outcome(models.TextChoices):
    """How a change ended, or is planned."""

    PLANNED = "planned", _("planned")
    SKIPPED = "skipped", _("skipped")
    CONFLICT = "conflict", _("cannot be done")
    APPLIED = "applied", _("done")
    FAILED = "failed", _("failed")
    UNDONE = "undone", _("undone")
    LEFT = "left", _("left as it is")


class Job(models.Model):
    """A change to many subjects: planned, confirmed, applied, summarised, undoable."""

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="jobs", db_index=False
    )
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNING)
    # What was asked for: ids and the names they had, so that the sentence outlives a renaming.
    params = models.JSONField(default=dict)
    way = models.CharField(max_length=4)
    # Empty for the operator, who may do everything: so nobody who asked can be deleted from here.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    confirmed_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    undone_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_requested = models.BooleanField(default=False)
    # How many rows the work at hand has, and how many of them are through.
    total = models.BigIntegerField(default=0)
    done = models.BigIntegerField(default=0)
    # Rows by outcome and reason, {"planned": {"": 398, "taken": 14}}; counted when a stage ends.
    counts = models.JSONField(default=dict)
    # Where the work at hand stands; the kind of job gives it its meaning.
    cursor = models.JSONField(default=dict)
    # Who works on it, and until when the others have to keep away.
    lease_token = models.CharField(max_length=32, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    failed_state = models.CharField(max_length=10, blank=True, default="")
    # One request makes one job, however often it is sent.
    request_key = models.CharField(max_length=64, null=True)  # noqa: DJ001  NULLs are distinct, "" is not

    objects = OrganizationManager()

    class Meta:
        """Lists show the newest first; workers look for the states at work."""

        constraints = (
            models.UniqueConstraint(
                fields=("organization", "request_key"), name="job_request_once"
            ),
        )
        indexes = (
            models.Index(fields=("organization", "-id"), name="job_newest"),
            models.Index(
                fields=("organization", "lease_until"),
                condition=models.Q(state__in=["planning", "applying", "undoing"]),
                name="job_at_work",
            ),
        )

    def __str__(self) -> str:
        """Return number and kind."""
        return f"{self.kind} {self.pk}"

    @property
    def is_at_work(self) -> bool:
        """Tell whether a worker has something to do."""
        return self.state in AT_WORK

    @property
    def state_label(self) -> StrOrPromise:
        """The state in words."""
        return State(self.state).label

    @property
    def planned_rows(self) -> int:
        """How many rows a yes would apply."""
        return sum(self.counts.get(Outcome.PLANNED, {}).values())

    @property
    def applied_rows(self) -> int:
        """How many rows are applied and not undone: what an undo would look at."""
        return sum(self.counts.get(Outcome.APPLIED, {}).values())


class Change(models.Model):
    """What happened, or is planned, to one subject.

    The subject is (kind, id) without a foreign key, and so is the actor: history outlives what
    it tells of. ``before`` and ``after`` hold names, not ids, for the same reason.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="+", db_index=False
    )
    job = models.ForeignKey(Job, models.CASCADE, null=True, related_name="changes", db_index=False)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    reason = models.CharField(max_length=24, blank=True, default="")
    # A row that somebody wants to see before the others: a problem, a changed barcode.
    notable = models.BooleanField(default=False)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    # The account's id; empty for the operator, and for a job's rows, whose job knows.
    actor = models.BigIntegerField(null=True)
    way = models.CharField(max_length=4)
    at = models.DateTimeField()

    objects = OrganizationManager()

    class Meta:
        """One index for a subject's history, one for a job's lines, one for its notable lines."""

        indexes = (
            models.Index(
                fields=("organization", "subject_kind", "subject_id"), name="change_history"
            ),
            models.Index(fields=("job", "id"), name="change_of_job"),
            models.Index(
                fields=("job", "id"), condition=models.Q(notable=True), name="change_notable"
            ),
        )

    def __str__(self) -> str:
        """Return subject and outcome."""
        return f"{self.subject_kind} {self.subject_id}: {self.outcome}"

    @property
    def outcome_label(self) -> StrOrPromise:
        """The outcome in words."""
        return Outcome(self.outcome).label


class Night(models.Model):
    """That a kind of nightly job has had its turn in one organization on one local day."""

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="nights", db_index=False
    )
    kind = models.CharField(max_length=40)
    day = models.DateField()
    # None where there was nothing to do.
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+", db_index=False)

    objects = OrganizationManager()

    class Meta:
        """Once: this constraint decides between several workers."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "day", "kind"), name="night_once"),
        )

    def __str__(self) -> str:
        """Return kind and day."""
        return f"{self.kind} {self.day}"
