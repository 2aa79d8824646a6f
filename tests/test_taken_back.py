"""What a test does is nothing to the next one, though a file's tests share one world."""

from __future__ import annotations

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from openpatron.organizations.models import Organization, Site
from openpatron.organizations.scope import open_organization
from openpatron.patrons.models import Patron

from .world import World, build_world

pytestmark = pytest.mark.postgres


def write(world: World) -> None:
    """Change what the world has, in the table and in the object, and add to it."""
    world.maple.name = "Ahorn"
    world.maple.save()
    world.patron()
    world.levels.clear()


@pytest.mark.parametrize("_time", range(2))
def test_in_the_shared_world(_time: int, world: World) -> None:
    assert connection.in_atomic_block
    assert world.maple.name == Site.objects.get(pk=world.maple.pk).name == "Maple"
    assert world.levels
    assert not Patron.objects.exists()
    write(world)


@pytest.mark.parametrize("_time", range(2))
def test_without_a_world(_time: int, db: None) -> None:
    assert not Organization.objects.exists()
    Organization.objects.create(name="Only", slug="only")


@pytest.mark.parametrize("_time", range(2))
def test_what_is_committed(_time: int, transactional_db: None) -> None:
    assert not connection.in_atomic_block
    assert not Organization.objects.exists()
    # Migrated, and not emptied with the rest.
    assert ContentType.objects.exists()
    world = build_world()
    with open_organization(world.cascadia):
        write(world)
