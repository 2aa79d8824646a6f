"""Tables of rights: AccessLevel and ResourceGroup."""

from __future__ import annotations

from django.db import models

from openpatron.organizations.manager import OrganizationManager


class AccessLevel(models.Model):
    """A named set of permission names, at a site or for the whole organization.

    ``grants``: the names of the levels that whoever holds this one may give; "*" is every level.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="access_levels"
    )
    name = models.CharField(max_length=30)
    permissions = models.JSONField(default=list)
    grants = models.JSONField(default=list)
    # After so many minutes without activity a desk leaves the patron; 0: never.
    desk_minutes = models.PositiveSmallIntegerField(default=10, db_default=10)

    objects = OrganizationManager()

    class Meta:
        """Names are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "name"), name="access_level_name"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class ResourceGroup(models.Model):
    """At a resource site: the permissions there of the patrons of its access level."""

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="resource_groups"
    )
    site = models.ForeignKey(
        "organizations.Site", models.CASCADE, related_name="resource_groups", db_index=False
    )
    access_level = models.ForeignKey(AccessLevel, models.CASCADE, related_name="resource_groups")
    name = models.CharField(max_length=30)
    permissions = models.JSONField(default=list)

    objects = OrganizationManager()

    class Meta:
        """Names are unique at the site."""

        constraints = (
            models.UniqueConstraint(fields=("site", "name"), name="resource_group_name"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name
