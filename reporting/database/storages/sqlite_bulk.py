"""Many results in one transaction on SQLite: what they share is looked up once."""
from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from reporting.database.records import KEEP, GroupChange, NewResult, TestcaseChange
from reporting.database.sql.pair import newest_hours
from reporting.database.storages import sqlite_writing as writing


def insert_results(connection: sqlite3.Connection, new: Sequence[NewResult],
                   changes: Sequence[TestcaseChange | GroupChange] = ()) -> list[int]:
    """Make the changes and store the results, return their ids in order."""
    for change in changes:
        if isinstance(change, TestcaseChange):
            writing.id_of_testcase(connection, change)
        else:
            writing.id_of_group(connection, change)
    known: dict[object, int] = {}
    first = _next_id(connection)
    last_hours = newest_hours(new)
    rows, postings, members = [], [], []
    for result_id, each in enumerate(new, first):
        testcase_id = known.get(each.testcase)
        if testcase_id is None or each.testcase.ref_url is not KEEP:
            testcase_id = known[each.testcase] = writing.id_of_testcase(connection, each.testcase)
        for group in each.groups:
            members.append((_group_id(connection, group, known), each.submit_time, result_id))
        for pair in each.pairs():
            pair_id = known.get(pair)
            if pair_id is None:
                pair_id = known[pair] = writing.id_of_pair(connection, *pair, last_hours[pair])
            postings.append((pair_id, each.submit_time, result_id))
        rows.append((result_id, testcase_id, each.outcome, each.note, each.ref_url, each.submit_time,
                     each.data_json(), each.groups_json()))
    connection.executemany("INSERT INTO result VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?)", sorted(postings))
    connection.executemany("INSERT INTO group_member VALUES (?, ?, ?)", sorted(members))
    return list(range(first, first + len(rows)))


def _next_id(connection: sqlite3.Connection) -> int:
    """Return the id that the next result gets; nobody else writes during our transaction."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'result'").fetchone()
    return row[0] + 1 if row else 1


def _group_id(connection: sqlite3.Connection, group: GroupChange, known: dict[object, int]) -> int:
    keeps = group.description is KEEP and group.ref_url is KEEP
    group_id = known.get(group) if keeps else None
    if group_id is None:
        group_id = known[group] = writing.id_of_group(connection, group)
    return group_id
