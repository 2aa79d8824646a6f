"""Items from a CSV file: those that are new are added, those that differ are changed.

Read line by line and written batch by batch, each in one statement. A line that is wrong is left
out and said; the others are written.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from openpatron.access.actor import Actor
from openpatron.circulation.models import Item
from openpatron.circulation.permissions import MANAGE_ITEMS
from openpatron.kernel.errors import InputError, NotAllowedError
from openpatron.kernel.money import money
from openpatron.kernel.text import clean
from openpatron.ledger.record import record_change
from openpatron.organizations.models import Site

COLUMNS = ("barcode", "title", "author", "item_type", "home_site", "price")
"""The columns of the file, of which the first two and the site are needed."""

_NEEDED = ("barcode", "title", "home_site")
_WRITTEN = ("title", "author", "item_type", "home_site", "price")
_LIMITS = {"barcode": 40, "title": 300, "author": 200, "item_type": 40}
_BATCH = 500
# So many wrong lines are told one by one.
TOLD = 200
ITEMS = "items"
"""What the ledger calls the items of an organization."""


@dataclass(slots=True)
class Imported:
    """How many items are new, changed, the same; and what was wrong: (line, sentence)."""

    added: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0
    told: list[tuple[int, str]] = field(default_factory=list)


def import_items(actor: Actor, lines: Iterable[str]) -> Imported:
    """Write the items of a CSV file, given as its lines; all batches or none.

    Raises ``InputError`` where the head has not the columns that are needed.
    """
    actor.require_anywhere(MANAGE_ITEMS)
    found = Imported()
    reader = csv.reader(_checked(lines), strict=True)
    sites = {site.short_name.casefold(): site for site in Site.objects.exclude(kind="media")}
    with transaction.atomic():
        try:
            names = _head(next(reader, []))
            for batch in batched(_rows(actor, reader, names, sites, found), _BATCH, strict=False):
                _write(actor, {row["barcode"]: row for row in batch}, found)
        except csv.Error as broken:
            raise InputError(
                "file",
                _("Line %(line)d cannot be read as CSV (%(why)s). Nothing was written.")
                % {"line": reader.line_num, "why": broken},
            ) from broken
        if found.added or found.changed:
            counts = {"added": found.added, "changed": found.changed, "wrong": found.wrong}
            record_change(actor, ITEMS, actor.organization.pk, {}, counts)
    return found


def _checked(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line.replace("\x00", "\ufffd")


def _head(cells: list[str]) -> list[str]:
    names = [cell.strip().lstrip("\ufeff").casefold().replace(" ", "_") for cell in cells]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InputError(
            "file",
            _("The first line has to name the columns. Missing: %(missing)s. Known are: %(known)s.")
            % {"missing": ", ".join(missing), "known": ", ".join(COLUMNS)},
        )
    return names


def _rows(
    actor: Actor, reader: Any, names: list[str], sites: dict[str, Site], found: Imported
) -> Iterator[dict[str, Any]]:
    """Yield the rows that are right, and note the others."""
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            yield _row(actor, dict(zip(names, cells, strict=False)), sites)
        except (InputError, NotAllowedError) as error:
            _tell(found, reader.line_num, str(error))


def _tell(found: Imported, line: int, sentence: str) -> None:
    found.wrong += 1
    if len(found.told) < TOLD:
        found.told.append((line, sentence))


def _row(actor: Actor, cells: dict[str, str], sites: dict[str, Site]) -> dict[str, Any]:
    # What our own export put before a value that a spreadsheet would run.
    plain = {name: cell.strip().removeprefix("'") for name, cell in cells.items()}
    row: dict[str, Any] = {
        name: clean(plain.get(name, ""), name, limit=limit, empty=name not in _NEEDED)
        for name, limit in _LIMITS.items()
    }
    wanted = clean(plain.get("home_site", ""), "home_site", empty=False)
    site = sites.get(wanted.casefold())
    if site is None:
        raise InputError(
            "home_site",
            _("home_site: there is no site “%(found)s”. There are: %(known)s.")
            % {"found": wanted[:40], "known": ", ".join(s.short_name for s in sites.values())},
        )
    actor.require(MANAGE_ITEMS, site)
    row["home_site"] = site
    row["price"] = money(plain.get("price", ""), "price")
    return row


def _write(actor: Actor, rows: dict[str, dict[str, Any]], found: Imported) -> None:
    """Add what is new and change what differs, in one statement each."""
    there = {
        item.barcode: item
        for item in Item.objects.select_for_update(of=("self",))
        .select_related("home_site", "site")
        .filter(barcode__in=rows)
        .order_by("pk")
    }
    new, changed = [], []
    for barcode, row in rows.items():
        item = there.get(barcode)
        if item is None:
            new.append(Item(organization=actor.organization, site=row["home_site"], **row))
        elif not actor.may(MANAGE_ITEMS, item.home_site):
            text = _("Barcode %(barcode)s belongs to %(site)s, where you may not manage items.")
            words = {"barcode": barcode, "site": item.home_site.name}
            _tell(found, 0, text % words)
        elif any(getattr(item, name) != row[name] for name in _WRITTEN):
            changed.append(Item(organization=actor.organization, site=item.site, **row))
        else:
            found.same += 1
    # Those of a concurrent import keep what it wrote: a conflict updates.
    Item.objects.bulk_create(
        [*new, *changed],
        update_conflicts=True,
        unique_fields=["organization", "barcode"],
        update_fields=list(_WRITTEN),
    )
    found.added += len(new)
    found.changed += len(changed)
