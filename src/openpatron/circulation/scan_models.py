"""Table of scans: that what somebody scanned has been done."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from openpatron.organizations.manager import OrganizationManager


class Scan(models.Model):
    """What was scanned at a desk and done, by the key that the desk gave it.

    Written in the transaction of what was done: sent again, it is answered and not done again.
    Names no patron; rows of past days are taken away.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="scans", db_index=False
    )
    key = models.UUIDField()
    # The account's id, without a foreign key, as in the ledger.
    by = models.BigIntegerField(null=True)
    # What came of it: "lent", "returned", …, and the sentence.
    outcome = models.CharField(max_length=12)
    said = models.CharField(max_length=600)
    at = models.DateTimeField(default=timezone.now)

    objects = OrganizationManager()

    class Meta:
        """A key is used once."""

        constraints = (models.UniqueConstraint(fields=("organization", "key"), name="scan_once"),)
        indexes = (models.Index(fields=("organization", "at"), name="scan_at"),)

    def __str__(self) -> str:
        """Return the number."""
        return f"scan {self.pk}"
