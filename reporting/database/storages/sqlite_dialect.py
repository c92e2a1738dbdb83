"""What SQLite says in its own way."""
from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from reporting.database.sql.dialect import HEAD_LENGTH, Sql, all_of, joined

#: GLOB is LIKE with case; these are its wildcards, and how each is written as itself.
_GLOB = str.maketrans({"%": "*", "_": "?", "?": "[?]", "[": "[[]"})
#: Trigrams looked up at most; the rest is left to the comparison.
_TRIGRAMS = 12
#: One statement for both kinds: a long value is in the second index and never in the first.
_WITH_TRIGRAMS = ("SELECT rowid FROM pair_trigram WHERE pair_trigram MATCH ? "
                  "UNION ALL SELECT l.id FROM pair l WHERE length(l.value) > 200")


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

    def contains(self, column: str, text: str) -> Sql:
        return Sql(f"instr({column}, ?) > 0", (text,))

    def first_of_each(self, table: str, column: str, ids: Sequence[int], conditions: Sequence[Sql], limit: int,
                      is_ascending: bool) -> Sql:
        direction = "ASC" if is_ascending else "DESC"
        return joined((Sql(f"SELECT * FROM (SELECT p.submit_time, p.result_id FROM {table} p WHERE")
                       + all_of([Sql(f"p.{column} = ?", (each,)), *conditions])
                       + Sql(f"ORDER BY p.submit_time {direction}, p.result_id {direction} LIMIT ?)", (limit,))
                       for each in ids), " UNION ALL ")

    def has_trigrams(self, column: str, trigrams: Sequence[str]) -> Sql | None:
        return Sql(f"{column} IN ({_WITH_TRIGRAMS})", (_all_trigrams(trigrams),))

    def pairs_with_trigrams(self, trigrams: Sequence[str], limit: int) -> Sql | None:
        return Sql(f"{_WITH_TRIGRAMS} LIMIT ?", (_all_trigrams(trigrams), limit))

    def is_one_of(self, column: str, numbers: Sequence[int]) -> Sql:
        return Sql(f"{column} IN (SELECT value FROM json_each(?))", (json.dumps(list(numbers)),))

    def unindexed(self, column: str) -> str:
        return f"+{column}"


def _all_trigrams(trigrams: Sequence[str]) -> str:
    """Return the question to FTS5."""
    return " AND ".join('"' + each.replace('"', '""') + '"' for each in trigrams[:_TRIGRAMS])
