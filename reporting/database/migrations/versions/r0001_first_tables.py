"""
The first tables.

pair     every (key, value) once; `digest` finds it whatever its length
posting  pair -> results in order of time: one range of it answers "newest results with k=v"
result   holds its data and groups as JSON text too, so that an answer is one row
"""
from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

_SQLITE = """
CREATE TABLE testcase (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, ref_url TEXT);
CREATE TABLE run_group (id INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE, description TEXT, ref_url TEXT);
CREATE TABLE result (
    id INTEGER PRIMARY KEY AUTOINCREMENT, testcase_id INTEGER NOT NULL, outcome TEXT NOT NULL, note TEXT, ref_url TEXT,
    submit_time INTEGER NOT NULL, data TEXT NOT NULL, groups TEXT NOT NULL);
CREATE INDEX result_by_time ON result (submit_time);
CREATE INDEX result_by_testcase ON result (testcase_id, submit_time);
CREATE INDEX result_by_outcome ON result (outcome, submit_time);
CREATE TABLE pair (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE INDEX pair_by_value ON pair (substr(key, 1, 120), substr(value, 1, 120));
CREATE TABLE posting (
    pair_id INTEGER NOT NULL, submit_time INTEGER NOT NULL, result_id INTEGER NOT NULL,
    PRIMARY KEY (pair_id, submit_time, result_id)) WITHOUT ROWID;
CREATE TABLE group_member (
    group_id INTEGER NOT NULL, submit_time INTEGER NOT NULL, result_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, submit_time, result_id)) WITHOUT ROWID;
CREATE TABLE idempotency_key (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, result_id INTEGER NOT NULL, created INTEGER NOT NULL)
    WITHOUT ROWID;
CREATE INDEX idempotency_key_by_time ON idempotency_key (created);
"""

_POSTGRESQL = """
CREATE TABLE testcase (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name TEXT COLLATE "C" NOT NULL, ref_url TEXT);
CREATE UNIQUE INDEX testcase_by_name ON testcase (name);
CREATE TABLE run_group (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, uuid TEXT COLLATE "C" NOT NULL UNIQUE,
    description TEXT, ref_url TEXT);
CREATE TABLE result (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, testcase_id BIGINT NOT NULL, outcome TEXT COLLATE "C" NOT NULL,
    note TEXT, ref_url TEXT, submit_time BIGINT NOT NULL, data TEXT NOT NULL, groups TEXT NOT NULL);
CREATE INDEX result_by_time ON result (submit_time, id);
CREATE INDEX result_by_testcase ON result (testcase_id, submit_time, id);
CREATE INDEX result_by_outcome ON result (outcome, submit_time, id);
CREATE TABLE pair (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, digest BYTEA NOT NULL UNIQUE, key TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL);
CREATE INDEX pair_by_value ON pair (substr(key, 1, 120), substr(value, 1, 120));
CREATE TABLE posting (
    pair_id BIGINT NOT NULL, submit_time BIGINT NOT NULL, result_id BIGINT NOT NULL,
    PRIMARY KEY (pair_id, submit_time, result_id));
CREATE TABLE group_member (
    group_id BIGINT NOT NULL, submit_time BIGINT NOT NULL, result_id BIGINT NOT NULL,
    PRIMARY KEY (group_id, submit_time, result_id));
CREATE TABLE idempotency_key (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, result_id BIGINT NOT NULL, created BIGINT NOT NULL);
CREATE INDEX idempotency_key_by_time ON idempotency_key (created);
"""


def upgrade() -> None:
    """Create everything."""
    text = _POSTGRESQL if op.get_bind().dialect.name == "postgresql" else _SQLITE
    for statement in filter(str.strip, text.split(";")):
        op.execute(statement)
