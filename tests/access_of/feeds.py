"""The queries and actions of sources, feeds, locked fields."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from openpatron.feeds import actions, feed_queries, queries
from openpatron.feeds.actions.edit_source import WantedSource, edit_source
from openpatron.feeds.actions.receive_feed import receive_feed
from openpatron.feeds.actions.run_feed import plan_feed
from openpatron.feeds.models import Feed
from openpatron.feeds.setup import Setup
from openpatron.ledger.models import Job
from openpatron.patrons.models import Source

READ: tuple[tuple[ModuleType, str], ...] = (
    (queries, "feeds"),
    (feed_queries, "feed"),
)
WRITTEN: tuple[tuple[str, ModuleType], ...] = (("feeds", actions),)
QUERIES: dict[str, Callable[..., Any]] = {
    "feeds.sources": lambda who, _p, _j: queries.sources(who),
    "feeds.source": lambda who, _p, _j: queries.source(who, "sis"),
    "feeds.patrons_of": lambda who, _p, _j: queries.patrons_of(who, Source(pk=1)),
    "feeds.feeds_of": lambda who, _p, _j: queries.feeds_of(who, Source(pk=1)),
    "feeds.source_history": lambda who, _p, _j: queries.source_history(who, Source(pk=1)),
    "feed.feed": lambda who, _p, _j: feed_queries.feed(who, Source(pk=1), 1),
    "feed.feed_of_job": lambda who, _p, _j: feed_queries.feed_of_job(who, Job(pk=1)),
    "feed.lookalikes": lambda who, _p, _j: feed_queries.lookalikes(who, Feed()),
    "feed.settled": lambda who, _p, _j: feed_queries.settled(who, Feed()),
    "feed.reasons_of_refused": lambda who, _p, _j: feed_queries.reasons_of_refused(who, Feed()),
    "feed.write_rejected": lambda who, _p, _j: feed_queries.write_rejected(
        who, Feed(source=Source(pk=1)), Path("nowhere")
    ),
}
ACTIONS: dict[str, Callable[..., Any]] = {
    "feeds.edit_source": (
        lambda who, _p, _j: edit_source(who, "sis", WantedSource("sis", "SIS", Setup("delimited")))
    ),
    "feeds.receive_feed": lambda who, _p, _j: receive_feed(
        who, Source(pk=1), "a.csv", [b"1"], Feed.Arrival.UPLOAD
    ),
    "feeds.run_feed": lambda who, _p, _j: plan_feed(who, Feed(pk=1, source_id=1)),
}
# In test_pages_sources, test_feed_clock.
ELSEWHERE: set[str] = {
    "feeds.keep_sample",
    # As everybody in test_settle_lookalikes.
    "feeds.settle_lookalikes",
    "feeds.forget_feed_files",
    "feeds.forget_feed_people",
}
OWN: set[str] = set()
