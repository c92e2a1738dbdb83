"""What SQLite says in its own way."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting.database.sql.dialect import HEAD_LENGTH, Sql

#: GLOB is LIKE with case; these are its wildcards, and how each is written as itself.
_GLOB = str.maketrans({"%": "*", "_": "?", "?": "[?]", "[": "[[]"})


class SqliteDialect:
    """See `Dialect`."""

    def is_in(self, column: str, values: Sequence[Any]) -> Sql:
        if len(values) == 1:
            return Sql(f"{column} = ?", tuple(values))
        return Sql(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))

    def like(self, column: str, pattern: str) -> Sql:
        return Sql(f"{column} GLOB ?", (pattern.translate(_GLOB),))

    def head(self, column: str) -> str:
        return f"substr({column}, 1, {HEAD_LENGTH})"

    def pair_in(self, data: str, key: str, condition: Sql | None) -> Sql:
        found = Sql(f"EXISTS (SELECT 1 FROM json_each({data}) k, json_each(k.value) v WHERE k.key = ?", (key,))
        return found + (Sql("AND") + condition if condition else Sql("")) + Sql(")")

    def unindexed(self, column: str) -> str:
        return f"+{column}"
