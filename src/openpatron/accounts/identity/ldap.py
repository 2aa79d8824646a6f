"""LDAP: find the entry of a name, and bind as it with the password. Always encrypted.

``ldaps://`` is encrypted from the first byte, ``ldap://`` by StartTLS before anything is said.
"""

from __future__ import annotations

import secrets
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from openpatron.accounts.provider_models import IdentityProvider
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean, storable

from .base import (
    Addresses,
    SetupError,
    WrongPasswordError,
    address,
    missing_extra,
    one_word,
    secret_of,
    the_subject,
    unreachable,
)

if TYPE_CHECKING:
    from ldap3 import Connection

# To connect, and for an answer, in seconds.
_CONNECT, _ANSWER = 5, 10
_LONGEST_CERTIFICATES = 100_000


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Return server, base, name_attribute, claim, bind_dn and certificates, as they are stored."""
    return {
        "server": address(typed["server"], "server", schemes=("ldaps", "ldap")).rstrip("/"),
        "base": _name(typed["base"], "base", empty=False),
        "name_attribute": _attribute(typed["name_attribute"] or "uid", "name_attribute"),
        "claim": _attribute(typed["claim"] or "employeeNumber", "claim"),
        "bind_dn": _name(typed["bind_dn"], "bind_dn"),
        "certificates": _certificates(typed["certificates"]),
    }


def ask(provider: IdentityProvider, username: str, password: str) -> str:
    """Return the subject of who has this name and password there, or raise ``SignInError``.

    An empty password never counts: for a directory it would be nobody's bind, which succeeds.
    An unknown name takes the same steps as a wrong password.
    """
    if not username.strip() or not password or not storable(username) or not storable(password):
        raise _wrong()
    ldap3 = _library()
    settings = provider.settings
    with _bound(provider, settings["bind_dn"], secret_of(provider)) as connection:
        if connection is None:
            raise SetupError(
                "service bind",
                _("%s does not accept the account that this program searches with.")
                % provider.name,
            )
        wanted = ldap3.utils.conv.escape_filter_chars(username.strip())
        entries = _search(
            connection,
            provider,
            f"({settings['name_attribute']}={wanted})",
            [settings["claim"]],
        )
    entry = entries[0] if len(entries) == 1 else None
    # Nobody of this name, or several: still somebody's password is tried, so that it takes as long.
    nobody = f"cn={secrets.token_hex(16)},{settings['base']}"
    with _bound(provider, entry["dn"] if entry else nobody, password) as connection:
        if connection is None or entry is None:
            raise _wrong()
    return the_subject(entry["attributes"].get(settings["claim"]))


def check(provider: IdentityProvider, ours: Addresses) -> str:
    """Bind as the account that searches, and look at the base."""
    del ours
    settings = provider.settings
    with _bound(provider, settings["bind_dn"], secret_of(provider)) as connection:
        if connection is None:
            raise SetupError(
                "service bind",
                _("%s does not accept the account that this program searches with.")
                % provider.name,
            )
        entries = _search(
            connection, provider, f"({settings['name_attribute']}=*)", [settings["claim"]], most=5
        )
    with_id = sum(bool(entry["attributes"].get(settings["claim"])) for entry in entries)
    if not with_id:
        raise SetupError(
            "nobody",
            _("No entry below %(base)s that can be read has both %(name)s and %(claim)s.")
            % {
                "base": settings["base"],
                "name": settings["name_attribute"],
                "claim": settings["claim"],
            },
        )
    claim: str = settings["claim"]
    return _("The connection works: people are found, and have %s.") % claim


@contextmanager
def _bound(provider: IdentityProvider, dn: str, password: str) -> Iterator[Connection | None]:
    """Yield a connection that is bound as somebody (nobody, without a name); None if refused."""
    ldap3 = _library()
    server = ldap3.Server(
        provider.settings["server"],
        connect_timeout=_CONNECT,
        get_info=ldap3.NONE,
        tls=_encryption(provider.settings["certificates"]),
    )
    is_open_bind = not dn
    if dn and not password:
        yield None
        return
    connection = None
    try:
        connection = ldap3.Connection(
            server,
            user=dn or None,
            password=None if is_open_bind else password,
            authentication=ldap3.ANONYMOUS if is_open_bind else ldap3.SIMPLE,
            receive_timeout=_ANSWER,
            auto_referrals=False,
            read_only=True,
            raise_exceptions=False,
        )
        connection.open()
        if provider.settings["server"].startswith("ldap://") and not connection.start_tls():
            raise unreachable(provider, "StartTLS")
        is_bound = connection.bind()
        if not is_bound and connection.result["result"] not in _REFUSALS:
            raise unreachable(provider, f"bind: {connection.result['description']}")
        yield connection if is_bound else None
    except ldap3.core.exceptions.LDAPException as error:
        raise unreachable(provider, type(error).__name__) from None
    finally:
        if connection is not None:
            _close(connection)


# No such object, inappropriate authentication, invalid credentials, invalid syntax of a name,
# unwilling (a closed account), constraint violation (too many attempts).
_REFUSALS = frozenset({32, 34, 48, 49, 19, 53})


def _encryption(certificates: str) -> Any:
    """Return how a connection is encrypted: as Python does it, which checks the server's name.

    ldap3's own way checks it by code of its own, and leaves a socket open that it refuses.
    """
    context = ssl.create_default_context(cadata=certificates or None)

    class Encryption(_library().Tls):  # type: ignore[misc]
        def wrap_socket(self, connection: Connection, *, do_handshake: bool = False) -> None:
            del do_handshake  # at once, always
            name = connection.server.host
            connection.socket = context.wrap_socket(connection.socket, server_hostname=name)

    return Encryption(validate=ssl.CERT_REQUIRED)


def _close(connection: Connection) -> None:
    ldap3 = _library()
    with suppress(ldap3.core.exceptions.LDAPException, OSError):
        connection.unbind()
    # It leaves one open that it does not trust.
    if connection.socket is not None:
        connection.socket.close()


def _search(
    connection: Connection,
    provider: IdentityProvider,
    words: str,
    attributes: list[str],
    *,
    most: int = 2,
) -> list[dict[str, Any]]:
    ldap3 = _library()
    connection.search(
        provider.settings["base"],
        words,
        search_scope=ldap3.SUBTREE,
        attributes=attributes,
        size_limit=most,
        time_limit=_ANSWER,
    )
    # 4: more than asked for.
    if connection.result["result"] not in {0, 4}:
        raise SetupError(
            f"search: {connection.result['description']}",
            _("%(name)s does not let this program search below %(base)s.")
            % {"name": provider.name, "base": provider.settings["base"]},
        )
    return [one for one in connection.response if one["type"] == "searchResEntry"]


def _library() -> Any:
    try:
        import ldap3  # noqa: PLC0415  an extra
        import ldap3.utils.conv  # noqa: PLC0415
    except ImportError:
        raise missing_extra("ldap", "LDAP") from None
    return ldap3


def _wrong() -> WrongPasswordError:
    return WrongPasswordError(
        "wrong password",
        _("The username and the password do not belong together. Check both and try again."),
    )


def _name(text: str, field: str, *, empty: bool = True) -> str:
    value = clean(text, field, limit=500, empty=empty)
    if value and "=" not in value:
        raise InputError(
            field,
            _("“%s” is no distinguished name. Write it like ou=people,dc=school,dc=example.")
            % value,
        )
    return value


def _attribute(text: str, field: str) -> str:
    value = one_word(text, field)
    if not (value.isascii() and value.replace("-", "").replace(".", "").isalnum()):
        raise InputError(
            field, _("“%s” is no name of an attribute. Write it like uid or mail.") % value
        )
    return value


def _certificates(text: str) -> str:
    """Return the certificates of the directory's own authority, or "" for the well-known ones."""
    value = text.replace("\r\n", "\n").strip()
    if not value:
        return ""
    try:
        # Too many of them are cut, and so no certificates any more.
        ssl.create_default_context(cadata=value[:_LONGEST_CERTIFICATES])
    except (ssl.SSLError, ValueError):
        raise InputError(
            "certificates",
            _("This is no certificate. It begins with -----BEGIN CERTIFICATE-----."),
        ) from None
    return f"{value}\n"
