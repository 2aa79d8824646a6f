"""Migrations that are squashed make what the single ones make."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.migrations.loader import MigrationLoader

Key = tuple[str, str]


def models_at(loader: MigrationLoader, key: Key) -> dict[str, tuple[Any, list[str]]]:
    """Return the app's models after that migration, and each one's columns in their order."""
    found = loader.project_state(key).models
    return {
        name: (model, list(model.fields)) for (app, name), model in found.items() if app == key[0]
    }


def test_squashed_migrations_make_what_the_single_ones_make() -> None:
    loader = MigrationLoader(None, replace_migrations=False)
    ours = {
        key: migration
        for key, migration in loader.disk_migrations.items()
        if type(migration).__module__.startswith("openpatron.")
    }
    single = {key for key, migration in ours.items() if not migration.replaces}
    replaced: Counter[Key] = Counter()
    for key in ours.keys() - single:
        replaces = ours[key].replaces
        last = max(replaces)
        assert key[1] == f"0001_squashed_{last[1]}"
        # One that came in between would never run in a new database.
        assert set(replaces) == {one for one in single if one[0] == key[0] and one <= last}, key
        assert models_at(loader, key) == models_at(loader, last), key
        replaced.update(replaces)
    assert set(replaced.values()) == {1}
