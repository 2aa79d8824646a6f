"""What stands in a preview: made-up values for each placeholder."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from openpatron.organizations.models import Organization

from .models import Kind
from .post import Text
from .wording import Words, filled, has_items


def preview(kind: Kind, words: Words, organization: Organization, site: str, code: str) -> Text:
    """Return how words would look in a message in that language."""
    day = (timezone.localdate() + timedelta(days=5)).isoformat()
    item = {
        "author": "Virginia Woolf", "due_on": day, "until": day, "pickup": site, "sender": site,
        "day": day, "what": "payment", "amount": f"12.50 {organization.currency}",
        "owed": f"4.00 {organization.currency}",
    }  # fmt: skip
    values: dict[str, Any] = {
        "name": "Ada Lovelace", "username": "ada.lovelace", "organization": organization.name,
        "site": site, "day": day, "until": day, "reason": "…", "stops": ["checkout", "request"],
        "count": "3", "link": True,
    }  # fmt: skip
    if has_items(kind):
        values["items"] = [
            item | {"title": "Orlando", "barcode": "300017"},
            item | {"title": "The Waves", "barcode": "300024"},
        ]
    return filled(words, values, code)
