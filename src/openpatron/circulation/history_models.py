"""Tables that outlive loans: what was told of one, and counts without a person."""

from __future__ import annotations

from django.db import models

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"


class LoanReminder(models.Model):
    """The last that was told of a loan: due soon (step 1), or overdue (2 to 4)."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="loan_reminders", db_index=False
    )
    loan = models.OneToOneField("circulation.Loan", models.CASCADE, related_name="reminder")
    # For which day: a renewed loan is told anew.
    due_on = models.DateField()
    step = models.PositiveSmallIntegerField()
    # The id of the change that told it, without a foreign key: the ledger forgets.
    told_by = models.BigIntegerField(db_index=True)

    objects = OrganizationManager()

    def __str__(self) -> str:
        """Return the ids."""
        return f"loan {self.loan_id}, step {self.step}"


class LoanCount(models.Model):
    """How many loans of a day, that nobody knows any more whose they were."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="loan_counts", db_index=False
    )
    # The local day on which they were lent.
    day = models.DateField()
    site = models.ForeignKey("organizations.Site", models.PROTECT, related_name="+", db_index=False)
    patron_type = models.CharField(max_length=30)
    item_type = models.CharField(max_length=40, blank=True, default="")
    count = models.PositiveIntegerField()
    renewals = models.PositiveIntegerField(default=0)

    objects = OrganizationManager()

    class Meta:
        """One row for each day, site and the two types."""

        constraints = (
            models.UniqueConstraint(
                fields=("organization", "day", "site", "patron_type", "item_type"),
                name="loan_count_once",
            ),
        )

    def __str__(self) -> str:
        """Return day and count."""
        return f"{self.day}: {self.count}"
