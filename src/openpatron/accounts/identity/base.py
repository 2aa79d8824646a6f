"""What the protocols share: what they are asked, what they answer, and how they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol as Shape
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider
from openpatron.kernel.errors import InputError, OpenPatronError
from openpatron.kernel.sealed import BrokenSealError, unseal
from openpatron.kernel.text import clean, storable

EXTERNAL_ID, DISTRICT_ID = "external_id", "district_id"
MATCHES = (EXTERNAL_ID, DISTRICT_ID)
"""What a subject is compared with: the key of a source's record, or the district id."""

_LONGEST = 254


class SignInError(OpenPatronError):
    """Nobody is signed in. ``reason`` is for the log: a word, without personal data."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason beside the sentence."""
        super().__init__(message)
        self.reason = reason


class RefusedError(SignInError):
    """What came back proves nothing: forged, too old, for somebody else, or refused there."""


class WrongPasswordError(SignInError):
    """Name and password do not belong together, at a provider that we ask ourselves."""


class UnreachableError(SignInError):
    """The provider does not answer, or not as one does."""


class SetupError(SignInError):
    """Something about the provider's settings, or this installation, has to be mended first."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser is sent, and what this session has to remember until it is back."""

    address: str
    kept: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back: the words of the address, and SAML's response."""

    words: Mapping[str, str] = field(default_factory=dict)
    response: str = ""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Our own addresses for one provider, as it knows them."""

    back: str
    metadata: str


class Protocol(Shape):
    """What a module of a protocol has. LDAP has ``ask`` in place of ``begin`` and ``finish``."""

    def read(self, typed: Mapping[str, str]) -> dict[str, str]:
        """Return the settings as they are stored, or raise ``InputError`` for one of them."""

    def begin(self, provider: IdentityProvider, ours: Addresses) -> Begun:
        """Begin to sign somebody in. Raises ``SignInError``."""

    def finish(
        self,
        provider: IdentityProvider,
        ours: Addresses,
        kept: Mapping[str, str],
        answer: Answer,
    ) -> str:
        """Return the subject that the answer proves, or raise ``SignInError``."""

    def check(self, provider: IdentityProvider, ours: Addresses) -> str:
        """Try what can be tried without a person, and return what was found, as a sentence."""


def secret_of(provider: IdentityProvider) -> str:
    """Return the provider's secret, or raise ``SetupError`` where it cannot be read any more."""
    try:
        return unseal(provider.sealed_secret)
    except BrokenSealError:
        raise SetupError(
            "seal",
            _("The secret of %s cannot be read any more. An administrator has to enter it again.")
            % provider.name,
        ) from None


def the_subject(value: Any) -> str:
    """Return a subject that can be looked for, or raise ``RefusedError``."""
    if isinstance(value, (list, tuple)):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > _LONGEST or not storable(text):
        raise RefusedError(
            "no subject",
            _(
                "The answer does not say who you are in the way that was agreed. Tell your "
                "library: the setting for the id of a person has to be looked at."
            ),
        )
    return text


def refused(reason: str) -> RefusedError:
    """Return the refusal of an answer that proves nothing; what exactly was wrong is logged."""
    return RefusedError(
        reason,
        _(
            "The answer could not be trusted, so nobody is signed in. Begin again; if it happens "
            "again, tell your library."
        ),
    )


def unreachable(provider: IdentityProvider, reason: str) -> UnreachableError:
    """Return the error of a provider that is down."""
    return UnreachableError(
        reason,
        _("%s does not answer at the moment. Try again in some minutes.") % provider.name,
    )


def missing_extra(name: str, what: str) -> SetupError:
    """Return the error of an installation that lacks what the protocol needs."""
    return SetupError(
        "extra",
        _("%(what)s is not installed here. The operator installs it: openpatron[%(name)s].")
        % {"what": what, "name": name},
    )


def address(text: str, field: str, *, schemes: tuple[str, ...] = ("https", "http")) -> str:
    """Return an address of a server. Unsafe ones are for trying things out, not for production."""
    value = clean(text, field, limit=500, empty=False)
    url = urlsplit(value)
    safe = schemes[0]
    try:
        is_whole = url.scheme in schemes and bool(url.hostname) and url.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or url.username is not None or url.fragment:
        raise InputError(
            field,
            _("“%(found)s” is no address of a server. Write it like %(scheme)s://id.example.org/.")
            % {"found": value, "scheme": safe},
        )
    if url.scheme != safe:
        require_safe(field, safe)
    return value


def require_safe(field: str, safe: str) -> None:
    """Raise ``InputError`` for an unencrypted way in an installation that is itself encrypted."""
    if settings.SESSION_COOKIE_SECURE:
        raise InputError(
            field,
            _("Passwords and answers would be sent openly. The address has to begin with %s://.")
            % safe,
        )


def one_word(text: str, field: str, default: str = "") -> str:
    """Return the name of a claim or attribute: no spaces; ``default`` where nothing is typed."""
    value = clean(text, field, limit=200) or default
    if any(character.isspace() for character in value):
        raise InputError(field, _("“%s” has a space in it. Leave the space out.") % value)
    return value
