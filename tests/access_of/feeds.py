"""The queries and actions of sources, feeds, locked fields."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from openpatron.feeds import actions, queries
from openpatron.feeds.actions.edit_source import WantedSource, edit_source
from openpatron.feeds.setup import Setup
from openpatron.patrons.models import Source

READ: tuple[tuple[ModuleType, str], ...] = ((queries, "feeds"),)
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("feeds", actions),)
QUERIES: dict[str, Callable[..., Any]] = {
    "feeds.sources": lambda who, _p, _j: queries.sources(who),
    "feeds.source": lambda who, _p, _j: queries.source(who, "sis"),
    "feeds.patrons_of": lambda who, _p, _j: queries.patrons_of(who, Source(pk=1)),
    "feeds.feeds_of": lambda who, _p, _j: queries.feeds_of(who, Source(pk=1)),
    "feeds.source_history": lambda who, _p, _j: queries.source_history(who, Source(pk=1)),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "feeds.edit_source": (
        lambda who, _p, _j: edit_source(who, "sis", WantedSource("sis", "SIS", Setup("delimited")))
    ),
}
# In test_pages_sources.
ELSEWHERE: set[str] = {"feeds.keep_sample"}
OWN: set[str] = set()
