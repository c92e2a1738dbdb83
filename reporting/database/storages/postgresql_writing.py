"""
What is written to PostgreSQL; every function runs inside a transaction that its caller began.

Rows are locked in one order everywhere (testcase, groups by uuid, pairs by
digest), and only where they are new or change, so that writers seldom wait
for each other.
"""
from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from psycopg import Connection

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
from reporting.database.sql.pair import pair_digest
from reporting.database.sql.results import COLUMNS, RESULT_OF_TESTCASE, row_to_result

Row = tuple[Any, ...]

#: Every table of ours but the tokens, which are no results.
_TABLES = "outbox, posting, group_member, idempotency_key, result, pair, run_group, testcase"
#: Old idempotency keys are deleted with about every hundredth result.
_FORGET_EVERY = 100
#: The testcase, the groups and the pairs that a result names and that exist.
_KNOWN = """
SELECT 0, id, name, NULL, ref_url, NULL::bytea FROM testcase WHERE name = %s
UNION ALL SELECT 1, id, uuid, description, ref_url, NULL FROM run_group WHERE uuid = ANY(%s)
UNION ALL SELECT 2, id, NULL, NULL, NULL, digest FROM pair WHERE digest = ANY(%s)
"""
NEW_PAIRS = """
INSERT INTO pair (digest, key, value) SELECT * FROM unnest(%s::bytea[], %s::text[], %s::text[])
ON CONFLICT (digest) DO UPDATE SET digest = excluded.digest RETURNING digest, id
"""
_NEW_RESULT = """
WITH new AS (
    INSERT INTO result (testcase_id, outcome, note, ref_url, submit_time, data, groups)
    VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING id, submit_time),
posted AS (
    INSERT INTO posting SELECT pair_id, new.submit_time, new.id FROM new, unnest(%s::bigint[]) pair_id),
linked AS (
    INSERT INTO group_member SELECT group_id, new.submit_time, new.id FROM new, unnest(%s::bigint[]) group_id)
SELECT id FROM new
"""


@dataclass(slots=True)
class _Known:
    """Rows that exist already: (id, ref_url), uuid to (id, description, ref_url), digest to id."""

    testcase: tuple[int, str | None] | None = None
    groups: dict[str, tuple[int, str | None, str | None]] = field(default_factory=dict)
    pairs: dict[bytes, int] = field(default_factory=dict)


def add_result(connection: Connection[Row], new: NewResult, key: IdempotencyKey | None,
               announce: str | None) -> Result:
    """Store the result unless its key was used before; return the stored one. Raises IdempotencyConflictError."""
    if key:
        before = _claim(connection, key)
        if before is not None:
            return before
    result_id, ref_url = insert_result(connection, new)
    if key:
        connection.execute("UPDATE idempotency_key SET result_id = %s WHERE key = %s", (result_id, key.key))
        if result_id % _FORGET_EVERY == 0:
            connection.execute("DELETE FROM idempotency_key WHERE created < %s", (int(time.time()) - KEY_LIFE_SECONDS,))
    if announce is not None:
        connection.execute("INSERT INTO outbox (result_id, base_url) VALUES (%s, %s)", (result_id, announce))
    return Result(result_id, new.outcome, new.note, new.ref_url, new.submit_time, new.data_json(), new.groups_json(),
                  Testcase(new.testcase.name, ref_url))


def _claim(connection: Connection[Row], key: IdempotencyKey) -> Result | None:
    """Make the key ours, or return the result that has it; waits for a request with the same key to end."""
    claimed = connection.execute(
        "INSERT INTO idempotency_key VALUES (%s, %s, 0, %s) ON CONFLICT (key) DO NOTHING RETURNING 1",
        (key.key, key.fingerprint, int(time.time()))).fetchone()
    if claimed:
        return None
    stored = connection.execute("SELECT fingerprint, result_id FROM idempotency_key WHERE key = %s FOR UPDATE",
                                (key.key,)).fetchone()
    if stored is None:  # pruned in this moment
        return _claim(connection, key)
    if stored[0] != key.fingerprint:
        raise IdempotencyConflictError(key.key)
    row = connection.execute(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id = %s", (stored[1],)).fetchone()
    return row_to_result(row) if row else None  # type: ignore[arg-type]


def insert_result(connection: Connection[Row], new: NewResult) -> tuple[int, str | None]:
    """Store the result and everything it names; return its id and its testcase's ref_url."""
    pairs = {pair_digest(key, value): (key, value) for key, value in new.pairs()}
    known = _Known()
    rows = connection.execute(_KNOWN, (new.testcase.name, [group.uuid for group in new.groups], list(pairs)))
    for kind, row_id, name, description, ref_url, digest in rows:
        if kind == 0:
            known.testcase = (row_id, ref_url)
        elif kind == 1:
            known.groups[name] = (row_id, description, ref_url)
        else:
            known.pairs[digest] = row_id
    testcase_id, ref_url = stored_testcase(connection, new.testcase, known.testcase)
    group_ids = [stored_group(connection, group, known.groups.get(group.uuid))
                 for group in sorted(new.groups, key=lambda group: group.uuid)]
    missing = sorted(pairs.keys() - known.pairs.keys())
    if missing:
        known.pairs.update(connection.execute(  # type: ignore[arg-type]
            NEW_PAIRS, (missing, [pairs[d][0] for d in missing], [pairs[d][1] for d in missing])).fetchall())
    row = connection.execute(_NEW_RESULT, (
        testcase_id, new.outcome, new.note, new.ref_url, new.submit_time, new.data_json(), new.groups_json(),
        list(known.pairs.values()), group_ids)).fetchone()
    assert row is not None
    return row[0], ref_url


def put_testcase(connection: Connection[Row], change: TestcaseChange) -> Testcase:
    """Create or change a testcase."""
    row = connection.execute("SELECT id, ref_url FROM testcase WHERE name = %s", (change.name,)).fetchone()
    return Testcase(change.name, stored_testcase(connection, change, row)[1])  # type: ignore[arg-type]


def put_group(connection: Connection[Row], change: GroupChange) -> Group:
    """Create or change a group."""
    row = connection.execute("SELECT id, description, ref_url FROM run_group WHERE uuid = %s",
                             (change.uuid,)).fetchone()
    group_id = stored_group(connection, change, row)  # type: ignore[arg-type]
    found = connection.execute(
        "SELECT uuid, description, ref_url, (SELECT count(*) FROM group_member WHERE group_id = g.id) "
        "FROM run_group g WHERE id = %s", (group_id,)).fetchone()
    assert found is not None
    return Group(*found)


def delete_everything(connection: Connection[Row]) -> None:
    """Empty every table; ids start at 1 again."""
    connection.execute(f"TRUNCATE {_TABLES} RESTART IDENTITY")  # type: ignore[arg-type]


def stored_testcase(connection: Connection[Row], change: TestcaseChange,
                    known: tuple[int, str | None] | None) -> tuple[int, str | None]:
    """Return the id and ref_url after the change."""
    if known is not None and change.ref_url in (KEEP, known[1]):
        return known
    ref_url = None if change.ref_url is KEEP else change.ref_url
    # DO UPDATE also where nothing changes: only so does it return the row that another writer made meanwhile
    row = connection.execute(
        "INSERT INTO testcase (name, ref_url) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET ref_url = "
        "CASE WHEN %s THEN testcase.ref_url ELSE excluded.ref_url END RETURNING id, ref_url",
        (change.name, ref_url, change.ref_url is KEEP)).fetchone()
    assert row is not None
    return row[0], row[1]


def stored_group(connection: Connection[Row], change: GroupChange,
                 known: tuple[int, str | None, str | None] | None) -> int:
    """Return the id of the group after the change."""
    if known is not None and change.description in (KEEP, known[1]) and change.ref_url in (KEEP, known[2]):
        return known[0]
    row = connection.execute(
        "INSERT INTO run_group (uuid, description, ref_url) VALUES (%s, %s, %s) ON CONFLICT (uuid) DO UPDATE SET "
        "description = CASE WHEN %s THEN run_group.description ELSE excluded.description END, "
        "ref_url = CASE WHEN %s THEN run_group.ref_url ELSE excluded.ref_url END RETURNING id",
        (change.uuid, None if change.description is KEEP else change.description,
         None if change.ref_url is KEEP else change.ref_url, change.description is KEEP, change.ref_url is KEEP),
    ).fetchone()
    assert row is not None
    return int(row[0])
