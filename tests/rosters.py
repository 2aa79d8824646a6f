"""A school with a homeroom that is ready to be delivered."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from openpatron.patrons.models import Association, Homeroom, Patron
from openpatron.rostering.models import PlatformSetup
from openpatron.rostering.setups import new_setup

from .world import World

PASSWORD = make_password("correct horse battery staple")


@dataclass
class School:
    """The people of maple."""

    librarian: Patron
    teacher: Patron
    students: list[Patron]
    room: Homeroom
    setup: PlatformSetup


def school_of(world: World) -> School:
    """Make a librarian, a teacher, and three students in homeroom 5A, all that is asked for."""
    librarian = world.patron(
        last="Librarian", level="Library administrator", patron_type="Faculty", password=PASSWORD
    )
    teacher = world.patron(
        first="Tess", last="Teacher", level="Teacher", patron_type="Faculty",
        email="tess@example.org", password=PASSWORD,
    )  # fmt: skip
    room = Homeroom.objects.create(
        organization=world.cascadia, site=world.maple, name="5A", supervisor=teacher
    )
    students = [
        world.patron(first="Sam", last=f"Student{n}", email=f"s{n}@example.org", password=PASSWORD)
        for n in range(3)
    ]
    Association.objects.filter(patron__in=[teacher, *students]).update(homeroom=room)
    setup = new_setup(world.maple)
    setup.is_used, setup.supervisor = True, librarian
    setup.save()
    return School(librarian, teacher, students, room, setup)
