"""Put a group away with all that is in it, and bring it back."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.reading.models import LIVE, Group, Membership, Role
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import require_archived, require_leader


@transaction.atomic
def archive_group(actor: Actor, number: int) -> Group:
    """Put a group away: nobody sees or joins it, and all who are in it stay written down.

    Raises ``StateError`` where the library system manages the groups.
    """
    group = require_leader(actor, number)
    require_managed_here(group.school)
    Group.objects.filter(pk=group.pk).update(archived_at=timezone.now())
    return group


@transaction.atomic
def restore_group(actor: Actor, number: int) -> Group:
    """Bring an archived group back, with all who were in it."""
    group = require_archived(actor, number)
    require_managed_here(group.school)
    others = Group.objects.filter(LIVE, school=group.school_id)
    if any(one.name == group.name for one in others):
        raise InputError(
            "name",
            _("There is another group “%s” by now. Give that one another name first.") % group.name,
        )
    if group.sourced_id is not None:
        _leave_to_others(group)
    Group.objects.filter(pk=group.pk).update(archived_at=None)
    return group


def _leave_to_others(group: Group) -> None:
    """Take out who is in another homeroom of the school by now: one is in one at a time."""
    rooms = Group.objects.filter(LIVE, school=group.school_id).exclude(sourced_id=None)
    elsewhere = Membership.objects.filter(
        group__in=rooms.exclude(pk=group.pk), role=Role.STUDENT, is_current=True
    )
    Membership.objects.filter(
        group=group, role=Role.STUDENT, person__in=elsewhere.values("person")
    ).update(is_current=False)
