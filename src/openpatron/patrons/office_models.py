"""Tables of what an office keeps for its own work: local codes, templates, saved lists."""

from __future__ import annotations

from django.db import models

from openpatron.organizations.manager import OrganizationManager

_ORGANIZATION = "organizations.Organization"
_SITE = "organizations.Site"


class LocalCode(models.Model):
    """A code of the library's own on a patron, for selections and statistics; several may be."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="local_codes", db_index=False
    )
    patron = models.ForeignKey(
        "patrons.Patron", models.CASCADE, related_name="local_codes", db_index=False
    )
    value = models.CharField(max_length=40)

    objects = OrganizationManager()

    class Meta:
        """Each code once per patron; found by organization and code."""

        constraints = (models.UniqueConstraint(fields=("patron", "value"), name="local_code_once"),)
        indexes = (
            models.Index(fields=("organization", "value", "patron"), name="local_code_found"),
        )

    def __str__(self) -> str:
        """Return the code."""
        return self.value


class RegistrationTemplate(models.Model):
    """What the form to register a patron is filled in with beforehand; nothing is required."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="registration_templates", db_index=False
    )
    name = models.CharField(max_length=60)
    site = models.ForeignKey(_SITE, models.CASCADE, null=True, blank=True, related_name="+")
    patron_type = models.ForeignKey(
        "organizations.PatronType", models.CASCADE, null=True, blank=True, related_name="+"
    )
    access_level = models.ForeignKey(
        "access.AccessLevel", models.CASCADE, null=True, blank=True, related_name="+"
    )
    language = models.CharField(max_length=10, blank=True, default="")
    # The record expires so many months after the day of registration.
    expires_after_months = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = OrganizationManager()

    class Meta:
        """Names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(
                fields=("organization", "name"), name="registration_template_name"
            ),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class SavedList(models.Model):
    """A selection of patrons under a name: the filters of the list of patrons, found anew."""

    organization = models.ForeignKey(
        _ORGANIZATION, models.CASCADE, related_name="saved_lists", db_index=False
    )
    name = models.CharField(max_length=60)
    # As in the list's address.
    filters = models.JSONField()
    # The account's id, without a foreign key, as in the ledger; empty for the operator.
    saved_by = models.BigIntegerField(null=True)

    objects = OrganizationManager()

    class Meta:
        """Names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="saved_list_name"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name
