"""The index behind the search box: trigrams, in each engine's own way.

SQLite: an FTS5 table without a copy of the text, kept by triggers as an index is, and written
only where the text itself changes. PostgreSQL: pg_trgm and, so that one organization's search
never reads another's entries, btree_gin (both are trusted extensions: the owner of the database
may create them).
"""

_SQLITE = (
    """CREATE VIRTUAL TABLE patrons_search USING fts5(
         search_text, content='patrons_patron', content_rowid='id', tokenize='trigram',
         detail='full')""",
    """CREATE TRIGGER patrons_search_insert AFTER INSERT ON patrons_patron BEGIN
         INSERT INTO patrons_search (rowid, search_text) VALUES (new.id, new.search_text);
       END""",
    """CREATE TRIGGER patrons_search_delete AFTER DELETE ON patrons_patron BEGIN
         INSERT INTO patrons_search (patrons_search, rowid, search_text)
         VALUES ('delete', old.id, old.search_text);
       END""",
    """CREATE TRIGGER patrons_search_update AFTER UPDATE OF search_text ON patrons_patron
       WHEN old.search_text <> new.search_text BEGIN
         INSERT INTO patrons_search (patrons_search, rowid, search_text)
         VALUES ('delete', old.id, old.search_text);
         INSERT INTO patrons_search (rowid, search_text) VALUES (new.id, new.search_text);
       END""",
)
_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE EXTENSION IF NOT EXISTS btree_gin",
    """CREATE INDEX patrons_search ON patrons_patron
       USING gin (organization_id, search_text gin_trgm_ops)""",
)


def create(apps, schema_editor):
    statements = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
    for statement in statements[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX patrons_search")
        return
    for name in ("insert", "delete", "update"):
        schema_editor.execute(f"DROP TRIGGER patrons_search_{name}")
    schema_editor.execute("DROP TABLE patrons_search")
