"""What a server's Retry-After says (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# More digits than that are no wait that anybody means.
_MOST_DIGITS = 6


def retry_after(text: str) -> timedelta | None:
    """Return how long to wait: of seconds, or of a date; None for nothing that can be read."""
    if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment - datetime.now(tz=UTC)
