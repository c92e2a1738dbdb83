"""What is written to SQLite; every function runs inside a transaction that its caller began."""
from __future__ import annotations

import sqlite3
import time

from reporting.database.records import (
    KEEP,
    KEY_LIFE_SECONDS,
    Group,
    GroupChange,
    IdempotencyConflictError,
    IdempotencyKey,
    NewResult,
    Result,
    Testcase,
    TestcaseChange,
)
from reporting.database.sql.pair import hour_of, pair_digest
from reporting.database.sql.results import COLUMNS, RESULT_OF_TESTCASE, row_to_result

#: Every table of ours but the tokens, which are no results; the ids of `result` are kept in sqlite_sequence.
_TABLES = ("outbox", "posting", "group_member", "idempotency_key", "result", "pair", "run_group", "testcase")


def add_result(connection: sqlite3.Connection, new: NewResult, key: IdempotencyKey | None,
               announce: str | None) -> Result:
    """Store the result unless its key was used before; return the stored one. Raises IdempotencyConflictError."""
    result_id = _stored_before(connection, key) if key else None
    if result_id is None:
        result_id = insert_result(connection, new)
        if key:
            _remember(connection, key, result_id)
        if announce is not None:
            connection.execute("INSERT INTO outbox (result_id, base_url) VALUES (?, ?)", (result_id, announce))
    row = connection.execute(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id = ?", (result_id,)).fetchone()
    return row_to_result(row)


def _remember(connection: sqlite3.Connection, key: IdempotencyKey, result_id: int) -> None:
    """Keep the key, and let go of a few that are too old."""
    now = int(time.time())
    connection.execute("INSERT INTO idempotency_key VALUES (?, ?, ?, ?)",
                       (key.key, key.fingerprint, result_id, now))
    connection.execute("DELETE FROM idempotency_key WHERE key IN (SELECT key FROM idempotency_key "
                       "WHERE created < ? LIMIT 2)", (now - KEY_LIFE_SECONDS,))


def _stored_before(connection: sqlite3.Connection, key: IdempotencyKey) -> int | None:
    row = connection.execute(
        "SELECT k.fingerprint, r.id FROM idempotency_key k LEFT JOIN result r ON r.id = k.result_id WHERE k.key = ?",
        (key.key,)).fetchone()
    if row is None:
        return None
    if row[0] != key.fingerprint:
        raise IdempotencyConflictError(key.key)
    if row[1] is None:  # the result was pruned since
        connection.execute("DELETE FROM idempotency_key WHERE key = ?", (key.key,))
    result_id: int | None = row[1]
    return result_id


def insert_result(connection: sqlite3.Connection, new: NewResult) -> int:
    """Store the result and everything it names, return its id."""
    testcase_id = id_of_testcase(connection, new.testcase)
    group_ids = [id_of_group(connection, group) for group in new.groups]
    hour = hour_of(new.submit_time)
    pair_ids = [id_of_pair(connection, key, value, hour) for key, value in new.pairs()]
    result_id = connection.execute(
        "INSERT INTO result (testcase_id, outcome, note, ref_url, submit_time, data, groups) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (testcase_id, new.outcome, new.note, new.ref_url, new.submit_time, new.data_json(), new.groups_json()),
    ).lastrowid
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)",
                           [(pair_id, new.submit_time, result_id) for pair_id in pair_ids])
    connection.executemany("INSERT INTO group_member VALUES (?, ?, ?)",
                           [(group_id, new.submit_time, result_id) for group_id in group_ids])
    assert result_id is not None
    return result_id


def put_testcase(connection: sqlite3.Connection, change: TestcaseChange) -> Testcase:
    """Create or change a testcase."""
    testcase_id = id_of_testcase(connection, change)
    return Testcase(*connection.execute("SELECT name, ref_url FROM testcase WHERE id = ?", (testcase_id,)).fetchone())


def put_group(connection: sqlite3.Connection, change: GroupChange) -> Group:
    """Create or change a group."""
    group_id = id_of_group(connection, change)
    return Group(*connection.execute(
        "SELECT uuid, description, ref_url, (SELECT count(*) FROM group_member WHERE group_id = run_group.id) "
        "FROM run_group WHERE id = ?", (group_id,)).fetchone())


def delete_everything(connection: sqlite3.Connection) -> None:
    """Empty every table; ids start at 1 again."""
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")
    connection.execute("INSERT INTO pair_trigram (pair_trigram) VALUES ('delete-all')")
    connection.execute("DELETE FROM sqlite_sequence")


def id_of_testcase(connection: sqlite3.Connection, change: TestcaseChange) -> int:
    """Create or change the testcase, return its id."""
    row = connection.execute("SELECT id, ref_url FROM testcase WHERE name = ?", (change.name,)).fetchone()
    ref_url = None if change.ref_url is KEEP else change.ref_url
    if row is None:
        return _inserted(connection, "INSERT INTO testcase (name, ref_url) VALUES (?, ?)", (change.name, ref_url))
    if change.ref_url is not KEEP and row[1] != ref_url:
        connection.execute("UPDATE testcase SET ref_url = ? WHERE id = ?", (ref_url, row[0]))
    testcase_id: int = row[0]
    return testcase_id


def id_of_group(connection: sqlite3.Connection, change: GroupChange) -> int:
    """Create or change the group, return its id."""
    row = connection.execute("SELECT id, description, ref_url FROM run_group WHERE uuid = ?",
                             (change.uuid,)).fetchone()
    group_id, description, ref_url = row or (None, None, None)
    if change.description is not KEEP:
        description = change.description
    if change.ref_url is not KEEP:
        ref_url = change.ref_url
    if group_id is None:
        return _inserted(connection, "INSERT INTO run_group (uuid, description, ref_url) VALUES (?, ?, ?)",
                         (change.uuid, description, ref_url))
    if (description, ref_url) != row[1:]:
        connection.execute("UPDATE run_group SET description = ?, ref_url = ? WHERE id = ?",
                           (description, ref_url, group_id))
    return int(group_id)


def id_of_pair(connection: sqlite3.Connection, key: str, value: str, hour: int) -> int:
    """Return the id of the pair, created where it is new. `hour`: of a result that has it."""
    digest = pair_digest(key, value)
    row = connection.execute("SELECT id, last_hour FROM pair WHERE digest = ?", (digest,)).fetchone()
    if row is None:
        return _inserted(connection, "INSERT INTO pair (digest, key, value, last_hour) VALUES (?, ?, ?, ?)",
                         (digest, key, value, hour))
    if row[1] < hour:
        connection.execute("UPDATE pair SET last_hour = ? WHERE id = ?", (hour, row[0]))
    return int(row[0])


def _inserted(connection: sqlite3.Connection, statement: str, values: tuple[object, ...]) -> int:
    row_id = connection.execute(statement, values).lastrowid
    assert row_id is not None
    return row_id
