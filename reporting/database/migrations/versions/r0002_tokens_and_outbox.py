"""Tokens of who may write, and messages that wait for the bus."""
from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

_TABLE_OF_TOKENS = """
CREATE TABLE api_token (name TEXT PRIMARY KEY, digest TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
    created BIGINT NOT NULL)
"""
_OUTBOX = "CREATE TABLE outbox (id {id} PRIMARY KEY {counted}, result_id BIGINT NOT NULL, base_url TEXT NOT NULL)"


def upgrade() -> None:
    """Create both."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.execute(_TABLE_OF_TOKENS)
    op.execute(_OUTBOX.format(id="BIGINT GENERATED ALWAYS AS IDENTITY" if is_postgresql else "INTEGER",
                              counted="" if is_postgresql else "AUTOINCREMENT"))
