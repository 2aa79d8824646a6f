"""A browser for all tests of this folder, a visitor and a worker for each."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.world import World

from .scene import BATCH, Scene
from .visitor import Visitor
from .worker import Worker

# Chromium knows no host but this machine, whatever a page should ask for.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]

type Visit = Callable[..., Visitor]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium, once.

    Playwright keeps an event loop in this thread, between whose steps the tests run; Django must
    be told that nothing else runs in it.
    """
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        # Debian's Chromium without windows, where it is installed, takes a third less time.
        path = shutil.which("chromium-headless-shell") or shutil.which("chromium")
        assert path, "Chromium is missing: install Debian's package chromium."
        yield playwright.chromium.launch(executable_path=path, args=_FLAGS)
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def scene(committed_world: World, settings: Settings) -> Scene:
    """Give a district with a manager, a librarian and some patrons."""
    settings.OPENPATRON_JOB_BATCH_ROWS = BATCH
    return Scene(committed_world)


@pytest.fixture
def visit(browser: Browser, live_server: LiveServer, scene: Scene) -> Iterator[Visit]:
    """Open windows, each a browser of its own; at the end none may have complained."""
    visitors: list[Visitor] = []

    def open_window(account: Any = None, **options: Any) -> Visitor:
        visitors.append(Visitor(browser, live_server.url, account, **options))
        return visitors[-1]

    yield open_window
    for visitor in visitors:
        visitor.close()
    assert [c for visitor in visitors for c in visitor.complaints] == []


@pytest.fixture
def dora(visit: Visit, scene: Scene) -> Visitor:
    """Give the manager's window, signed in."""
    return visit(scene.dora)


@pytest.fixture
def worker(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Worker]:
    """Work on jobs beside the browser."""
    with Worker(monkeypatch) as started:
        yield started
