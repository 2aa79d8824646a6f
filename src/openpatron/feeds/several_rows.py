"""People who stand in a file several times: their rows are one, each with its site.

What stands further down counts where it says something. The source speaks of the site that it
spoke of before, if a row names it, else of the last row's; each other site is an association of
its own, with what its row says. The run makes those that are missing; from then on they are
local: no later feed changes them. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .matching import Ours
from .run_context import Item, Run

# What a row says of its site alone.
_AT_SITE = ("resource_group", "homeroom", "homeroom_supervisor", "barcode")
SAID = ("patron_type", "access_level", *_AT_SITE)

type Further = dict[str, dict[str, str]]
"""By site: what a row says of the person there."""


def merge_rows(first: Item, values: Mapping[str, str], further: Mapping[str, Any]) -> bool:
    """Take into an item what a later row of the same person says; tell whether of another site."""
    before, site = first.values.get("site", ""), values.get("site", "")
    moves = bool(before and site and before != site)
    if moves:
        first.further[before] = {n: first.values[n] for n in SAID if first.values.get(n)}
        for name in _AT_SITE:
            first.values.pop(name, None)
    first.values |= {name: value for name, value in values.items() if value}
    first.further |= further
    first.further.pop(first.values.get("site", ""), None)
    # Two rows have no digest of their own: both are looked at again the next time.
    first.digest, first.number = b"", ""
    return moves


def keep_present_site(item: Item, ours: Ours) -> None:
    """Have the source speak of the site that it spoke of before, if a row names it."""
    here, named = ours.fields["site"], item.values.get("site", "")
    said = item.further.pop(here, None)
    if said is not None and here != named:
        item.further[named] = {n: item.values.pop(n) for n in SAID if n in item.values}
        item.values |= {**said, "site": here}


def further_sites(run: Run, item: Item, ours: Ours | None) -> Further:
    """Return the sites of further rows with which there is no association yet."""
    if ours is not None and "site" not in run.owned:
        return {}
    there = {tie.site.short_name for tie in ours.ties} if ours else set()
    return {site: values for site, values in item.further.items() if site not in there}
