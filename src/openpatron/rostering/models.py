"""Tables of rostering: what a site has set, who else teaches, targets, and what was delivered.

What was delivered (``Sent…``) outlives what it is of: a row names its patron or homeroom by number,
without a foreign key, so that whoever is gone can still be told about.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"
_SITE = "organizations.Site"


class Health(models.TextChoices):
    """How the last delivery, or run, went, and who has to do something."""

    GOOD = "good", _("works")
    RETRY = "retry", _("will be tried again")
    RECONFIGURE = "reconfigure", _("its settings have to be changed")
    GIVEN_UP = "give_up", _("given up until somebody asks for it")


class Roster(models.Model):
    """By which identifier the organization itself is known to platforms."""

    organization = models.OneToOneField(_ORGANIZATION, models.CASCADE, related_name="roster")
    sourced_id = models.UUIDField(default=uuid4)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the identifier."""
        return str(self.sourced_id)


class PlatformSetup(models.Model):
    """What a site has set about the reading platform; without a row it does not use it."""

    class Managed(models.TextChoices):
        """Where the groups are made."""

        HERE = "here", _("here, from homerooms")
        THERE = "there", _("on the platform")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="platform_setups", db_index=False
    )
    site = models.OneToOneField(_SITE, models.CASCADE, related_name="platform_setup")
    # By which identifier the site is known to platforms.
    sourced_id = models.UUIDField(default=uuid4)
    is_used = models.BooleanField(default=False)
    supervisor = models.ForeignKey(
        "patrons.Patron", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    groups_managed = models.CharField(max_length=5, choices=Managed.choices, default=Managed.HERE)
    # The ids of patron types and access levels that count as teacher, or as student.
    teacher_types = models.JSONField(default=list)
    teacher_levels = models.JSONField(default=list)
    student_types = models.JSONField(default=list)
    student_levels = models.JSONField(default=list)
    # In hours; between these times of day (the organization's) nothing starts by itself.
    interval = models.PositiveSmallIntegerField(default=24)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    last_run_at = models.DateTimeField(null=True, blank=True)
    # The platform's side, or somebody here, asked for a run as soon as it can be.
    asked_at = models.DateTimeField(null=True, blank=True)
    modified_at = models.DateTimeField(default=timezone.now)
    # When homerooms were delivered last; where groups are managed there, only until then.
    groups_sent_at = models.DateTimeField(null=True, blank=True)
    # How the last run ended, how many failed in a row, the last of them, and when it is run again.
    health = models.CharField(max_length=11, choices=Health.choices, default=Health.GOOD)
    problem = models.CharField(max_length=300, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    failed_job = models.BigIntegerField(null=True, blank=True)
    again_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """An identifier is one site's."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="setup_id"),
        )

    def __str__(self) -> str:
        """Return the site's id; its name would need a query."""
        return f"platform of site {self.site_id}"


class CoTeacher(models.Model):
    """Somebody who teaches a homeroom beside its supervisor."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    homeroom = models.ForeignKey(
        "patrons.Homeroom", models.CASCADE, related_name="co_teachers", db_index=False
    )
    patron = models.ForeignKey("patrons.Patron", models.CASCADE, related_name="co_taught")

    objects = OrganizationManager()

    class Meta:
        """Once in a homeroom."""

        constraints = (
            models.UniqueConstraint(fields=("homeroom", "patron"), name="co_teacher_once"),
        )

    def __str__(self) -> str:
        """Return the ids; names would need queries."""
        return f"patron {self.patron_id} in homeroom {self.homeroom_id}"


class Target(models.Model):
    """An outside platform that receives accounts and homerooms, or news of them."""

    class Kind(models.TextChoices):
        """By which way."""

        REST = "oneroster-rest", _("OneRoster 1.2, the platform fetches")
        CSV = "oneroster-csv", _("OneRoster package in a folder")
        SFTP = "oneroster-sftp", _("OneRoster package by SFTP")
        WEBHOOK = "webhook", _("a message that there is news")

    class Version(models.TextChoices):
        """Which version of the standard a package is written in."""

        V1P1 = "oneroster-1.1", _("OneRoster 1.1")
        V1P2 = "oneroster-1.2", _("OneRoster 1.2")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="targets", db_index=False
    )
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=14, choices=Kind.choices)
    sites: models.ManyToManyField[Any, Any] = models.ManyToManyField(_SITE, related_name="targets")
    client_id = models.CharField(max_length=80)
    # Of the client's secret, which is shown once; empty where nobody fetches.
    secret_hash = models.CharField(max_length=200, blank=True, default="")
    # What its client may ask for: names of ``scopes.SCOPES``.
    scopes = models.JSONField(default=list)
    # Where it is: an address of the web, a folder, or sftp://USER@HOST:PORT/FOLDER.
    address = models.CharField(max_length=500, blank=True, default="")
    # Where its people come back to who sign in here; empty: nobody signs in there by us.
    redirects = models.JSONField(default=list)
    # What messages to it are signed with, or by what its server lets in, as ``kernel.sealed``
    # seals it.
    sealed_secret = models.TextField(blank=True, default="")
    # Of a package.
    version = models.CharField(max_length=13, choices=Version.choices, default=Version.V1P2)
    # Of a server of SFTP: its line of known_hosts, without the host.
    host_key = models.CharField(max_length=1000, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    # When its client fetched last.
    fetched_at = models.DateTimeField(null=True, blank=True)
    # When the last fetch of all accounts began that was read to its end: what was delivered by
    # then, it has.
    pulled_at = models.DateTimeField(null=True, blank=True)
    # There is news for it, to be told from then on; how often it was tried, and how that went.
    news_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    health = models.CharField(max_length=11, choices=Health.choices, default=Health.GOOD)
    problem = models.CharField(max_length=300, blank=True, default="")
    told_at = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """Names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="target_name"),
            models.UniqueConstraint(fields=("organization", "client_id"), name="target_client"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Status(models.TextChoices):
    """The standard's two."""

    ACTIVE = "active", _("active")
    GONE = "tobedeleted", _("withdrawn")


class Sent(models.Model):
    """What all that was delivered has in common."""

    sourced_id = models.UUIDField(default=uuid4)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.ACTIVE)
    modified_at = models.DateTimeField()

    class Meta:
        """Its fields stand in each table."""

        abstract = True


class SentUser(Sent):
    """A person as delivered. ``modified_at`` moves with the roles as well."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="sent_users", db_index=False
    )
    patron_id = models.BigIntegerField()
    # By the names of ``payload.PERSON``.
    values = models.JSONField(default=dict)

    objects = OrganizationManager()

    class Meta:
        """One row per patron; "changed since" goes along the time."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "patron_id"), name="sent_user_once"),
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="sent_user_id"),
        )
        indexes = (
            models.Index(fields=("organization", "id"), name="sent_user_in_order"),
            models.Index(fields=("organization", "modified_at", "id"), name="sent_user_modified"),
        )

    def __str__(self) -> str:
        """Return the identifier."""
        return str(self.sourced_id)


class SentRole(models.Model):
    """In which role a person was delivered of a site."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    sent_user = models.ForeignKey(SentUser, models.CASCADE, related_name="roles", db_index=False)
    site = models.ForeignKey(_SITE, models.CASCADE, related_name="+", db_index=False)
    # "student", "teacher" or "siteAdministrator".
    role = models.CharField(max_length=20)
    status = models.CharField(max_length=11, choices=Status.choices, default=Status.ACTIVE)

    objects = OrganizationManager()

    class Meta:
        """Once at a site; whoever fetches goes from the site to the persons."""

        constraints = (
            models.UniqueConstraint(fields=("sent_user", "site", "role"), name="sent_role_once"),
        )
        indexes = (models.Index(fields=("site", "role", "sent_user"), name="sent_role_of_site"),)

    def __str__(self) -> str:
        """Return role and ids."""
        return f"{self.role} {self.sent_user_id} at site {self.site_id}"


class SentClass(Sent):
    """A homeroom as delivered."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="sent_classes", db_index=False
    )
    site = models.ForeignKey(_SITE, models.CASCADE, related_name="+", db_index=False)
    homeroom_id = models.BigIntegerField()
    title = models.CharField(max_length=90)

    objects = OrganizationManager()

    class Meta:
        """One row per homeroom."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "homeroom_id"), name="sent_class_once"),
            models.UniqueConstraint(fields=("organization", "sourced_id"), name="sent_class_id"),
        )
        indexes = (models.Index(fields=("site", "modified_at"), name="sent_class_of_site"),)

    def __str__(self) -> str:
        """Return the identifier."""
        return str(self.sourced_id)


class SentEnrollment(Sent):
    """That a person is in a class, as delivered."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="sent_enrollments", db_index=False
    )
    sent_class = models.ForeignKey(
        SentClass, models.CASCADE, related_name="enrollments", db_index=False
    )
    sent_user = models.ForeignKey(
        SentUser, models.CASCADE, related_name="enrollments", db_index=False
    )
    site = models.ForeignKey(_SITE, models.CASCADE, related_name="+", db_index=False)
    role = models.CharField(max_length=20)
    is_primary = models.BooleanField(default=False)

    objects = OrganizationManager()

    class Meta:
        """Once in a class; "changed since" goes along the time."""

        constraints = (
            models.UniqueConstraint(
                fields=("sent_user", "sent_class"), name="sent_enrollment_once"
            ),
            models.UniqueConstraint(
                fields=("organization", "sourced_id"), name="sent_enrollment_id"
            ),
        )
        indexes = (
            models.Index(fields=("sent_class", "role"), name="sent_enrollment_of_class"),
            models.Index(fields=("site", "id"), name="sent_enrollment_of_site"),
            models.Index(
                fields=("organization", "modified_at", "id"), name="sent_enrollment_modified"
            ),
        )

    def __str__(self) -> str:
        """Return the identifier."""
        return str(self.sourced_id)


class Bookmark(models.Model):
    """How far a client has read a collection: where its next pages begin.

    So a page costs the same whatever its offset is. ``ends`` maps offsets to the key of the row
    before.
    """

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="+", db_index=False
    )
    target = models.ForeignKey(Target, models.CASCADE, related_name="bookmarks", db_index=False)
    # Of what was asked for, without the offset.
    digest = models.CharField(max_length=64)
    total = models.BigIntegerField()
    ends = models.JSONField(default=dict)
    # When its first page was read.
    begun_at = models.DateTimeField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)

    objects = OrganizationManager()

    class Meta:
        """One for each thing that is asked for."""

        constraints = (models.UniqueConstraint(fields=("target", "digest"), name="bookmark_once"),)

    def __str__(self) -> str:
        """Return the ids."""
        return f"bookmark {self.pk} of target {self.target_id}"
