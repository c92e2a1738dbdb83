"""
Results in the order of their ids, for those who follow a database.

An id is given before its transaction ends, so on PostgreSQL a smaller id can
appear after a larger one. The storage says up to which id that cannot happen
any more; a follower is shown no later result and so misses none.
"""
from __future__ import annotations

from dataclasses import replace

from reporting.database.question import ResultFilter
from reporting.database.records import Result
from reporting.database.sql.candidates import Fetch, find_candidates
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.results import COLUMNS, RESULT_OF_TESTCASE, conditions, row_to_result
from reporting.database.storage import Storage

#: Ids looked through by one request at most.
_SPAN = 20_000


def following(storage: Storage, wanted: ResultFilter, after: int, limit: int) -> tuple[list[Result], int]:
    """Return at most `limit` (from 1) of the next results that pass, and the id to go on after."""
    last = storage.settled_id(after, _SPAN)
    if last is None:
        return [], after

    def question(fetch: Fetch, dialect: Dialect) -> list[Result]:
        found = find_candidates(wanted, dialect, fetch)
        if found.is_empty:
            return []
        statement = (Sql(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id <= ? AND", (last,))  # noqa: S608
                     + all_of(conditions(replace(wanted, after_id=after), found, dialect))
                     + Sql("ORDER BY r.id LIMIT ?", (limit,)))
        return [row_to_result(row) for row in fetch(statement)]

    rows = storage.ask(question)
    return rows, rows[-1].id if len(rows) == limit else last
