"""The index of notable rows, as queries ask for them.

SQLite takes a partial index only where a query says its very condition. Django writes the index's
as ``"notable" = 1`` and a query's as ``"notable"``: so the index was never used.
"""

from typing import Any

from django.db import migrations

_CREATE = "CREATE INDEX change_notable ON ledger_change (job_id, id) WHERE {}"


def _make(schema_editor: Any, condition: str) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute("DROP INDEX change_notable")
        schema_editor.execute(_CREATE.format(condition))


def as_queries_ask(apps, schema_editor):
    _make(schema_editor, "notable")


def as_django_writes(apps, schema_editor):
    _make(schema_editor, "notable = 1")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_nights")]
    operations = [migrations.RunPython(as_queries_ask, as_django_writes)]
