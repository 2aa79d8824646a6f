"""``filter(key__among=values)``: like ``in``, but the values travel as one parameter.

Thousands of placeholders cost more to write, parse and plan than the rows cost to be found.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Field, ForeignKey, Lookup

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


class Among(Lookup[Any]):
    """Texts or whole numbers, in a list; not None."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_more: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Say it as a table made of JSON."""
        left, params = self.process_lhs(compiler, connection)
        found = f"{left} IN (SELECT value FROM json_each(%s))"  # noqa: S608  a column of ours
        return found, (*params, json.dumps(self.rhs))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **_more: Any
    ) -> tuple[str, tuple[Any, ...]]:
        """Say it as an array."""
        left, params = self.process_lhs(compiler, connection)
        kind = cast("Field[Any, Any]", self.lhs.output_field).cast_db_type(connection)
        return f"{left} = ANY(%s::{kind}[])", (*params, self.rhs)


Field.register_lookup(Among)
# Relations know only what is registered with them.
ForeignKey.register_lookup(Among)
