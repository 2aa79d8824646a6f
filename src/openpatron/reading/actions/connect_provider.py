"""Set where the community pulls from."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.accounts.identity.base import address
from openpatron.kernel.errors import InputError
from openpatron.kernel.sealed import seal
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.reading.models import Community
from openpatron.reading.seats import community, reader, require_connector

COMMUNITY = "reading_community"
"""What the ledger calls it."""

SOONEST, LONGEST = 1, 672


@dataclass(frozen=True, slots=True)
class WantedProvider:
    """A provider and the client there; an empty secret leaves the one that is stored.

    ``issuer``: where people sign in by OpenID Connect, "" for nowhere but here; with an empty
    ``sign_in_client`` the client that pulls signs them in, by its own secret.
    """

    base_url: str
    token_url: str
    client_id: str
    secret: str = field(default="", repr=False)
    interval: int = 24
    issuer: str = ""
    sign_in_name: str = ""
    sign_in_client: str = ""
    sign_in_secret: str = field(default="", repr=False)


@transaction.atomic
def connect_provider(actor: Actor, wanted: WantedProvider) -> Community:
    """Write it, and have everything pulled soon. Raises ``InputError`` naming the field."""
    require_connector(actor)
    found = community(actor) or Community(organization=actor.organization)
    before = _told(found) if found.pk else {}
    base, token = _address(wanted.base_url, "base_url"), _address(wanted.token_url, "token_url")
    client = clean(wanted.client_id, "client_id", limit=80, empty=False)
    secret = clean(wanted.secret, "secret", limit=200)
    # A secret is sent to no other address than the one it was given for.
    moved = (base, token, client) != (found.base_url, found.token_url, found.client_id)
    if not secret and (not found.sealed_secret or moved):
        raise InputError("secret", _("The secret of this client is needed here."))
    if not SOONEST <= wanted.interval <= LONGEST:
        raise InputError("interval", _("Hours between two syncs: from 1 to 672."))
    found.base_url, found.token_url, found.client_id = base, token, client
    found.interval = wanted.interval
    found.sealed_secret = seal(secret) if secret else found.sealed_secret
    _set_sign_in(found, wanted)
    found.due_at = timezone.now()
    if moved:
        found.changed_until = found.full_at = None
    found.save()
    after = _told(found)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        # Of who has no account here the ledger would not know who it was.
        person = reader(actor) if actor.account is None else None
        by = {} if person is None else {"by": person.full_name}
        record_change(
            actor, COMMUNITY, found.pk,
            {name: before[name] for name in changed if name in before},
            {name: after[name] for name in changed} | by,
        )  # fmt: skip
    return found


def _set_sign_in(found: Community, wanted: WantedProvider) -> None:
    """Write where people sign in."""
    issuer = clean(wanted.issuer, "issuer", limit=300)
    client = clean(wanted.sign_in_client, "sign_in_client", limit=200)
    secret = clean(wanted.sign_in_secret, "sign_in_secret", limit=200)
    if issuer:
        issuer = address(issuer, "issuer").removesuffix("/.well-known/openid-configuration")
    moved = (issuer, client) != (found.issuer, found.sign_in_client)
    if not secret and issuer and client and (moved or not found.sealed_sign_in_secret):
        raise InputError("sign_in_secret", _("The secret of this client is needed here."))
    if secret and not client:
        raise InputError(
            "sign_in_client", _("Say which client this secret is of, or leave both empty.")
        )
    found.issuer, found.sign_in_client = issuer, client
    found.sign_in_name = clean(wanted.sign_in_name, "sign_in_name", limit=80)
    if secret or not client or not issuer:
        found.sealed_sign_in_secret = seal(secret)


def _address(text: str, name: str) -> str:
    text = clean(text, name, limit=300, empty=False).rstrip("/")
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
        good = good and not parts.query and not parts.fragment
    except ValueError:
        good = False
    if not good:
        raise InputError(
            name, _("This has to be an address like https://library.example/ims/oneroster/…")
        )
    return text


def _told(one: Community) -> dict[str, str]:
    return {
        "base_url": one.base_url,
        "client_id": one.client_id,
        "interval": str(one.interval),
        "issuer": one.issuer,
        "sign_in_client": one.sign_in_client,
    }
