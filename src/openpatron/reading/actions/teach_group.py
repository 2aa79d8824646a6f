"""Teachers of a free group: a club may have several."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError, NotFoundError, StateError
from openpatron.reading.models import Group, Membership, Person, Role
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import may_teach, require_leader


@transaction.atomic
def add_teacher(actor: Actor, number: int, person: int) -> Person:
    """Let a teacher of the school lead a free group that the actor leads.

    Raises ``InputError`` ("teacher") for anybody else, ``StateError`` for a homeroom.
    """
    group = _free(actor, number)
    found = may_teach(group).filter(pk=person).first() if 0 < person < 2**63 else None
    if found is None:
        raise InputError("teacher", _("Choose a teacher of the list."))
    Membership.objects.update_or_create(
        group=group, person=found, role=Role.TEACHER,
        defaults={"is_current": True}, create_defaults={
            "organization": actor.organization, "is_current": True,
        },
    )  # fmt: skip
    return found


@transaction.atomic
def remove_teacher(actor: Actor, number: int, person: int) -> Person:
    """Take a teacher off a free group; the last one stays. Of a group of ours none look alike."""
    group = _free(actor, number)
    held = Membership.objects.filter(
        group=group, role=Role.TEACHER, is_current=True, person__is_active=True
    )
    found = held.filter(person=person).select_related("person") if 0 < person < 2**63 else None
    one = found.first() if found is not None else None
    if one is None:
        raise NotFoundError(_("There is no such teacher in this group."))
    if held.count() == 1:
        raise StateError(
            _("%(teacher)s is the only teacher of %(group)s. Add another one first, or archive "
              "the group.")
            % {"teacher": one.person.full_name, "group": group.name}
        )  # fmt: skip
    held.filter(pk=one.pk).update(is_current=False)
    return one.person


def _free(actor: Actor, number: int) -> Group:
    """Return the group, held until the end, if it is no homeroom and managed here."""
    group = require_leader(actor, number)
    require_managed_here(group.school)
    if group.sourced_id is not None:
        raise StateError(
            _("The teachers of %s come from the library system, with its homeroom.") % group.name
        )
    return Group.objects.select_for_update(of=("self",)).select_related("school").get(pk=group.pk)
