"""What PostgreSQL says in its own way."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting.database.sql.dialect import HEAD_LENGTH, Sql


class PostgresqlDialect:
    """See `Dialect`."""

    join = "JOIN"

    def is_in(self, column: str, values: Sequence[Any]) -> Sql:
        if len(values) == 1:
            return Sql(f"{column} = ?", tuple(values))
        return Sql(f"{column} = ANY(?)", (list(values),))

    def like(self, column: str, pattern: str) -> Sql:
        # no escape character: a backslash is itself, as on SQLite
        return Sql(f"{column} LIKE ? ESCAPE ''", (pattern.replace("*", "%"),))

    def head(self, column: str) -> str:
        return f"substr({column}, 1, {HEAD_LENGTH})"

    def pair_in(self, data: str, key: str, condition: Sql | None) -> Sql:
        found = Sql(f"EXISTS (SELECT 1 FROM json_array_elements_text({data}::json -> ?::text) v (value) WHERE", (key,))
        return found + (condition or Sql("true")) + Sql(")")

    def has_trigrams(self, column: str, trigrams: Sequence[str]) -> Sql | None:
        return None  # pg_trgm reads the pattern

    def unindexed(self, column: str) -> str:
        return column
