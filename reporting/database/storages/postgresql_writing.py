"""
What is written to PostgreSQL; every function runs inside a transaction that its caller began.

Rows are locked in one order everywhere (testcase, groups by uuid, pairs by
digest), and only where they are new or change, so that writers seldom wait
for each other.
"""
from __future__ import annotations

import time
from dataclasses import dataclass, field

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
from reporting.database.storages.postgresql_statements import Statements

#: Every table of ours but the tokens, which are no results.
_TABLES = "outbox, posting, group_member, idempotency_key, result, pair, run_group, testcase"
#: Old idempotency keys are deleted with about every hundredth result.
_FORGET_EVERY = 100
#: The testcase, the groups and the pairs that a result names and that exist.
_KNOWN = """
SELECT 0, id, name, NULL, ref_url, NULL::bytea FROM testcase WHERE name = ?
UNION ALL SELECT 1, id, uuid, description, ref_url, NULL FROM run_group WHERE uuid = ANY(?)
UNION ALL SELECT 2, id, NULL, NULL, last_hour::text, digest FROM pair WHERE digest = ANY(?)
"""
NEW_PAIRS = """
INSERT INTO pair (digest, key, value, last_hour) SELECT * FROM unnest(?::bytea[], ?::text[], ?::text[], ?::bigint[])
ON CONFLICT (digest) DO UPDATE SET last_hour = greatest(pair.last_hour, excluded.last_hour) RETURNING digest, id
"""
#: Pairs with a result that is newer than those before; locked in the order of the digests.
LATER_HOURS = """
WITH later AS MATERIALIZED (
    SELECT pair.id, u.hour FROM pair JOIN unnest(?::bigint[], ?::bigint[]) u (id, hour) ON pair.id = u.id
    WHERE pair.last_hour < u.hour ORDER BY pair.digest FOR UPDATE OF pair)
UPDATE pair SET last_hour = later.hour FROM later WHERE pair.id = later.id AND pair.last_hour < later.hour
"""
_NEW_RESULT = """
WITH new AS (
    INSERT INTO result (testcase_id, outcome, note, ref_url, submit_time, data, groups)
    VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id, submit_time),
posted AS (
    INSERT INTO posting SELECT pair_id, new.submit_time, new.id FROM new, unnest(?::bigint[]) pair_id),
linked AS (
    INSERT INTO group_member SELECT group_id, new.submit_time, new.id FROM new, unnest(?::bigint[]) group_id)
SELECT id FROM new
"""


@dataclass(slots=True)
class _Known:
    """Rows that exist already: (id, ref_url), uuid to (id, description, ref_url), digest to id."""

    testcase: tuple[int, str | None] | None = None
    groups: dict[str, tuple[int, str | None, str | None]] = field(default_factory=dict)
    pairs: dict[bytes, int] = field(default_factory=dict)
    #: Pairs whose results were all older than the new one.
    older_pairs: list[int] = field(default_factory=list)


def add_result(database: Statements, new: NewResult, key: IdempotencyKey | None,
               announce: str | None) -> Result:
    """Store the result unless its key was used before; return the stored one. Raises IdempotencyConflictError."""
    if key:
        before = _claim(database, key)
        if before is not None:
            return before
    result_id, ref_url = insert_result(database, new)
    if key:
        database.run("UPDATE idempotency_key SET result_id = ? WHERE key = ?", (result_id, key.key))
        if result_id % _FORGET_EVERY == 0:
            database.run("DELETE FROM idempotency_key WHERE created < ?", (int(time.time()) - KEY_LIFE_SECONDS,))
    if announce is not None:
        database.run("INSERT INTO outbox (result_id, base_url) VALUES (?, ?)", (result_id, announce))
    return Result(result_id, new.outcome, new.note, new.ref_url, new.submit_time, new.data_json(), new.groups_json(),
                  Testcase(new.testcase.name, ref_url))


def _claim(database: Statements, key: IdempotencyKey) -> Result | None:
    """Make the key ours, or return the result that has it; waits for a request with the same key to end."""
    claimed = database.run(
        "INSERT INTO idempotency_key VALUES (?, ?, 0, ?) ON CONFLICT (key) DO NOTHING RETURNING 1",
        (key.key, key.fingerprint, int(time.time())))
    if claimed:
        return None
    stored = database.run("SELECT fingerprint, result_id FROM idempotency_key WHERE key = ? FOR UPDATE", (key.key,))
    if not stored:  # pruned in this moment
        return _claim(database, key)
    fingerprint, result_id = stored[0]
    if fingerprint != key.fingerprint:
        raise IdempotencyConflictError(key.key)
    rows = database.run(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id = ?", (result_id,))
    return row_to_result(rows[0]) if rows else None


def insert_result(database: Statements, new: NewResult) -> tuple[int, str | None]:
    """Store the result and everything it names; return its id and its testcase's ref_url."""
    pairs = {pair_digest(key, value): (key, value) for key, value in new.pairs()}
    hour = hour_of(new.submit_time)
    known = _Known()
    rows = database.run(_KNOWN, (new.testcase.name, [group.uuid for group in new.groups], list(pairs)))
    for kind, row_id, name, description, ref_url, digest in rows:
        if kind == 0:
            known.testcase = (row_id, ref_url)
        elif kind == 1:
            known.groups[name] = (row_id, description, ref_url)
        else:
            known.pairs[digest] = row_id
            if int(ref_url) < hour:
                known.older_pairs.append(row_id)
    testcase_id, ref_url = stored_testcase(database, new.testcase, known.testcase)
    group_ids = _stored_groups(database, new, known)
    missing = sorted(pairs.keys() - known.pairs.keys())
    if missing:
        known.pairs.update(database.run(
            NEW_PAIRS, (missing, [pairs[d][0] for d in missing], [pairs[d][1] for d in missing],
                        [hour] * len(missing))))
    if known.older_pairs:
        database.run(LATER_HOURS, (known.older_pairs, [hour] * len(known.older_pairs)))
    (result_id,), = database.run(_NEW_RESULT, (
        testcase_id, new.outcome, new.note, new.ref_url, new.submit_time, new.data_json(), new.groups_json(),
        list(known.pairs.values()), group_ids))
    return result_id, ref_url


def _stored_groups(database: Statements, new: NewResult, known: _Known) -> list[int]:
    """Return the ids of the groups after their changes: locked by uuid, but numbered in the order they were given."""
    unknown = [group.uuid for group in new.groups if group.uuid not in known.groups]
    numbers = dict(zip(unknown, reserved_ids(database, "run_group", len(unknown)), strict=True)) if unknown[1:] else {}
    return [stored_group(database, group, known.groups.get(group.uuid), numbers.get(group.uuid))
            for group in sorted(new.groups, key=lambda group: group.uuid)]


def reserved_ids(database: Statements, table: str, count: int) -> list[int]:
    """Return the next ids of a table; nobody else gets them."""
    return [row[0] for row in database.run(
        f"SELECT nextval(pg_get_serial_sequence('{table}', 'id')) FROM generate_series(1, ?::int)", (count,))]


def put_testcase(database: Statements, change: TestcaseChange) -> Testcase:
    """Create or change a testcase."""
    rows = database.run("SELECT id, ref_url FROM testcase WHERE name = ?", (change.name,))
    return Testcase(change.name, stored_testcase(database, change, rows[0] if rows else None)[1])


def put_group(database: Statements, change: GroupChange) -> Group:
    """Create or change a group."""
    rows = database.run("SELECT id, description, ref_url FROM run_group WHERE uuid = ?", (change.uuid,))
    group_id = stored_group(database, change, rows[0] if rows else None)
    found, = database.run(
        "SELECT uuid, description, ref_url, (SELECT count(*) FROM group_member WHERE group_id = g.id) "
        "FROM run_group g WHERE id = ?", (group_id,))
    return Group(*found)


def delete_everything(database: Statements) -> None:
    """Empty every table; ids start at 1 again."""
    database.run(f"TRUNCATE {_TABLES} RESTART IDENTITY")


def stored_testcase(database: Statements, change: TestcaseChange,
                    known: tuple[int, str | None] | None) -> tuple[int, str | None]:
    """Return the id and ref_url after the change."""
    if known is not None and change.ref_url in (KEEP, known[1]):
        return known
    ref_url = None if change.ref_url is KEEP else change.ref_url
    # DO UPDATE also where nothing changes: only so does it return the row that another writer made meanwhile
    row, = database.run(
        "INSERT INTO testcase (name, ref_url) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET ref_url = "
        "CASE WHEN ? THEN testcase.ref_url ELSE excluded.ref_url END RETURNING id, ref_url",
        (change.name, ref_url, change.ref_url is KEEP))
    return row[0], row[1]


def stored_group(database: Statements, change: GroupChange,
                 known: tuple[int, str | None, str | None] | None, number: int | None = None) -> int:
    """Return the id of the group after the change; `number`: the id it gets where it is new."""
    if known is not None and change.description in (KEEP, known[1]) and change.ref_url in (KEEP, known[2]):
        return known[0]
    (group_id,), = database.run(
        "INSERT INTO run_group (id, uuid, description, ref_url) OVERRIDING SYSTEM VALUE "
        "VALUES (coalesce(?::bigint, nextval(pg_get_serial_sequence('run_group', 'id'))), ?, ?, ?) "
        "ON CONFLICT (uuid) DO UPDATE SET "
        "description = CASE WHEN ? THEN run_group.description ELSE excluded.description END, "
        "ref_url = CASE WHEN ? THEN run_group.ref_url ELSE excluded.ref_url END RETURNING id",
        (number, change.uuid, None if change.description is KEEP else change.description,
         None if change.ref_url is KEEP else change.ref_url, change.description is KEEP, change.ref_url is KEEP),
    )
    return int(group_id)
