"""Tables of who was here and who may be here twice: RemovedPatron, PossibleDuplicate."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"


class RemovedPatron(models.Model):
    """That a patron record is gone: whose it was, and into which one it was merged, if any.

    Without foreign keys, as in the ledger. The row goes when the ledger forgets the person.
    """

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="removed_patrons", db_index=False
    )
    patron = models.BigIntegerField()
    account = models.BigIntegerField()
    merged_into = models.BigIntegerField(null=True)
    removed_at = models.DateTimeField()

    objects = OrganizationManager()

    class Meta:
        """A record is gone once; asked by record, and by what was merged into one."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "patron"), name="removed_patron_once"),
        )
        indexes = (
            models.Index(
                fields=("organization", "merged_into"),
                condition=models.Q(merged_into__isnull=False),
                name="removed_patron_merged",
            ),
        )

    def __str__(self) -> str:
        """Return the number."""
        return f"removed patron {self.patron}"


class PossibleDuplicate(models.Model):
    """Two patron records that may be one person's, until somebody says that they are two."""

    class Likeness(models.IntegerChoices):
        """What the two have in common; the surest first."""

        PERSON = 1, _("the same name and birth date")
        SWAPPED = 2, _("the same names, swapped, and the same birth date")
        DISTRICT_ID = 3, _("nearly the same name, and a district id that looks the same")
        EMAIL = 4, _("nearly the same name, and the same e-mail address")
        NEAR = 5, _("nearly the same name, and the same birth date")
        NAME = 6, _("the same name, and a birth date is missing")

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="possible_duplicates", db_index=False
    )
    # The one with the smaller number.
    one = models.ForeignKey("patrons.Patron", models.CASCADE, related_name="+")
    other = models.ForeignKey("patrons.Patron", models.CASCADE, related_name="+")
    likeness = models.PositiveSmallIntegerField(choices=Likeness.choices)
    # Somebody said that these are two people: they are not shown again.
    two_people = models.BooleanField(default=False)
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    said_by = models.BigIntegerField(null=True)

    objects = OrganizationManager()

    class Meta:
        """Each pair once; listed by what they have in common."""

        constraints = (
            models.UniqueConstraint(fields=("one", "other"), name="possible_duplicate_once"),
        )
        indexes = (
            models.Index(
                fields=("organization", "two_people", "likeness", "id"),
                name="possible_duplicate_listed",
            ),
        )

    def __str__(self) -> str:
        """Return both numbers."""
        return f"patrons {self.one_id} and {self.other_id}"
