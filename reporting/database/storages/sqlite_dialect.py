"""What SQLite says in its own way."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting.database.sql.dialect import HEAD_LENGTH, Sql

#: GLOB is LIKE with case; these are its wildcards, and how each is written as itself.
_GLOB = str.maketrans({"%": "*", "_": "?", "?": "[?]", "[": "[[]"})
#: Trigrams looked up at most; the rest is left to the comparison.
_TRIGRAMS = 12


class SqliteDialect:
    """See `Dialect`."""

    join = "CROSS JOIN"

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

    def has_trigrams(self, column: str, trigrams: Sequence[str]) -> Sql | None:
        wanted = " AND ".join('"' + each.replace('"', '""') + '"' for each in trigrams[:_TRIGRAMS])
        # one statement for both kinds: a long value is in the second index and never in the first
        return Sql(f"{column} IN (SELECT rowid FROM pair_trigram WHERE pair_trigram MATCH ? "
                   "UNION ALL SELECT l.id FROM pair l WHERE length(l.value) > 200)", (wanted,))

    def unindexed(self, column: str) -> str:
        return f"+{column}"
