"""Come in by an identity provider: whose the subject is, and that its person agrees to it.

Nobody acts yet, so there is no right to ask for; what the provider proved stands for it.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.accounts.identity.base import SignInError
from openpatron.accounts.models import Account, Identity, IdentityProvider
from openpatron.patrons.signing_in import needs_agreement, patron_at


class UnknownPersonError(SignInError):
    """The provider knows the person, and we do not."""


class AgreementNeededError(SignInError):
    """The account belongs to other organizations as well: its person has to agree, once."""

    def __init__(self, account_id: int, message: str) -> None:
        """Keep whose agreement it is."""
        super().__init__("agreement", message)
        self.account_id = account_id


@transaction.atomic
def sign_in_elsewhere(provider: IdentityProvider, subject: str) -> Account:
    """Return the account that a subject is; the organization of the provider is open.

    Raises ``UnknownPersonError``, or ``AgreementNeededError`` until ``agree_to_identity``.
    """
    account = _account_at(provider, subject)
    if needs_agreement(account, provider, subject):
        raise AgreementNeededError(
            account.pk,
            _("Your account belongs to other libraries as well. Sign in once with your password."),
        )
    _remember(provider, subject, account)
    return account


@transaction.atomic
def agree_to_identity(account: Account, provider: IdentityProvider, subject: str) -> None:
    """Let the own account be signed in by a provider, under the subject that it just proved.

    Raises ``UnknownPersonError`` where the subject is another account's, or nobody's by now.
    """
    if _account_at(provider, subject) != account:
        raise _unknown(provider)
    _remember(provider, subject, account)


def _account_at(provider: IdentityProvider, subject: str) -> Account:
    patron = patron_at(provider, subject)
    if patron is None:
        raise _unknown(provider)
    return patron.account


def _unknown(provider: IdentityProvider) -> UnknownPersonError:
    return UnknownPersonError(
        "unknown person",
        _(
            "%(provider)s knows you, but %(organization)s has no record of you that belongs to "
            "this sign-in. No account is made. Ask your library."
        )
        % {"provider": provider.name, "organization": provider.organization.name},
    )


def _remember(provider: IdentityProvider, subject: str, account: Account) -> None:
    """Write down who came in as whom, where it is not written yet."""
    rows = Identity.objects.filter(provider=provider)
    if rows.filter(subject=subject, account=account).exists():
        return
    rows.filter(account=account).delete()
    Identity.objects.update_or_create(
        organization_id=provider.organization_id,
        provider=provider,
        subject=subject,
        defaults={"account": account},
    )
