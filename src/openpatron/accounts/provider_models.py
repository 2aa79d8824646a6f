"""Tables of signing in elsewhere: IdentityProvider, and Identity, who came in by one."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from openpatron.organizations.manager import OrganizationManager


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

    objects = OrganizationManager()

    class Meta:
        """Codes are unique in the organization."""

        constraints = (
            models.UniqueConstraint(fields=("organization", "code"), name="identity_provider_code"),
        )

    def __str__(self) -> str:
        """Return the name."""
        return self.name


class Identity(models.Model):
    """That somebody came in by a provider: under which subject, and as which account.

    Who an identity is, is asked of the records of the organization each time; this row says that
    the account's person has agreed to it, which counts for accounts of several organizations.
    """

    organization = models.ForeignKey(
        "organizations.Organization", models.CASCADE, related_name="identities"
    )
    provider = models.ForeignKey(
        IdentityProvider, models.CASCADE, related_name="identities", db_index=False
    )
    # The provider's own name for the person: opaque, or the external id.
    subject = models.CharField(max_length=254)
    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="identities")
    connected_at = models.DateTimeField(default=timezone.now)

    objects = OrganizationManager()

    class Meta:
        """A subject is one account's."""

        constraints = (
            models.UniqueConstraint(fields=("provider", "subject"), name="identity_once"),
        )

    def __str__(self) -> str:
        """Return the ids; a subject does not belong into a log."""
        return f"account {self.account_id} at provider {self.provider_id}"
