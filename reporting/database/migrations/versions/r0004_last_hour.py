"""
Tells by a pair alone how new its results can be: whoever looks for the newest of many pairs opens only the first few.

`last_hour` is at least the hour, since 1970, of the newest result; it changes seldom, so that a pair that every result
has is no place where writers meet.
"""
from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"

_HOUR = 3_600_000_000
_COLUMN = "ALTER TABLE pair ADD COLUMN last_hour {integer} NOT NULL DEFAULT 0"
_FILL = (f"UPDATE pair SET last_hour = coalesce((SELECT p.submit_time / {_HOUR} FROM posting p "  # noqa: S608
         "WHERE p.pair_id = pair.id ORDER BY p.submit_time DESC LIMIT 1), 0)")
#: With it a search by beginning reads nothing but the index; PostgreSQL would read the row in any case.
_SQLITE_INDEX = (
    "DROP INDEX pair_by_value",
    "CREATE INDEX pair_by_value ON pair (substr(key, 1, 120), substr(value, 1, 120), last_hour)",
)
#: Every row was written anew: the index of trigrams, three times as large then, would be slower for good.
_POSTGRESQL_INDEXES = ("REINDEX TABLE pair",)


def upgrade() -> None:
    """Add the column and fill it."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(_COLUMN.format(integer="BIGINT" if is_postgresql else "INTEGER"))
    op.execute(_FILL)
    for statement in _POSTGRESQL_INDEXES if is_postgresql else _SQLITE_INDEX:
        op.execute(statement)
