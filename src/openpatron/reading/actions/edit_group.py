"""Make free groups, name groups, and renew, close and open their codes."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.kernel.errors import InputError
from openpatron.kernel.text import clean
from openpatron.reading.codes import new_code
from openpatron.reading.models import LIVE, Group, Membership, Role
from openpatron.reading.rules import require_managed_here
from openpatron.reading.seats import require_leader, require_reader, require_supervisor

_LONGEST = 90


@transaction.atomic
def add_group(actor: Actor, school: int, name: str) -> Group:
    """Make a free group at a school whose supervisor the actor is; they lead it.

    Raises ``StateError`` where the library system manages the groups.
    """
    place = require_supervisor(actor, school)
    require_managed_here(place)
    group = Group(organization=actor.organization, school=place, code=_code())
    group.title = _name(name, group)
    group.save()
    Membership.objects.create(
        organization=actor.organization, group=group, person=require_reader(actor),
        role=Role.TEACHER, is_current=True,
    )  # fmt: skip
    return group


@transaction.atomic
def name_group(actor: Actor, number: int, name: str) -> Group:
    """Call a group otherwise here; an empty name is the library system's again."""
    group = _locked(require_leader(actor, number))
    if not name.strip() and group.sourced_id is not None:
        group.own_name = ""
    else:
        group.own_name = _name(name, group)
    group.save(update_fields=["own_name"])
    return group


@transaction.atomic
def renew_code(actor: Actor, number: int) -> Group:
    """Give a group another code: the old one leads nowhere from then on."""
    group = _locked(require_leader(actor, number))
    group.code, group.is_open = _code(), True
    group.save(update_fields=["code", "is_open"])
    return group


@transaction.atomic
def open_code(actor: Actor, number: int, *, is_open: bool) -> Group:
    """Open a group to who knows its code, or close it."""
    group = _locked(require_leader(actor, number))
    group.is_open = is_open
    group.save(update_fields=["is_open"])
    return group


def _locked(group: Group) -> Group:
    return Group.objects.select_for_update().select_related(None).get(pk=group.pk)


def _name(name: str, group: Group) -> str:
    name = clean(name, "name", limit=_LONGEST, empty=False)
    others = Group.objects.filter(LIVE, school=group.school_id).exclude(pk=group.pk)
    if any(one.name == name for one in others):
        raise InputError("name", _("There is a group “%s” already. Choose another name.") % name)
    return name


def _code() -> str:
    return new_code(set(Group.objects.values_list("code", flat=True)))
