"""Table of the places where people sign in elsewhere: IdentityProvider."""

from __future__ import annotations

from django.db import models
from django_scopes import ScopedManager


class IdentityProvider(models.Model):
    """Where people of an organization, or of one source, sign in instead of here."""

    class Kind(models.TextChoices):
        """The protocol."""

        OIDC = "oidc", "OpenID Connect"
        SAML = "saml", "SAML 2"
        LDAP = "ldap", "LDAP"
        CAS = "cas", "CAS"

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="identity_providers"
    )
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    # What the protocol needs to know, without its secrets.
    settings = models.JSONField(default=dict)
    # Its secret (client secret, bind password), as ``kernel.sealed`` seals it.
    sealed_secret = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)

    objects = ScopedManager(organization="organization")

    class Meta:
        """Codes are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "code"), name="identity_provider_code"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name
