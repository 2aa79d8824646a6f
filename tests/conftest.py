"""What every test may use: two neighbouring organizations and the people in them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from openpatron.organizations.scope import open_organization

from .world import World, build_world


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings: None,  # the suffix per process of pytest-xdist
) -> None:
    """Keep the SQLite test database in a file: only so can two connections write to it."""
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        folder = tempfile.mkdtemp(prefix="openpatron-test-")
        database["TEST"]["NAME"] = str(Path(folder) / "test.sqlite3")


@pytest.fixture(autouse=True)
def _small_batches(settings: pytest.FixtureRequest) -> None:
    """Make jobs run in several batches even with the few patrons of a test."""
    settings.OPENPATRON_JOB_BATCH_ROWS = 7  # type: ignore[attr-defined]


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """Cascadia, opened, with maple, alder, cedar, depot, studio; and Rainier beside it."""
    built = build_world()
    with open_organization(built.cascadia):
        yield built
