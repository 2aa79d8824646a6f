"""What rostering stores about a person, told to the person."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.translation import gettext as _, gettext_lazy

from openpatron.patrons.known import KnownPart, KnownRow, register_known
from openpatron.patrons.models import Patron

from .models import CoTeacher, PlatformSetup, SentUser, Status


def register() -> None:
    """Have it told."""
    register_known(
        KnownPart("reading_platform", gettext_lazy("At the reading platform"), _delivered)
    )
    register_known(KnownPart("co_taught_homerooms", gettext_lazy("Co-taught homerooms"), _taught))
    register_known(KnownPart("supervised_sites", gettext_lazy("Supervised sites"), _supervised))


def _delivered(patron: Patron) -> list[KnownRow]:
    return [
        KnownRow(
            {
                "sourcedId": str(one.sourced_id),
                "status": one.status,
                "values": one.values,
                "modified_at": one.modified_at.isoformat(),
            },
            date_format(one.modified_at, "SHORT_DATETIME_FORMAT"),
            ", ".join(f"{name} {value}" for name, value in one.values.items() if value)
            or str(Status(one.status).label),
        )
        for one in SentUser.objects.filter(patron_id=patron.pk)
    ]


def _taught(patron: Patron) -> list[KnownRow]:
    rooms = CoTeacher.objects.filter(patron=patron).select_related("homeroom__site")
    return [
        KnownRow(
            {"homeroom": one.homeroom.name, "site": one.homeroom.site.name},
            one.homeroom.name,
            _("at %s") % one.homeroom.site.name,
        )
        for one in rooms.order_by("pk")
    ]


def _supervised(patron: Patron) -> list[KnownRow]:
    setups = PlatformSetup.objects.filter(supervisor=patron).select_related("site")
    return [
        KnownRow({"site": one.site.name}, one.site.name, _("supervisor of the reading platform"))
        for one in setups.order_by("pk")
    ]
