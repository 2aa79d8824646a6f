"""What every test may use: two neighbouring organizations and the people in them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from openpatron.ledger import engine
from openpatron.ledger.models import Job, Outcome
from openpatron.organizations.scope import open_organization

from .blocker import block_beside_the_class
from .databases import own_database
from .mail_server import Inbox, inbox
from .processes import Processes
from .shared_world import SharedWorld
from .world import World, build_world

SHARED = SharedWorld()
block_beside_the_class()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests together, first: one Chromium is started, and none late."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_collection_finish() -> None:
    """Look for garbage less often: what was loaded by now stays, and tests are soon over."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    SHARED.turn_to(item)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
) -> Iterator[None]:
    """Let Django use a copy of the migrated database, which every test leaves empty."""
    folder = tmp_path_factory.mktemp("database")
    with (
        django_db_blocker.unblock(),
        own_database(folder, f"openpatron_test_{worker_id}") as made,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: made.empty())
        with django_db_blocker.block():
            yield
        SHARED.take_back()


@pytest.fixture
def _prepared(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    SHARED.prepare(django_db_blocker)


@pytest.fixture
def db(_prepared: None, db: None) -> None:
    """Do what pytest-django does, on top of the world that the tests of a file share."""


@pytest.fixture(autouse=True)
def _small_batches(settings: Settings) -> None:
    """Make jobs run in several batches even with the few patrons of a test."""
    settings.OPENPATRON_JOB_BATCH_ROWS = 7


@pytest.fixture(autouse=True)
def _no_files_of_pages(request: pytest.FixtureRequest, settings: Settings) -> None:
    """Leave out what serves styles and scripts: each new client would look at all files first."""
    if request.node.get_closest_marker("browser") is None:
        settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if "whitenoise" not in m]


@pytest.fixture(autouse=True)
def _platforms_on_this_machine(settings: Settings) -> None:
    """Let the platforms of tests be where nothing else may be: on loopback."""
    settings.OPENPATRON_PRIVATE_WEBHOOKS = True


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Settings) -> None:
    """Let no test wait for Argon2."""
    settings.PASSWORD_HASHERS = ["tests.hasher.QuickHasher"]


@pytest.fixture(autouse=True)
def _counts_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever kind of job a test runs: what the engine counts out of the index is so."""
    count = engine.count_outcomes

    def both(job: Job, unremarked: Outcome | None = None) -> dict[str, dict[str, int]]:
        found = count(job, unremarked)
        assert found == count(job)
        return found

    monkeypatch.setattr(engine, "count_outcomes", both)


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """Cascadia, opened, with maple, alder, cedar, depot, studio; and Rainier beside it."""
    stands = SHARED.copy()
    with open_organization(stands.cascadia):
        yield stands


@pytest.fixture
def committed_world(transactional_db: None) -> Iterator[World]:
    """The same, committed: for tests with threads or processes."""
    built = build_world()
    with open_organization(built.cascadia):
        yield built


@pytest.fixture
def mail(settings: Settings) -> Iterator[Inbox]:
    """A real mail server on loopback, which is the one that messages go to."""
    with inbox() as opened:
        settings.OPENPATRON_EMAIL_URL = opened.server
        yield opened


@pytest.fixture(scope="session")
def processes(django_db_setup: None) -> Iterator[Processes]:
    """Workers in processes of their own; what they are to see must be committed."""
    with Processes() as started:
        yield started
