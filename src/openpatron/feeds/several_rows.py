"""People who stand in a file several times: their rows are one, each with its site.

What stands further down counts where it says something. The source speaks of the site that it
spoke of before, if a row names it, else of the last row's; each other site is an association of
its own, with what its row says (``deciding_sites``). Rows of further sites alone leave what was
said of the source's own site; only the end of a whole file tells that its row is gone. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openpatron.patrons.models import SourceRecord

from .matching import Ours
from .run_context import Item

# What a row says of its site alone.
_AT_SITE = ("resource_group", "homeroom", "homeroom_supervisor", "barcode")
SAID = ("patron_type", "access_level", *_AT_SITE)

type Further = dict[str, dict[str, str]]
"""By site: what a row says of the person there."""


def merge_rows(first: Item, values: Mapping[str, str], further: Mapping[str, Any]) -> bool:
    """Take into an item what a later row of the same person says; tell whether of another site."""
    _speak_of_named(first)
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
    """Have the source speak of the site that it spoke of before; ``ours`` has a record."""
    record = ours.record
    assert record is not None  # noqa: S101  asked before
    here, named = ours.fields["site"], item.values.get("site", "")
    said = item.further.pop(here, None)
    if here == named:
        return
    if said is not None:
        _put_aside(item, named)
        item.values |= {**said, "site": here}
    elif (
        named in (record.further or {})
        and here == record.values.get("site")
        and here not in item.gone
    ):
        _put_aside(item, named)
        item.values |= of_site(record.values) | {"site": here}
        item.silent = here


def of_site(values: Mapping[str, str]) -> dict[str, str]:
    """Return what values say of their site alone."""
    return {name: values[name] for name in SAID if values.get(name)}


def gone_sites(record: SourceRecord, item: Item) -> list[str]:
    """Return the sites at which the source delivered a person of whom no row names them now."""
    known = {record.values.get("site", ""), *(record.further or {})} - {""}
    named = {*item.further, *({item.values.get("site", "")} - {item.silent})}
    return sorted(known - named)


def tell_gone(item: Item, gone: list[str]) -> None:
    """Note that no row names these sites any more; the source speaks of one that a row names."""
    item.gone = gone
    if item.silent in gone:
        _speak_of_named(item)


def _put_aside(item: Item, site: str) -> None:
    item.further[site] = of_site(item.values)
    for name in SAID:
        item.values.pop(name, None)


def _speak_of_named(item: Item) -> None:
    """Let the item speak of a site that a row names, where it speaks of one that none named."""
    if not item.silent:
        return
    site = min(item.further)
    said = item.further.pop(site)
    for name in SAID:
        item.values.pop(name, None)
    item.values |= {**said, "site": site}
    item.silent = ""
