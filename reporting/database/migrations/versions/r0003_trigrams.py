"""Finds text in the middle of a value: an index of every three letters (FTS5 on SQLite, pg_trgm on PostgreSQL)."""
from __future__ import annotations

import logging

from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0003"
down_revision = "0002"

logger = logging.getLogger(__name__)

#: Longer values are compared one by one. What is found is compared with the value itself in any case, so entries of
#: deleted pairs do no harm.
_SQLITE = (
    "CREATE VIRTUAL TABLE pair_trigram USING fts5("
    "value, content='', detail=none, tokenize='trigram case_sensitive 1')",
    "INSERT INTO pair_trigram (rowid, value) SELECT id, value FROM pair WHERE length(value) <= 200",
    "CREATE TRIGGER pair_to_trigram AFTER INSERT ON pair WHEN length(new.value) <= 200 BEGIN "
    "INSERT INTO pair_trigram (rowid, value) VALUES (new.id, new.value); END",
    "CREATE INDEX pair_long ON pair (key) WHERE length(value) > 200",
)
_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX pair_by_trigram ON pair USING gin (value gin_trgm_ops)",
)


def upgrade() -> None:
    """Create the index."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        for statement in _SQLITE:
            op.execute(statement)
        return
    try:
        with connection.begin_nested():
            for statement in _POSTGRESQL:
                op.execute(statement)
    except DBAPIError as error:
        logger.warning("searches in the middle of a value will be slow: the extension pg_trgm cannot be made; let an "
                       "administrator run `CREATE EXTENSION pg_trgm; CREATE INDEX pair_by_trigram ON pair USING gin "
                       "(value gin_trgm_ops)`", extra={"fault": str(error.orig).strip()})
