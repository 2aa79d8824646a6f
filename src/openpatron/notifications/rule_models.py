"""Tables of what an organization decides about its messages: which, when, in which words."""

from __future__ import annotations

from django.db import models

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"


class MessageRule(models.Model):
    """Whether a kind of message is sent, and when; without a row as the program has it."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="message_rules", db_index=False
    )
    kind = models.CharField(max_length=30)
    is_sent = models.BooleanField(default=True)
    # Days before or after the day that it is about; None for kinds that are sent at once.
    days = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """One per kind."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "kind"), name="message_rule_once"),
        )

    def __str__(self) -> str:
        """Return the kind."""
        return self.kind


class MessageText(models.Model):
    """An organization's own words for a kind of message in one language."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="message_texts", db_index=False
    )
    kind = models.CharField(max_length=30)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    # The line for each item, where the kind has items.
    item = models.CharField(max_length=300, blank=True, default="")

    objects = OrganizationManager()

    class Meta:
        """One per kind and language."""

        constraints = (
            models.UniqueConstraint(
                fields=("organization", "kind", "language"), name="message_text_once"
            ),
        )

    def __str__(self) -> str:
        """Return kind and language."""
        return f"{self.kind} {self.language}"


class LetterSettings(models.Model):
    """How an organization's letters are made; without a row as the program has it."""

    organization = models.OneToOneField(
        _ORGANIZATION, models.CASCADE, related_name="letter_settings"
    )
    # To the second address of a patron who has one.
    to_second_address = models.BooleanField(default=False)
    # From this hour of the local day on, the letters of the day before go to be printed.
    hour = models.PositiveSmallIntegerField(default=5)

    objects = OrganizationManager()

    class Meta:
        """An hour of the day."""

        constraints = (
            models.CheckConstraint(condition=models.Q(hour__lte=23), name="letter_hour"),
        )

    def __str__(self) -> str:
        """Return the hour."""
        return f"letters at {self.hour}"
