"""Leave room beside each change, because nearly every one is written twice: planned, then done.

PostgreSQL writes the second version into the same block then, and no index has to hear of it
(outcome and time are in none). SQLite changes a row where it stands.
"""


def leave_room(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE ledger_change SET (fillfactor = 50)")
