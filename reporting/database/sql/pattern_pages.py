"""
Pages of a pattern: never all results that match, however many they are.

A pattern matches pairs, and each pair has its results in the order of time. So a page of
n results (with those left out before) lies in the n pairs whose newest result is newest,
and in the newest n of each.

1. The pairs with the time of their newest result, where an index finds few.
2. Where it finds many, a page is likely among the newest results of all: those are tested.
3. Where it is not, the n newest of all pairs that match.
"""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.sql.candidates import Candidates, Fetch, pairs_of_pattern, pattern_matches
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.results import conditions, page_of_results, results_of_ids, time_range

#: Newest results of all that are tested before the pairs of a broad pattern are gone through.
_TESTED = 10_000
#: Pairs whose results are read together at first, and how much more are when those were not enough.
_FIRST_PAIRS, _GROWTH = 4, 4
#: Pairs whose results are read together at most: SQLite takes 500 parts of a statement.
_MOST_PAIRS = 256
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
    first = _first_time(wanted, page)
    pairs = pairs_of_pattern(pattern, Sql("pair.id,") + first, dialect, fetch)
    if pairs is not None:
        found = _merged(pairs, wanted, page, dialect, fetch)
    else:
        rows = _among_newest(pattern, wanted, page, dialect, fetch)
        if rows is not None:
            return rows
        found = _of_all_pairs(_every_pair(pattern, first, dialect), wanted, page, dialect, fetch)
    ids = [result_id for _, result_id in found[page.offset:]]
    return [row for start in range(0, len(ids), _BATCH)
            for row in fetch(results_of_ids(ids[start:start + _BATCH], dialect, page.is_ascending))]


def _first_time(wanted: ResultFilter, page: Page) -> Sql:
    """Return a column of `pair`: the time of its result that comes first in the page's order, null: it has none."""
    direction = "ASC" if page.is_ascending else "DESC"
    return (Sql("(SELECT p.submit_time FROM posting p WHERE")
            + all_of([Sql("p.pair_id = pair.id"), *time_range("p", wanted)])
            + Sql(f"ORDER BY p.submit_time {direction} LIMIT 1)"))


def _every_pair(pattern: DataFilter, first_time: Sql, dialect: Dialect) -> Sql:
    """Return the beginning of a statement: the table `m` of every pair that matches, with its time."""
    return (Sql("WITH m (id, time) AS MATERIALIZED (SELECT pair.id,") + first_time + Sql("FROM pair WHERE")
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


def _of_all_pairs(every_pair: Sql, wanted: ResultFilter, page: Page, dialect: Dialect,
                  fetch: Fetch) -> list[tuple[int, int]]:
    """Return (time, id) of the page's results and of those before it, from as many pairs as it takes."""
    direction, reaches = ("ASC", "<=") if page.is_ascending else ("DESC", ">=")
    number = page.offset + page.limit
    while True:
        # with all that have the same time as the last: of those the ids decide
        pairs = fetch(every_pair + Sql(
            f"SELECT id, time FROM m WHERE time IS NOT NULL AND time {reaches} coalesce((SELECT time FROM m "
            f"WHERE time IS NOT NULL ORDER BY time {direction} LIMIT 1 OFFSET ?), time)", (number - 1,)))
        found = _merged(pairs, wanted, page, dialect, fetch)
        if len(pairs) < number or (len(found) == page.offset + page.limit and _is_before(found[-1], pairs, page)):
            return found
        number *= 2  # several pairs of one result: that many pairs had fewer results


def _is_before(last: tuple[int, int], pairs: list[tuple[int, int]], page: Page) -> bool:
    """True where no pair but these can have a result before the last that was found."""
    times = [time for _, time in pairs]
    return last[0] <= max(times) if page.is_ascending else last[0] >= min(times)


def _merged(pairs: list[tuple[Any, ...]], wanted: ResultFilter, page: Page, dialect: Dialect,
            fetch: Fetch) -> list[tuple[int, int]]:
    """Return (time, id) of the page's results and of those before it, in order. `pairs`: (id, time of the first)."""
    sign = 1 if page.is_ascending else -1  # newest first all times and ids are negative here
    ordered = sorted((sign * time, pair_id) for pair_id, time in pairs if time is not None)
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
        rows = fetch(_every_pair(pattern, _first_time(wanted, Page(1)), dialect) + Sql("SELECT max(time) FROM m"))
    newest: int | None = rows[0][0] if rows else None
    return newest
