"""What PostgreSQL says in its own way."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reporting.database.sql.dialect import HEAD_LENGTH, Sql, all_of


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

    def contains(self, column: str, text: str) -> Sql:
        return Sql(f"strpos({column}, ?) > 0", (text,))

    def first_of_each(self, table: str, column: str, ids: Sequence[int], conditions: Sequence[Sql], limit: int,
                      is_ascending: bool) -> Sql:
        direction = "ASC" if is_ascending else "DESC"
        return (Sql("SELECT f.submit_time, f.result_id FROM unnest(?::bigint[]) w (id), LATERAL "
                    f"(SELECT p.submit_time, p.result_id FROM {table} p WHERE", (list(ids),))
                + all_of([Sql(f"p.{column} = w.id"), *conditions])
                + Sql(f"ORDER BY p.submit_time {direction}, p.result_id {direction} LIMIT ?) f", (limit,)))

    def has_trigrams(self, column: str, trigrams: Sequence[str]) -> Sql | None:
        # pg_trgm reads patterns, and makes trigrams of its own of what has a letter; ours leave the common ones out
        return all_of([Sql(f"{column[:-len('id')]}value LIKE ? ESCAPE ''", (f"%{each}%",)) for each in trigrams])

    def pairs_with_trigrams(self, trigrams: Sequence[str], limit: int) -> Sql | None:
        return None

    def is_one_of(self, column: str, numbers: Sequence[int]) -> Sql:
        return Sql(f"{column} = ANY(?)", (list(numbers),))

    def unindexed(self, column: str) -> str:
        return f"({column} || '')"
