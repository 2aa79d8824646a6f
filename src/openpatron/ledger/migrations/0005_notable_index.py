"""The index of notable rows, as queries ask for them.

SQLite takes a partial index only where a query says its very condition. Django writes the index's
as ``"notable" = 1`` and a query's as ``"notable"``: so the index was never used.
"""

from django.db import migrations

_DROP = "DROP INDEX change_notable"
_CREATE = "CREATE INDEX change_notable ON ledger_change (job_id, id) WHERE {}"


def _replace(condition):
    def replace(apps, schema_editor):
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(_DROP)
            schema_editor.execute(_CREATE.format(condition))

    return replace


class Migration(migrations.Migration):
    dependencies = [("ledger", "0004_nights")]
    operations = [migrations.RunPython(_replace("notable"), _replace("notable = 1"))]
