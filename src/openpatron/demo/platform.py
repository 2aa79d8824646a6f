"""The demo's reading platform: Maple Elementary uses it, and one class can sign in there."""

from __future__ import annotations

from openpatron.accounts.models import Account
from openpatron.organizations.models import Site
from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering.setups import new_setup

from .district import STUDENT
from .sign_ins import LIBRARIAN, TEACHER, class_password

_CLASSMATES = 12


def use_platform(short_name: str = "maple") -> None:
    """Let a site of the opened organization use the platform, with the demo's class on it.

    Every second student of the class's grade changes over into it, so no other class is emptied.
    """
    site = Site.objects.get(short_name=short_name)
    setup = new_setup(site)
    setup.is_used = True
    setup.supervisor = Patron.objects.get(account__username=LIBRARIAN)
    setup.save()
    room = Homeroom.objects.get(supervisor__account__username=TEACHER, site=site)
    grade = room.name.partition("-")[0]
    peers = Association.objects.filter(
        site=site, is_primary=True, patron_type__name=STUDENT, patron__grade_level=grade,
        patron__status=Patron.Status.ACTIVE,
    ).exclude(homeroom=room)  # fmt: skip
    ties = list(peers.order_by("pk").values_list("pk", "patron__account_id")[: 2 * _CLASSMATES : 2])
    Association.objects.filter(pk__in=[tie for tie, _account in ties]).update(homeroom=room)
    accounts = [account for _tie, account in ties]
    Account.objects.filter(pk__in=accounts).update(password=class_password())
