"""Who signs in elsewhere: whose a subject is, and which accounts have no password here."""

from __future__ import annotations

from django.utils.translation import gettext as _

from openpatron.accounts.identity.base import DISTRICT_ID
from openpatron.accounts.models import Account, Identity, IdentityProvider
from openpatron.accounts.queries import accounts_called, organizations_of
from openpatron.organizations.scope import open_organization

from .models import Patron, SourceRecord


def patron_at(provider: IdentityProvider, subject: str) -> Patron | None:
    """Return the patron whom a provider means by a subject; None for nobody, or for several.

    By the external id of a source whose people sign in there, or by the district id: as the
    provider's settings say. Never by e-mail address or name. Its organization must be open.
    """
    if provider.settings.get("match") == DISTRICT_ID:
        rows = Patron.objects.filter(organization=provider.organization_id, district_id=subject)
        found = list(rows.select_related("account")[:2])
    else:
        records = SourceRecord.objects.filter(
            source__identity_provider=provider, source__is_active=True, key=subject
        )
        found = [one.patron for one in records.select_related("patron__account")[:2]]
    return found[0] if len(found) == 1 else None


def is_vouched_for(account: Account, provider: int) -> bool:
    """Tell whether a provider (its number) would sign the account in today; four queries.

    Not where it is switched off or gone, nor its source, nor the record that it means.
    """
    for organization in organizations_of(account).filter(identity_providers=provider):
        with open_organization(organization):
            known = Identity.objects.filter(
                provider=provider, account=account, provider__is_active=True
            )
            for one in known.select_related("provider"):
                patron = patron_at(one.provider, one.subject)
                if patron is not None and patron.account_id == account.pk:
                    return True
    return False


def place_to_sign_in(account: Account) -> IdentityProvider | None:
    """Return where an account signs in, if it has no password here; else None.

    An external account of one organization has none. Who is registered with several keeps one:
    what one organization says is not enough for the others.
    """
    organizations = list(organizations_of(account)[:2])
    if len(organizations) != 1:
        return None
    with open_organization(organizations[0]):
        record = (
            SourceRecord.objects.filter(
                patron__account=account,
                source__is_active=True,
                source__identity_provider__is_active=True,
            )
            .select_related("source__identity_provider__organization")
            .first()
        )
    return None if record is None else record.source.identity_provider


def provider_for(
    organization: int, username: str, providers: list[IdentityProvider], chance: int
) -> IdentityProvider:
    """Return the provider of the account with that username, or one of them by ``chance``.

    So the answer tells nobody whether there is such an account: always one, by one query.
    """
    found = (
        SourceRecord.objects.filter(
            organization=organization,
            patron__account__in=accounts_called(username, ""),
            source__is_active=True,
            source__identity_provider__in=[one.pk for one in providers],
        )
        .values_list("source__identity_provider", flat=True)
        .first()
    )
    by_chance = providers[chance % len(providers)]
    return next((one for one in providers if one.pk == found), by_chance)


def needs_agreement(account: Account, provider: IdentityProvider, subject: str) -> bool:
    """Tell whether the account's person has to agree first to be signed in by this provider.

    Who is registered elsewhere as well: there, too, one would be signed in as them.
    """
    known = Identity.objects.filter(provider=provider, subject=subject, account=account)
    return organizations_of(account).count() > 1 and not known.exists()


def signs_in_elsewhere(account: Account) -> str:
    """Return the sentence for an account without a password here; "" for one with a password."""
    place = place_to_sign_in(account)
    if place is None:
        return ""
    return _(
        "%(name)s signs in with %(provider)s of %(organization)s and has no password here."
    ) % {
        "name": account.full_name,
        "provider": place.name,
        "organization": place.organization.name,
    }
