"""Set where the community pulls from."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.sealed import seal
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.reading.models import Community
from openpatron.reading.permissions import MANAGE
from openpatron.reading.seats import community

COMMUNITY = "reading_community"
"""What the ledger calls it."""

SOONEST, LONGEST = 1, 672


@dataclass(frozen=True, slots=True)
class WantedProvider:
    """A provider and the client there; an empty secret leaves the one that is stored."""

    base_url: str
    token_url: str
    client_id: str
    secret: str = field(default="", repr=False)
    interval: int = 24


@transaction.atomic
def connect_provider(actor: Actor, wanted: WantedProvider) -> Community:
    """Write it, and have everything pulled soon. Raises ``InputError`` naming the field."""
    actor.require(MANAGE)
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
    found.due_at = timezone.now()
    if moved:
        found.changed_until = found.full_at = None
    found.save()
    after = _told(found)
    changed = [name for name in after if before.get(name) != after[name]]
    if changed:
        record_change(
            actor, COMMUNITY, found.pk,
            {name: before[name] for name in changed if name in before},
            {name: after[name] for name in changed},
        )  # fmt: skip
    return found


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
    }
