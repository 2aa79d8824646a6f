"""An association as a change keeps it, so that an undo can bring it back: SQL for both engines."""

from __future__ import annotations

# What it points to, with the table of it: the names are for people, the ids for an undo.
ROWS = {
    "patron_type": "organizations_patrontype",
    "access_level": "access_accesslevel",
    "resource_group": "access_resourcegroup",
    "homeroom": "patrons_homeroom",
}


def _name_of(name: str) -> str:
    return f"(SELECT r.name FROM {ROWS[name]} r WHERE r.id = tie.{name}_id)"  # noqa: S608  our own


KEPT = "'id', tie.id, " + ", ".join(
    f"'{name}', {_name_of(name)}, '{name}_id', tie.{name}_id" for name in ROWS
)
"""The pairs of a JSON object that keep the association ``tie``."""


def kept_id(name: str) -> str:
    """Return the id of what was kept, out of a change."""
    return f"CAST(ledger_change.before ->> '{name}_id' AS bigint)"


def _gone(name: str) -> str:
    kept = kept_id(name)
    there = f"SELECT 1 FROM {ROWS[name]} r WHERE r.id = {kept}"  # noqa: S608  our own
    return f"({kept} IS NOT NULL AND NOT EXISTS ({there}))"


LOST = " OR ".join(map(_gone, ROWS))
"""Where something that the kept association points to is gone."""
