"""When a source is looked at next: for those who are asked whether a feed may overwrite them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models import SourceSetup

if TYPE_CHECKING:
    from datetime import datetime

    from openpatron.patrons.models import Source


def next_run_of(source: Source) -> datetime | None:
    """Return when the clock looks for the source's next feed; None: never by itself."""
    return SourceSetup.objects.filter(source=source).values_list("next_run_at", flat=True).first()
