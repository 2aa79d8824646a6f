"""Rows of the tables of rostering."""

from __future__ import annotations

from openpatron.ledger.models import Job
from openpatron.patrons.models import Patron
from tests.world import World


def fill_rostering(world: World, patron: Patron, other: Patron, job: Job) -> None:
    """Make a row of each."""
