"""Tables of external records: Source, SourceRecord, Protection."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"

MISSING = "missing_since"
"""In ``SourceRecord.further``: since which day no row names the site."""


class Source(models.Model):
    """An outside system that owns external records; how its feeds arrive is ``feeds``' affair."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="sources", db_index=False
    )
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    # The names of the fields that it owns: locked on the records that it delivers.
    owned = models.JSONField(default=list)
    # Where the people of this source sign in; empty: here, with a password.
    identity_provider = models.ForeignKey(
        "accounts.IdentityProvider", models.SET_NULL, null=True, blank=True, related_name="sources"
    )
    is_active = models.BooleanField(default=True)

    objects = OrganizationManager()

    class Meta:
        """Codes are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "code"), name="source_code"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class SourceRecord(models.Model):
    """That a patron is external: the source, its key for the patron, and what it sent last.

    A patron without such a row is internal. ``key`` is the source's own external id.
    """

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="source_records", db_index=False
    )
    source = models.ForeignKey(Source, models.PROTECT, related_name="records", db_index=False)
    patron = models.OneToOneField("patrons.Patron", models.CASCADE, related_name="source_record")
    key = models.CharField(max_length=254)
    # The values received last, by the name of our field, as text: "theirs".
    values = models.JSONField(default=dict)
    # Of the row as it was received, so that an unchanged one is known without looking into it.
    digest = models.BinaryField(max_length=16, default=b"")
    received_at = models.DateTimeField(default=timezone.now)
    # The first day on which a full feed did not hold it any more.
    missing_since = models.DateField(null=True, blank=True)
    # The same of its associations with further sites, by short name: {"alder": {"patron_type": …}};
    # with ``MISSING`` since when no row names the site any more. Empty for most.
    further = models.JSONField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """A key is one patron's within its source."""

        constraints = (models.UniqueConstraint(fields=("source", "key"), name="source_record_key"),)
        indexes = (
            models.Index(
                fields=("source", "id"),
                name="source_record_further",
                condition=models.Q(further__isnull=False),
            ),
        )

    def __str__(self) -> str:
        """Return the ids; a key does not belong into a log."""
        return f"patron {self.patron_id} of source {self.source_id}"


class Protection(models.Model):
    """A field of one patron that the next feed must not overwrite.

    What the source sends for it meanwhile stands in the source record's ``values``.
    """

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="protections", db_index=False
    )
    patron = models.ForeignKey(
        "patrons.Patron", models.CASCADE, related_name="protections", db_index=False
    )
    field = models.CharField(max_length=60)
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    protected_by = models.BigIntegerField(null=True)
    protected_at = models.DateTimeField(default=timezone.now)
    # The last day that it holds; without one it holds until somebody releases it.
    until = models.DateField(null=True, blank=True)
    # Released by itself when the source sends the very value that is protected.
    ends_when_equal = models.BooleanField(default=False)

    objects = OrganizationManager()

    class Meta:
        """A field of a patron is protected once."""

        constraints = (models.UniqueConstraint(fields=("patron", "field"), name="protection_once"),)
        indexes = (
            models.Index(fields=("organization", "field", "patron"), name="protection_by_field"),
        )

    def __str__(self) -> str:
        """Return patron and field."""
        return f"{self.field} of patron {self.patron_id}"
