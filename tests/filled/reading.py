"""Rows of the tables of the reading community."""

from __future__ import annotations

from django.utils import timezone

from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron
from openpatron.reading.models import (
    Community,
    Group,
    Membership,
    Move,
    Person,
    Pull,
    Read,
    School,
    Seat,
)
from tests.world import World


def fill_reading(world: World, _patron: Patron, _other: Patron, _job: Job) -> None:
    """Make a row of each."""
    of = world.cascadia
    Community.objects.create(organization=of, base_url="https://x", token_url="https://x")
    school = School.objects.create(organization=of, sourced_id="s", name="Maple")
    person = Person.objects.create(organization=of, sourced_id="p", username="ada")
    Seat.objects.create(organization=of, person=person, school=school, role="student")
    group = Group.objects.create(organization=of, school=school, title="5A", code="CDEFGHJK")
    Membership.objects.create(organization=of, group=group, person=person, role="student")
    Move.objects.create(organization=of, group=group, by=person)
    Pull.objects.create(organization=of)
    Read.objects.create(organization=of, person=person, book="Emma", day=timezone.localdate())
