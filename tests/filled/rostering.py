"""Rows of the tables of rostering."""

from __future__ import annotations

from django.utils import timezone

from openpatron.ledger.models import Job
from openpatron.patrons.models import Homeroom, Patron
from openpatron.rostering.models import (
    Bookmark,
    CoTeacher,
    PlatformSetup,
    Roster,
    SentClass,
    SentEnrollment,
    SentRole,
    SentUser,
    Target,
)
from tests.world import World


def fill_rostering(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
    of, site, now = world.cascadia, world.maple, timezone.now()
    Roster.objects.create(organization=of)
    PlatformSetup.objects.create(organization=of, site=site, supervisor=patron)
    room, _made = Homeroom.objects.get_or_create(organization=of, site=site, name="5R")
    CoTeacher.objects.create(organization=of, homeroom=room, patron=other)
    target = Target.objects.create(organization=of, name="Reader", kind="webhook", client_id="c.1")
    target.sites.add(site)
    user = SentUser.objects.create(organization=of, patron_id=patron.pk, modified_at=now)
    SentRole.objects.create(organization=of, sent_user=user, site=site, role="student")
    sent = SentClass.objects.create(
        organization=of, site=site, homeroom_id=room.pk, title="5R", modified_at=now
    )
    SentEnrollment.objects.create(
        organization=of, sent_class=sent, sent_user=user, site=site, role="student", modified_at=now
    )
    Bookmark.objects.create(organization=of, target=target, digest="0", total=1)
