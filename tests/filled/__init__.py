"""A row of every table that a part has, for test_tenancy; one module for each part."""

from __future__ import annotations

from .circulation import fill_circulation
from .feeds import fill_feeds
from .messages import fill_messages
from .providers import fill_providers
from .reading import fill_reading
from .rostering import fill_rostering

PARTS = (fill_providers, fill_feeds, fill_circulation, fill_rostering, fill_messages, fill_reading)
