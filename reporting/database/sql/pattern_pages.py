"""
Pages of a pattern: never all results that match, however many they are.

A pattern matches pairs, and each pair has its results in the order of time. So a page of
n results (with those left out before) lies in the n pairs whose newest result is newest,
and in the newest n of each. A pair tells the hour of its newest result, or a later one.

1. The pairs with that hour, where an index finds few: opened newest first, until the page is full.
2. Where it finds many, a page is likely among the newest results of all: those are tested.
3. Where it is not, the n newest of all pairs that match.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.sql.candidates import Candidates, Fetch, has_index, pairs_of_pattern, pattern_matches
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.pair import MICROSECONDS_AN_HOUR, end_of_hour
from reporting.database.sql.results import conditions, page_of_results, results_of_ids, time_range

#: Newest results of all that are tested before the pairs of a broad pattern are gone through.
_TESTED = 10_000
#: Pairs whose results are read together at first, and how much more are when those were not enough.
_FIRST_PAIRS, _GROWTH = 4, 4
#: Pairs whose results are read together at most: SQLite takes 500 parts of a statement.
_MOST_PAIRS = 256
#: Rows of a page and those before it up to which pairs are opened; further back one statement, with its limit in time,
#: walks the results.
_NEAR = 50_000
#: Results fetched by id in one statement.
_BATCH = 500


def sole_pattern(wanted: ResultFilter) -> DataFilter | None:
    """Return the pattern where it is all that is asked, but for a time."""
    if len(wanted.data) != 1 or wanted != ResultFilter(data=wanted.data, since=wanted.since, until=wanted.until):
        return None
    pattern = wanted.data[0]
    return pattern if pattern.patterns and not pattern.is_negated else None


def page_of_pattern(pattern: DataFilter, wanted: ResultFilter, page: Page, dialect: Dialect,
                    fetch: Fetch) -> list[tuple[Any, ...]]:
    """Return the rows of a page of results that match the pattern, which is all that is asked."""
    if page.offset + page.limit > _NEAR:
        return fetch(page_of_results(wanted, Candidates((), (pattern,)), page, dialect))
    reach = _reach(wanted, page)
    rows = pairs_of_pattern(pattern, Sql("pair.id,") + reach.column, dialect, fetch) if has_index(pattern) else None
    if rows is not None:
        found = _merged(reach.times(rows), wanted, page, dialect, fetch)
    else:
        near = _among_newest(pattern, wanted, page, dialect, fetch)
        if near is not None:
            return near
        found = _of_all_pairs(pattern, reach, wanted, page, dialect, fetch)
    ids = [result_id for _, result_id in found[page.offset:]]
    return [row for start in range(0, len(ids), _BATCH)
            for row in fetch(results_of_ids(ids[start:start + _BATCH], dialect, page.is_ascending))]


@dataclass(frozen=True, slots=True)
class _Reach:
    """Where in time the results of a pair can begin, in the order of the page."""

    #: Of `pair`; null: it has no results in the range.
    column: Sql
    #: From that column to microseconds.
    to_time: Callable[[int], int]
    #: Microseconds by which the reaches of two pairs differ where they differ.
    step: int = 1

    def times(self, rows: list[tuple[Any, ...]]) -> list[tuple[int, int]]:
        """Return (id, time) of rows of (id, column)."""
        return [(pair_id, self.to_time(value)) for pair_id, value in rows if value is not None]


_LAST_HOUR = _Reach(Sql("pair.last_hour"), end_of_hour, MICROSECONDS_AN_HOUR)


def _reach(wanted: ResultFilter, page: Page) -> _Reach:
    """Return the hour that the pair itself tells, or where that says nothing the time of its first result."""
    if not page.is_ascending and wanted.until is None:
        return _LAST_HOUR
    direction = "ASC" if page.is_ascending else "DESC"
    first = (Sql("(SELECT p.submit_time FROM posting p WHERE")
             + all_of([Sql("p.pair_id = pair.id"), *time_range("p", wanted)])
             + Sql(f"ORDER BY p.submit_time {direction} LIMIT 1)"))
    return _Reach(first, lambda time: time)


def _every_pair(pattern: DataFilter, reach: _Reach, dialect: Dialect) -> Sql:
    """Return the beginning of a statement: the table `m` of every pair that matches, with its reach."""
    return (Sql("WITH m (id, time) AS MATERIALIZED (SELECT pair.id,") + reach.column + Sql("FROM pair WHERE")
            + pattern_matches(pattern, dialect) + Sql(")"))


def _among_newest(pattern: DataFilter, wanted: ResultFilter, page: Page, dialect: Dialect,
                  fetch: Fetch) -> list[tuple[Any, ...]] | None:
    """Return the page where it lies among the newest results of all, None where it may not."""
    end = end_of_newest(wanted, _TESTED + 4 * (page.offset + page.limit), fetch, page.is_ascending)
    if end is not None:
        wanted = replace(wanted, until=end) if page.is_ascending else replace(wanted, since=end)
    rows = fetch(page_of_results(wanted, Candidates((), (pattern,)), page, dialect))
    return rows if end is None or len(rows) == page.limit else None


def end_of_newest(wanted: ResultFilter, number: int, fetch: Fetch, is_ascending: bool = False) -> int | None:
    """Return the time of the result with that number, newest first; None where there are not so many."""
    direction = "ASC" if is_ascending else "DESC"
    rows = fetch(Sql("SELECT r.submit_time FROM result r WHERE") + all_of(time_range("r", wanted))
                 + Sql(f"ORDER BY r.submit_time {direction} LIMIT 1 OFFSET ?", (number,)))
    return rows[0][0] if rows else None


def _of_all_pairs(pattern: DataFilter, reach: _Reach, wanted: ResultFilter, page: Page,
                  dialect: Dialect, fetch: Fetch) -> list[tuple[int, int]]:
    """Return (time, id) of the page's results and of those before it, from as many pairs as it takes."""
    direction, reaches = ("ASC", "<=") if page.is_ascending else ("DESC", ">=")
    number = page.offset + page.limit
    while True:
        # with all that have the same time as the last: of those the ids decide
        pairs = reach.times(fetch(_every_pair(pattern, reach, dialect) + Sql(
            f"SELECT id, time FROM m WHERE time IS NOT NULL AND time {reaches} coalesce((SELECT time FROM m "
            f"WHERE time IS NOT NULL ORDER BY time {direction} LIMIT 1 OFFSET ?), time)", (number - 1,))))
        found = _merged(pairs, wanted, page, dialect, fetch)
        is_full = len(found) == page.offset + page.limit
        if len(pairs) < number or (is_full and _is_before(found[-1][0], pairs, reach, page)):
            return found
        number *= 2  # several pairs of one result: that many pairs had fewer results


def _is_before(last: int, pairs: list[tuple[int, int]], reach: _Reach, page: Page) -> bool:
    """True where no pair but these can have a result before the last that was found."""
    times = [time for _, time in pairs]
    return last < max(times) + reach.step if page.is_ascending else last > min(times) - reach.step


def _merged(pairs: list[tuple[int, int]], wanted: ResultFilter, page: Page, dialect: Dialect,
            fetch: Fetch) -> list[tuple[int, int]]:
    """Return (time, id) of the page's results and of those before it. `pairs`: (id, time from which it has results)."""
    sign = 1 if page.is_ascending else -1  # newest first all times and ids are negative here
    ordered = sorted((sign * time, pair_id) for pair_id, time in pairs)
    length = page.offset + page.limit
    found: list[tuple[int, int]] = []
    start, size = 0, _FIRST_PAIRS
    while start < len(ordered) and (len(found) < length or ordered[start][0] <= found[-1][0]):
        ids = [pair_id for _, pair_id in ordered[start:start + size]]
        rows = fetch(dialect.first_of_each("posting", "pair_id", ids, time_range("p", wanted), length,
                                           page.is_ascending))
        found = sorted({*found, *((sign * time, sign * result_id) for time, result_id in rows)})[:length]
        start, size = start + size, min(size * _GROWTH, _MOST_PAIRS)
    return [(sign * time, sign * result_id) for time, result_id in found]


def until_newest_match(wanted: ResultFilter, found: Candidates, dialect: Dialect, fetch: Fetch) -> ResultFilter:
    """
    Return the filter, ending with the newest result that each broad pattern matches.

    Else a walk from the newest result of all would go through years in which nothing matches.
    """
    if found.rarest() is not None:
        return wanted
    for pattern in found.tested:
        if pattern.patterns and not pattern.is_negated:
            newest = _newest_match(pattern, wanted, dialect, fetch)
            # nothing matches: an end before every time
            wanted = replace(wanted, until=-2**63 if newest is None else newest)
    return wanted


def _newest_match(pattern: DataFilter, wanted: ResultFilter, dialect: Dialect, fetch: Fetch) -> int | None:
    end = end_of_newest(wanted, _TESTED, fetch)
    within = ResultFilter(since=wanted.since if end is None else end, until=wanted.until)
    rows = fetch(Sql("SELECT r.submit_time FROM result r WHERE")
                 + all_of(conditions(within, Candidates((), (pattern,)), dialect))
                 + Sql("ORDER BY r.submit_time DESC LIMIT 1"))
    if not rows and end is not None:
        hour = fetch(_every_pair(pattern, _LAST_HOUR, dialect) + Sql("SELECT max(time) FROM m"))[0][0]
        return None if hour is None else min(end_of_hour(hour), 2**63 - 1 if wanted.until is None else wanted.until)
    return rows[0][0] if rows else None
