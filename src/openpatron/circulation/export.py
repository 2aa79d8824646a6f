"""Items as CSV, in the columns that an import reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openpatron.kernel.spreadsheets import csv_lines

from .actions.import_items import COLUMNS
from .items import items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openpatron.access.actor import Actor

    from .items import ItemFilter


def items_as_csv(actor: Actor, narrowed: ItemFilter) -> Iterator[str]:
    """Yield the file line by line; memory does not grow with it."""
    rows = items(actor, narrowed).values_list(
        "barcode", "title", "author", "item_type", "home_site__short_name", "price"
    )
    return csv_lines(COLUMNS, rows.iterator())
