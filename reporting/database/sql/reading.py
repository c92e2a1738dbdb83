"""Every question of the seam, over a function that runs one statement."""
from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.records import Group, Result, Testcase
from reporting.database.sql.candidates import find_candidates
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.latest import latest_results, newest_of_each, rows_to_distinguish
from reporting.database.sql.pattern_pages import page_of_pattern, sole_pattern, until_newest_match
from reporting.database.sql.results import (
    COLUMNS,
    RESULT_OF_TESTCASE,
    named,
    page_of_results,
    results_of_ids,
    row_to_result,
)

_RESULT = Sql(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE r.id = ?").text
_GROUP = ("SELECT g.uuid, g.description, g.ref_url, (SELECT count(*) FROM group_member m WHERE m.group_id = g.id) "
          "FROM run_group g WHERE")
#: The largest of the next ids after one.
NEXT_IDS = "SELECT max(id) FROM (SELECT id FROM result WHERE id > ? ORDER BY id LIMIT ?) s"
#: Both databases keep ids in 64 bits.
_LARGEST_ID = 2**63 - 1
#: Results fetched by id in one statement.
_BATCH = 500


class Reading:
    """`fetch` returns all rows of a statement, `stream` yields them without holding all."""

    def __init__(self, dialect: Dialect, fetch: Callable[[Sql], list[tuple[Any, ...]]],
                 stream: Callable[[Sql], Iterable[tuple[Any, ...]]]) -> None:
        self._dialect = dialect
        self._fetch = fetch
        self._stream = stream

    def result(self, result_id: int) -> Result | None:
        if result_id > _LARGEST_ID:
            return None
        rows = self._fetch(Sql(_RESULT, (result_id,)))
        return row_to_result(rows[0]) if rows else None

    def testcase(self, name: str) -> Testcase | None:
        rows = self._fetch(Sql("SELECT name, ref_url FROM testcase WHERE name = ?", (name,)))
        return Testcase(*rows[0]) if rows else None

    def group(self, uuid: str) -> Group | None:
        rows = self._fetch(Sql(f"{_GROUP} g.uuid = ?", (uuid,)))
        return Group(*rows[0]) if rows else None

    def results(self, wanted: ResultFilter, page: Page) -> list[Result]:
        if page.limit < 1:
            return []
        pattern = sole_pattern(wanted)
        if pattern is not None:
            return [row_to_result(row) for row in page_of_pattern(pattern, wanted, page, self._dialect, self._fetch)]
        found = find_candidates(wanted, self._dialect, self._fetch)
        if found.is_empty:
            return []
        wanted = until_newest_match(wanted, found, self._dialect, self._fetch)
        return [row_to_result(row) for row in self._fetch(page_of_results(wanted, found, page, self._dialect))]

    def latest(self, wanted: ResultFilter, distinct_on: Sequence[str] = ()) -> list[Result]:
        found = find_candidates(wanted, self._dialect, self._fetch)
        if found.is_empty:
            return []
        wanted = until_newest_match(wanted, found, self._dialect, self._fetch)
        if not distinct_on:
            return [row_to_result(row) for row in self._fetch(latest_results(wanted, found, self._dialect))]
        if found.rarest() is not None:
            statement = rows_to_distinguish(wanted, found, self._dialect)
            results = [row_to_result(row) for row in self._fetch(statement)]
            chosen = set(newest_of_each(((each.id, each.testcase.name, each.data) for each in results), distinct_on))
            return [each for each in results if each.id in chosen]
        # one testcase after the other: each has its results in order, so that nothing is sorted
        names = () if wanted.testcase_patterns else dict.fromkeys(wanted.testcases)
        parts = [replace(wanted, testcases=(name,)) for name in names] or [wanted]
        ids = [row_id for part in parts for row_id in newest_of_each(
            self._stream(rows_to_distinguish(part, found, self._dialect)), distinct_on)]
        rows = [row for start in range(0, len(ids), _BATCH)
                for row in self._fetch(results_of_ids(ids[start:start + _BATCH], self._dialect))]
        return sorted((row_to_result(row) for row in rows), key=lambda each: (-each.submit_time, -each.id))

    def testcases(self, wanted: NameFilter, page: Page) -> list[Testcase]:
        where = self._named("n.name", wanted)
        rows = self._fetch(Sql("SELECT n.name, n.ref_url FROM testcase n WHERE") + where
                           + Sql("ORDER BY n.name LIMIT ? OFFSET ?", (page.limit, page.offset)))
        return [Testcase(*row) for row in rows]

    def groups(self, uuids: tuple[str, ...], descriptions: NameFilter, page: Page) -> list[Group]:
        parts = [self._dialect.is_in("g.uuid", uuids)] if uuids else []
        parts.append(self._named("g.description", descriptions))
        rows = self._fetch(Sql(_GROUP) + all_of(parts)
                           + Sql("ORDER BY g.id DESC LIMIT ? OFFSET ?", (page.limit, page.offset)))
        return [Group(*row) for row in rows]

    def _named(self, column: str, wanted: NameFilter) -> Sql:
        if not (wanted.names or wanted.patterns):
            return Sql("1=1")
        return named(column, wanted.names, wanted.patterns, self._dialect)
