"""Set who manages the groups of a school, and whom its people ask."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.reading.models import LIVE, Community, Group, Membership, School
from openpatron.reading.queries import set_back
from openpatron.reading.seats import require_supervisor

_WEB = ["https", "http"]


@dataclass(frozen=True, slots=True)
class WantedSchool:
    """Settings of a school; ``sync_now``: have the provider and then us synchronize soon."""

    managed_here: bool
    may_leave: bool
    library_contact: str
    contact: str
    may_move: bool = True
    library_address: str = ""
    contact_address: str = ""
    sync_now: bool = False
    # That groups go back to the homerooms was shown, and is meant.
    set_back: bool = False


@transaction.atomic
def edit_school(actor: Actor, number: int, wanted: WantedSchool) -> School:
    """Write it. Back to the library system: students are in the groups of their homerooms again.

    Nothing that people wrote is touched: logs stay with people, names with groups, and free groups
    are put away with all who are in them. Raises ``InputError`` where going back changes something
    and was not confirmed.
    """
    school = School.objects.select_for_update().get(pk=require_supervisor(actor, number).pk)
    if school.managed_here and not wanted.managed_here:
        if set_back(actor, school).changes and not wanted.set_back:
            raise InputError(
                "set_back",
                _("Groups go back to the homerooms, which changes what is listed here. Confirm "
                  "it, or leave the groups managed here."),
            )  # fmt: skip
        _set_back(school)
    school.managed_here, school.may_leave = wanted.managed_here, wanted.may_leave
    school.may_move = wanted.may_move
    for name in ("library_contact", "contact"):
        setattr(school, name, clean(getattr(wanted, name), name))
    for name in ("library_address", "contact_address"):
        setattr(school, name, _address(getattr(wanted, name), name))
    school.save()
    if wanted.sync_now:
        now = timezone.now()
        Community.objects.filter(organization=actor.organization).update(asked_at=now, due_at=now)
    return school


def _set_back(school: School) -> None:
    groups = Group.objects.filter(school=school)
    rooms = groups.exclude(sourced_id=None)
    Membership.objects.filter(group__in=rooms).exclude(is_current=F("is_delivered")).update(
        is_current=F("is_delivered")
    )
    rooms.update(archived_at=None)
    groups.filter(LIVE, sourced_id=None).update(archived_at=timezone.now())


def _address(text: str, name: str) -> str:
    """Return an e-mail or web address, or ""."""
    value = clean(text, name)
    if not value:
        return ""
    check = validate_email if "@" in value and "://" not in value else URLValidator(_WEB)
    try:
        check(value)
    except ValidationError:
        raise InputError(
            name,
            _("“%s” is neither an e-mail address nor a web address like https://library.example/.")
            % value,
        ) from None
    return value
