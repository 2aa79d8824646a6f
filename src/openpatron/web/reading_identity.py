"""Who somebody is in the reading community, and what is known about them there.

The community itself knows nothing of accounts: it is told here, by the same identifier that the
sign-in by OpenID Connect gives to a platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.patrons.known import KnownPart, KnownRow, register_known
from openpatron.reading.models import Person, Read
from openpatron.reading.seats import register_identify
from openpatron.rostering.identity import identity_of
from openpatron.rostering.models import SentUser

if TYPE_CHECKING:
    from openpatron.access.actor import Actor
    from openpatron.patrons.models import Patron


def register_reading() -> None:
    """Tell the community who people are, and people what it knows."""
    register_identify(_identify)
    register_known(KnownPart("reading", gettext_lazy("In the reading community"), _known))


def _identify(actor: Actor, client_id: str) -> str | None:
    # A client of another organization knows other people.
    if actor.account is None or client_id.partition(".")[0] != actor.organization.slug:
        return None
    found = identity_of(client_id, actor.account)
    return None if found is None else found.sourced_id


def _known(patron: Patron) -> list[KnownRow]:
    sent = SentUser.objects.filter(patron_id=patron.pk).values_list("sourced_id", flat=True)
    people = Person.objects.filter(sourced_id__in=[str(one) for one in sent])
    found = []
    for one in people.order_by("pk"):
        groups = [
            member.group.name
            for member in one.memberships.filter(is_current=True).select_related("group")
        ]
        data = {
            "sourcedId": one.sourced_id,
            "username": one.username,
            "given_name": one.given_name,
            "family_name": one.family_name,
            "is_active": one.is_active,
            "signed_in_at": one.signed_in_at.isoformat() if one.signed_in_at else None,
            "groups": groups,
        }
        found.append(KnownRow(data, one.full_name, ", ".join(groups) or _("in no group")))
    for read in Read.objects.filter(person__in=people).order_by("day", "pk"):
        data = {
            "book": read.book, "minutes": read.minutes, "pages": read.pages,
            "day": read.day.isoformat(),
        }  # fmt: skip
        words = _("%(minutes)d minutes, %(pages)d pages") % data
        day = date_format(read.day, "SHORT_DATE_FORMAT")
        found.append(KnownRow(data, f"{day}: {read.book}", words))
    return found
