"""Tables of feeds: SourceSetup, how a source delivers; Feed, one delivery; ToldApart."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"


class SourceSetup(models.Model):
    """How a source delivers and what its columns mean: ``setup.Setup``, stored as it is written."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="source_setups", db_index=False
    )
    source = models.OneToOneField("patrons.Source", models.CASCADE, related_name="setup")
    # ``Setup.as_dict()``: what a source file in TOML says, secrets apart.
    document = models.JSONField(default=dict)
    # Password or private key of the place that feeds are fetched from (``kernel.sealed``).
    sealed_secret = models.TextField(blank=True, default="")
    # When the clock looks for a feed next; empty: never by itself.
    next_run_at = models.DateTimeField(null=True, blank=True, db_index=True)
    # When the clock looked last, and why it could not fetch then; "" where it could.
    looked_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True, default="")
    # Since when it cannot; empty where it can.
    trouble_since = models.DateTimeField(null=True, blank=True)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the id."""
        return f"setup of source {self.source_id}"


class Feed(models.Model):
    """One delivery of records from a source. The file is kept for 90 days."""

    class Arrival(models.TextChoices):
        """How it came."""

        UPLOAD = "upload", _("uploaded")
        COMMAND = "command", _("by command")
        FOLDER = "folder", _("from a folder")
        SFTP = "sftp", _("by SFTP")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="feeds", db_index=False
    )
    source = models.ForeignKey("patrons.Source", models.CASCADE, related_name="feeds")
    # None until it is planned, and where it could not even be read.
    job = models.OneToOneField(
        "ledger.Job", models.SET_NULL, null=True, blank=True, related_name="feed"
    )
    arrival = models.CharField(max_length=7, choices=Arrival.choices)
    # As it was called where it came from.
    file_name = models.CharField(max_length=255)
    # Where it is kept, below the data folder; "" when it is forgotten.
    path = models.CharField(max_length=255, blank=True, default="")
    size = models.BigIntegerField(default=0)
    # SHA-256 of the file.
    digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(default=timezone.now)
    received_by = models.BigIntegerField(null=True)
    # What was noticed about the file as a whole: ``records.Problem`` as dicts.
    problems = models.JSONField(default=list)
    # The summary's: created, updated, unchanged, withdrawn, reactivated, protected, rejected.
    counts = models.JSONField(default=dict)

    objects = OrganizationManager()

    class Meta:
        """Lists show the newest first."""

        indexes = (models.Index(fields=("source", "-id"), name="feed_newest"),)

    def __str__(self) -> str:
        """Return the number; a file's name may hold a person's."""
        return f"feed {self.pk}"


class ToldApart(models.Model):
    """That somebody of a source only looks like a patron: its feeds make a person of their own."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="told_apart", db_index=False
    )
    source = models.ForeignKey(
        "patrons.Source", models.CASCADE, related_name="told_apart", db_index=False
    )
    # The source's key for the person.
    key = models.CharField(max_length=254)
    # Who is not that person.
    patron = models.ForeignKey("patrons.Patron", models.CASCADE, related_name="told_apart")

    objects = OrganizationManager()

    class Meta:
        """Said once of a person and a patron."""

        constraints = (
            models.UniqueConstraint(fields=("source", "key", "patron"), name="told_apart_once"),
        )

    def __str__(self) -> str:
        """Return the id; a key does not belong into a log."""
        return f"told apart {self.pk}"
