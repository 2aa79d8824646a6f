"""Set who manages the groups of a school, and whom its people ask."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.reading.models import Community, Membership, School
from openpatron.reading.queries import set_back
from openpatron.reading.seats import require_supervisor


@dataclass(frozen=True, slots=True)
class WantedSchool:
    """Settings of a school; ``sync_now``: have the provider and then us synchronize soon."""

    managed_here: bool
    may_leave: bool
    library_contact: str
    contact: str
    sync_now: bool = False
    # That groups go back to the homerooms was shown, and is meant.
    set_back: bool = False


@transaction.atomic
def edit_school(actor: Actor, number: int, wanted: WantedSchool) -> School:
    """Write it. Back to the library system: memberships are those of the homerooms again.

    Nothing that people wrote is touched. Raises ``InputError`` where going back changes something
    and was not confirmed.
    """
    school = School.objects.select_for_update().get(pk=require_supervisor(actor, number).pk)
    if school.managed_here and not wanted.managed_here:
        changes = set_back(actor, school)
        if changes and not wanted.set_back:
            raise InputError(
                "set_back",
                _("Groups go back to the homerooms, which changes what is listed here. Confirm "
                  "it, or leave the groups managed here."),
            )  # fmt: skip
        Membership.objects.filter(group__school=school).exclude(
            is_current=F("is_delivered")
        ).update(is_current=F("is_delivered"))
    school.managed_here, school.may_leave = wanted.managed_here, wanted.may_leave
    school.library_contact = clean(wanted.library_contact, "library_contact")
    school.contact = clean(wanted.contact, "contact")
    school.save()
    if wanted.sync_now:
        now = timezone.now()
        Community.objects.filter(organization=actor.organization).update(asked_at=now, due_at=now)
    return school
