"""What a session remembers of who signed in at the community's provider, and of who is away there.

A session holds who it is in which organization, by which provider and since when. It ends with the
browser, after half a day, when the community has another provider, and when the person is no
longer delivered.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from openpatron.reading.models import Person
from openpatron.reading.sign_in import signing_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from openpatron.organizations.models import Organization

_READERS, _AWAY = "readers", "away_to_reading"
# Seconds that somebody is signed in, and that somebody may be away to sign in.
_LONGEST, _PATIENCE = 12 * 3600, 15 * 60


def sign_in(request: HttpRequest, organization: Organization, person: Person) -> None:
    """Remember who it is, in a session with a new key; the organization is open."""
    request.session.cycle_key()
    held = signing_in(organization)
    kept = dict(request.session.get(_READERS, {}))
    kept[str(organization.pk)] = {
        "person": person.pk, "issuer": "" if held is None else held.issuer, "at": time.time(),
    }  # fmt: skip
    request.session[_READERS] = kept
    if not request.user.is_authenticated:
        request.session.set_expiry(0)


def sign_out(request: HttpRequest, organization: Organization) -> None:
    """Forget it."""
    kept = dict(request.session.get(_READERS, {}))
    kept.pop(str(organization.pk), None)
    request.session[_READERS] = kept


def person_signed_in(request: HttpRequest, organization: Organization) -> int | None:
    """Return who this session is in the opened organization; None for nobody, or not any more."""
    kept: Mapping[str, Any] | None = request.session.get(_READERS, {}).get(str(organization.pk))
    if kept is None or not 0 <= time.time() - kept["at"] <= _LONGEST:
        return None
    held = signing_in(organization)
    if held is None or held.issuer != kept["issuer"]:
        return None
    found = Person.objects.filter(organization=organization, pk=kept["person"], is_active=True)
    return found.values_list("pk", flat=True).first()


def go_away(
    request: HttpRequest, organization: Organization, kept: Mapping[str, str], wanted: str
) -> None:
    """Remember that this session's browser is sent to the provider."""
    request.session[_AWAY] = {
        "organization": organization.pk, "kept": dict(kept), "wanted": wanted, "at": time.time(),
    }  # fmt: skip


def come_back(
    request: HttpRequest, organization: Organization
) -> tuple[Mapping[str, str], str] | None:
    """Return what was remembered and where the person wanted to go; once, and not too late."""
    found = request.session.pop(_AWAY, None)
    if found is None or found["organization"] != organization.pk:
        return None
    if not 0 <= time.time() - found["at"] <= _PATIENCE:
        return None
    return found["kept"], found["wanted"]
