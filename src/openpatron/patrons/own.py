"""What a person sees of their own records: one library, or all of them.

Nobody needs a right for what is their own. Staff notes are not among it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from openpatron.access.actor import WEB, Actor
from openpatron.accounts.models import Account
from openpatron.accounts.queries import organizations_of
from openpatron.kernel.barcode_bars import Bars, bars
from openpatron.organizations.barcode_pattern import CHECK_MOD43
from openpatron.organizations.models import Organization
from openpatron.organizations.scope import open_organization

from .finding import lasting_blocks, standing_of
from .models import Association, Barcode, Note, Patron
from .queries import own_patron
from .standing import Deed, Reason, everything, is_expired


@dataclass(frozen=True, slots=True)
class Face:
    """A card number as it is held under a scanner; no bars where no code can say it."""

    value: str
    bars: Bars | None
    places: list[str]


@dataclass(frozen=True, slots=True)
class OwnLibrary:
    """A person's record in one organization, read to the end: nothing is asked for later."""

    organization: Organization
    patron: Patron
    ties: list[Association]
    faces: list[Face]
    stopped: list[tuple[Reason, list[Deed]]]
    # Text and day, in the organization's time zone.
    notes: list[tuple[str, date]]
    is_expired: bool
    expires_soon: bool


def own_library(actor: Actor) -> OwnLibrary | None:
    """Return the actor's own record in the opened organization; six queries at most."""
    patron = own_patron(actor)
    if patron is None:
        return None
    ties = list(patron.associations.all())
    stopped = []
    if ties:
        standing = standing_of(patron, ties[0].site, lasting_blocks(patron))
        stopped = everything(standing, may_override=False)
    today, last = timezone.localdate(), patron.expires_on
    over = is_expired(last, today)
    warning = timedelta(days=actor.organization.expiry_warning_days)
    return OwnLibrary(
        organization=actor.organization,
        patron=patron,
        ties=ties,
        faces=faces(patron.barcodes.all()),
        # An expired record is told by its date.
        stopped=[(reason, deeds) for reason, deeds in stopped if reason.code != "expired"],
        notes=[
            (note.text, timezone.localtime(note.written_at).date())
            for note in Note.objects.filter(patron=patron, is_public=True).order_by("-pk")
        ],
        is_expired=over,
        expires_soon=last is not None and not over and last - today <= warning,
    )


def own_libraries(account: Account) -> list[OwnLibrary]:
    """Return the person's records in all organizations, each read with that one opened."""
    found = []
    for organization in organizations_of(account):
        with open_organization(organization):
            library = own_library(Actor(organization, account, WEB, {}))
            if library is not None:
                found.append(library)
    return found


def faces(cards: Iterable[Barcode]) -> list[Face]:
    """Return the current numbers, each once with all the places where it is valid."""
    places: dict[str, list[str]] = {}
    code39 = set()
    for card in cards:
        if card.state != Barcode.State.CURRENT:
            continue
        here = places.setdefault(card.value, [])
        if card.site is not None:
            here.append(card.site.name)
            if card.site.barcode_check == CHECK_MOD43:
                code39.add(card.value)
    return [
        Face(value, bars(value, code39=value in code39), where) for value, where in places.items()
    ]
