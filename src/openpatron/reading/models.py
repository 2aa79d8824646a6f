"""Tables of the reading community: its provider, what was pulled, groups, and the reading log.

Nothing here points to a patron or an account: a person is who the provider says, by ``sourced_id``.
"""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"

LIVE = models.Q(is_active=True, archived_at=None)
"""A group that is there: delivered or made here, and not put away."""
IN_LIVE = models.Q(group__is_active=True, group__archived_at=None)
"""The same of a membership."""


class Role(models.TextChoices):
    """Who somebody is at a school; the values are the standard's."""

    STUDENT = "student", _("student")
    TEACHER = "teacher", _("teacher")
    SUPERVISOR = "siteAdministrator", _("supervisor")


class Community(models.Model):
    """Where the community pulls from, and how it stands; one for an organization."""

    organization = models.OneToOneField(_ORGANIZATION, models.CASCADE, related_name="community")
    # Of a OneRoster 1.2 provider: what the collections begin with, and where tokens are given.
    base_url = models.URLField(max_length=300)
    token_url = models.URLField(max_length=300)
    client_id = models.CharField(max_length=80)
    # As ``kernel.sealed`` seals it.
    sealed_secret = models.TextField()
    # In hours, between two pulls by the clock.
    interval = models.PositiveSmallIntegerField(default=24)
    # The next pull; None: nothing is set up to be pulled by itself.
    due_at = models.DateTimeField(null=True, blank=True)
    # The provider is to be asked for a sync of its own before the next pull.
    asked_at = models.DateTimeField(null=True, blank=True)
    # The latest time of change that the provider named: the next pull asks what changed since.
    changed_until = models.DateTimeField(null=True, blank=True)
    full_at = models.DateTimeField(null=True, blank=True)
    # Whoever pulls holds this; after that time it is taken to be broken off.
    pulling_until = models.DateTimeField(null=True, blank=True)
    # Where its people sign in, by OpenID Connect ("": with their accounts here), what that is
    # called on the page, and the client there ("": the one that pulls).
    issuer = models.CharField(max_length=300, blank=True, default="")
    sign_in_name = models.CharField(max_length=80, blank=True, default="")
    sign_in_client = models.CharField(max_length=200, blank=True, default="")
    sealed_sign_in_secret = models.TextField(blank=True, default="")

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return where it pulls from."""
        return self.base_url


class School(models.Model):
    """A school of the provider. ``managed_here``: groups are made here, not by homerooms."""

    organization = models.ForeignKey(_ORGANIZATION, models.CASCADE, related_name="schools")
    sourced_id = models.CharField(max_length=255)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    managed_here = models.BooleanField(default=False)
    may_leave = models.BooleanField(default=False)
    # Whether who is in the group of a homeroom may go to that of another by its code.
    may_move = models.BooleanField(default=True)
    # Whom to ask about what is the library side's, and about all the rest: a name or a sentence,
    # and an e-mail or web address.
    library_contact = models.CharField(max_length=200, blank=True, default="")
    library_address = models.CharField(max_length=200, blank=True, default="")
    contact = models.CharField(max_length=200, blank=True, default="")
    contact_address = models.CharField(max_length=200, blank=True, default="")

    objects = OrganizationManager()

    class Meta:
        """An identifier is one school's."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="school_id"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Person(models.Model):
    """Somebody as pulled. Who is not delivered any more is not active, and keeps everything."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="readers", db_index=False
    )
    sourced_id = models.CharField(max_length=255)
    username = models.CharField(max_length=255)
    given_name = models.CharField(max_length=200)
    family_name = models.CharField(max_length=200)
    # Names and username folded, for searching (``kernel.text.fold``).
    search_text = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)
    signed_in_at = models.DateTimeField(null=True, blank=True)
    # How often a code was wrong since when: who guesses has to wait.
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    wrong_since = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """An identifier is one person's; lists go by name."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="reader_id"),
        )
        indexes = (
            models.Index(fields=("organization", "family_name", "given_name"), name="reader_name"),
        )

    def __str__(self) -> str:
        """Return the name as in lists."""
        return self.list_name

    @property
    def list_name(self) -> str:
        """The name as in lists."""
        return f"{self.family_name}, {self.given_name}"

    @property
    def full_name(self) -> str:
        """The name as people say it."""
        return f"{self.given_name} {self.family_name}"


class Seat(models.Model):
    """A role of a person at a school, as pulled."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    person = models.ForeignKey(Person, models.CASCADE, related_name="seats", db_index=False)
    school = models.ForeignKey(School, models.CASCADE, related_name="seats", db_index=False)
    role = models.CharField(max_length=20, choices=Role.choices)

    objects = OrganizationManager()

    class Meta:
        """Once at a school."""

        constraints = (
            models.UniqueConstraint(fields=("person", "school", "role"), name="seat_once"),
        )
        indexes = (models.Index(fields=("school", "role", "person"), name="seat_of_school"),)

    def __str__(self) -> str:
        """Return role and ids."""
        return f"{self.role} {self.person_id} at school {self.school_id}"


class Group(models.Model):
    """A group: of a homeroom (``sourced_id``), or a free one (None)."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="reading_groups", db_index=False
    )
    school = models.ForeignKey(School, models.CASCADE, related_name="groups")
    sourced_id = models.CharField(max_length=255, null=True, blank=True)  # noqa: DJ001  unique
    # What the library system calls it; ``own_name`` is what people here do, "" for the same.
    title = models.CharField(max_length=200)
    own_name = models.CharField(max_length=90, blank=True, default="")
    code = models.CharField(max_length=12)
    is_open = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    # Put away by people here; with all that is in it, it can be brought back.
    archived_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """A code leads to one group."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="group_id"),
            models.UniqueConstraint(fields=("organization", "code"), name="group_code"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.own_name or self.title


class Membership(models.Model):
    """Somebody and a group: what the library system says, and what holds here.

    Both are kept: so groups that were managed here can be set back to the homerooms.
    """

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)
    # Of the provider's enrollment; "" for who only joined here.
    sourced_id = models.CharField(max_length=255, blank=True, default="")
    is_delivered = models.BooleanField(default=False)
    is_current = models.BooleanField(default=False)

    objects = OrganizationManager()

    class Meta:
        """Once in a group."""

        constraints = (
            models.UniqueConstraint(fields=("group", "person", "role"), name="membership_once"),
        )
        indexes = (
            models.Index(fields=("organization", "sourced_id"), name="membership_by_enrollment"),
        )

    def __str__(self) -> str:
        """Return the ids; names would need queries."""
        return f"reader {self.person_id} in group {self.group_id}"


class Move(models.Model):
    """Students moved to a group in one step, with what it takes to undo it."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    group = models.ForeignKey(Group, models.CASCADE, related_name="moves")
    by = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    # For each person: from which groups, by their ids.
    was = models.JSONField(default=dict)
    undone_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return how many went where."""
        return f"{len(self.was)} to group {self.group_id}"


class Pull(models.Model):
    """One line of the sync history."""

    class Outcome(models.TextChoices):
        """How it went."""

        RUNNING = "running", _("at work")
        DONE = "done", _("done")
        FAILED = "failed", _("nothing was changed")

    organization = models.ForeignKey(_ORGANIZATION, models.CASCADE, related_name="pulls")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    is_full = models.BooleanField(default=True)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, default=Outcome.RUNNING)
    # How many are new, changed, gone, by the names of ``roster.Counts``.
    counts = models.JSONField(default=dict)
    problem = models.CharField(max_length=400, blank=True, default="")
    # What the sending side leaves out: school, sentence, number.
    left_out = models.JSONField(default=list)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return when, and how it went."""
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.outcome}"


class Read(models.Model):
    """One line of somebody's reading log."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    person = models.ForeignKey(Person, models.CASCADE, related_name="log", db_index=False)
    book = models.CharField(max_length=200)
    minutes = models.PositiveSmallIntegerField(default=0)
    pages = models.PositiveSmallIntegerField(default=0)
    day = models.DateField()

    objects = OrganizationManager()

    class Meta:
        """The log goes by day."""

        indexes = (models.Index(fields=("person", "day"), name="read_of_person"),)

    def __str__(self) -> str:
        """Return book and day."""
        return f"{self.book} {self.day}"
