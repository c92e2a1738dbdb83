"""Many results in one transaction on PostgreSQL: a few statements for all, the rows by COPY."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from reporting.database.records import KEEP, GroupChange, NewResult, TestcaseChange
from reporting.database.sql.pair import newest_hours, pair_digest
from reporting.database.storages import postgresql_writing as writing
from reporting.database.storages.postgresql_statements import Statements


def insert_results(database: Statements, new: Sequence[NewResult],
                   changes: Sequence[TestcaseChange | GroupChange] = ()) -> list[int]:
    """Make the changes and store the results, return their ids in order."""
    for change in changes:
        if isinstance(change, TestcaseChange):
            writing.stored_testcase(database, change, None)
        else:
            writing.stored_group(database, change, None)
    testcases = _testcases(database, new)
    groups = _groups(database, new)
    pairs = _pairs(database, new)
    ids = writing.reserved_ids(database, "result", len(new))
    numbered = list(zip(ids, new, strict=True))
    _copy(database, "result (id, testcase_id, outcome, note, ref_url, submit_time, data, groups)", (
        (number, testcases[each.testcase.name], each.outcome, each.note, each.ref_url, each.submit_time,
         each.data_json(), each.groups_json()) for number, each in numbered))
    _copy(database, "posting", ((pairs[pair], each.submit_time, number)
                                  for number, each in numbered for pair in each.pairs()))
    _copy(database, "group_member", ((groups[group.uuid], each.submit_time, number)
                                       for number, each in numbered for group in each.groups))
    return ids


def _copy(database: Statements, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with database.connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:  # type: ignore[arg-type]
        for row in rows:
            copy.write_row(row)


def _testcases(database: Statements, new: Sequence[NewResult]) -> dict[str, int]:
    """Create or change every testcase, in the order of their names; return name to id."""
    changes: dict[str, list[TestcaseChange]] = {}
    for each in new:
        found = changes.setdefault(each.testcase.name, [])
        if not found or each.testcase.ref_url is not KEEP:
            found.append(each.testcase)
    rows = database.run("SELECT name, id, ref_url FROM testcase WHERE name = ANY(?)", (list(changes),))
    known = {name: (row_id, ref_url) for name, row_id, ref_url in rows}
    for name in sorted(changes):
        for change in changes[name]:
            known[name] = writing.stored_testcase(database, change, known.get(name))
    return {name: row_id for name, (row_id, _) in known.items()}


def _groups(database: Statements, new: Sequence[NewResult]) -> dict[str, int]:
    """Create or change every group, in the order of their uuids; return uuid to id."""
    changes: dict[str, dict[GroupChange, None]] = {}
    for each in new:
        for group in each.groups:
            changes.setdefault(group.uuid, {})[group] = None
    rows = database.run("SELECT uuid, id, description, ref_url FROM run_group WHERE uuid = ANY(?)",
                              (list(changes),))
    known = {uuid: (row_id, description, ref_url) for uuid, row_id, description, ref_url in rows}
    ids = {}
    for uuid in sorted(changes):
        for change in changes[uuid]:
            # known only before the first change
            ids[uuid] = writing.stored_group(database, change, known.pop(uuid, None))
    return ids


def _pairs(database: Statements, new: Sequence[NewResult]) -> dict[tuple[str, str], int]:
    """Create every pair that is missing, in the order of the digests; return (key, value) to id."""
    digests = {pair_digest(*pair): pair for each in new for pair in each.pairs()}
    hours = {pair_digest(*pair): hour for pair, hour in newest_hours(new).items()}
    rows = database.run("SELECT digest, id FROM pair WHERE digest = ANY(?)", (list(digests),))
    missing = sorted(digests.keys() - {digest for digest, _ in rows})
    database.run(writing.LATER_HOURS, ([row_id for _, row_id in rows], [hours[digest] for digest, _ in rows]))
    if missing:
        rows += database.run(writing.NEW_PAIRS, (
            missing, [digests[each][0] for each in missing], [digests[each][1] for each in missing],
            [hours[each] for each in missing]))
    return {digests[digest]: row_id for digest, row_id in rows}
