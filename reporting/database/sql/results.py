"""From a filter and its candidates to the one statement that reads the results."""
from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from reporting.database.question import DataFilter, Page, ResultFilter
from reporting.database.records import Result, Testcase
from reporting.database.sql.candidates import Candidates, Posting
from reporting.database.sql.dialect import (
    Dialect,
    Sql,
    all_of,
    any_of,
    begins_with,
    is_exact,
    literal_prefix,
    longest_literal,
)

#: What `row_to_result` reads.
COLUMNS = "r.id, r.outcome, r.note, r.ref_url, r.submit_time, r.data, r.groups, t.name, t.ref_url"
RESULT_OF_TESTCASE = "result r JOIN testcase t ON t.id = r.testcase_id"


def row_to_result(row: tuple[int, str, str | None, str | None, int, str, str, str, str | None]) -> Result:
    """Return the result in a row of COLUMNS."""
    return Result(*row[:7], Testcase(row[7], row[8]))


def page_of_results(wanted: ResultFilter, found: Candidates, page: Page, dialect: Dialect) -> Sql:
    """
    Return the statement for a page, newest (or oldest) first.

    The page is found by its times and ids first; only then are whole rows read, so that leaving rows out is cheap.
    """
    direction = "ASC" if page.is_ascending else "DESC"
    rarest = found.rarest()
    walked = rarest or (None if wanted.testcases else found.sparsest)
    if walked is None:
        rows = (Sql("SELECT r.submit_time, r.id FROM result r WHERE")
                + all_of(conditions(wanted, found, dialect))
                + Sql(f"ORDER BY r.submit_time {direction}, r.id {direction} LIMIT ? OFFSET ?",
                      (page.limit, page.offset)))
    else:
        rows = _rows_of_posting(walked, wanted, found, page, dialect)
    return (Sql("WITH page (submit_time, id) AS MATERIALIZED (") + rows
            + Sql(f") SELECT {COLUMNS} FROM page {dialect.join} result r ON r.id = page.id "
                  f"{dialect.join} testcase t ON t.id = r.testcase_id "
                  f"ORDER BY r.submit_time {direction}, r.id {direction}"))


def _rows_of_posting(posting: Posting, wanted: ResultFilter, found: Candidates, page: Page, dialect: Dialect) -> Sql:
    """
    Return the statement for the times and ids of a page among the results of a posting.

    One pair is followed in the order of its index, until the page is full; the few results of several are sorted.
    """
    direction = "ASC" if page.is_ascending else "DESC"
    other = [_in_posting(each, dialect, "p.submit_time", "p.result_id")
             for each in found.postings if each is not posting]
    of_row = conditions(replace(wanted, since=None, until=None), replace(found, postings=()), dialect)
    result = f"{dialect.join} result r ON r.id = p.result_id" if of_row else ""
    distinct = "DISTINCT" if len(posting.ids) > 1 else ""
    return (Sql(f"SELECT {distinct} p.submit_time, p.result_id FROM {posting.table} p {result} WHERE")
            + all_of([dialect.is_in(f"p.{posting.column}", posting.ids), *time_range("p", wanted), *other, *of_row])
            + Sql(f"ORDER BY p.submit_time {direction}, p.result_id {direction} LIMIT ? OFFSET ?",
                  (page.limit, page.offset)))


def results_of_ids(ids: Sequence[int], dialect: Dialect, is_ascending: bool = False) -> Sql:
    """Return the statement for these results, newest (or oldest) first."""
    direction = "ASC" if is_ascending else "DESC"
    return (Sql(f"SELECT {COLUMNS} FROM {RESULT_OF_TESTCASE} WHERE") + dialect.is_in("r.id", ids)
            + Sql(f"ORDER BY r.submit_time {direction}, r.id {direction}"))


def hits(posting: Posting, wanted: ResultFilter) -> Sql:
    """Return the beginning of a statement: the results of a rare posting, each once."""
    marks = ", ".join("?" * len(posting.ids))
    return (Sql(f"WITH hits AS MATERIALIZED (SELECT DISTINCT p.result_id FROM {posting.table} p "
                f"WHERE p.{posting.column} IN ({marks}) AND", posting.ids)
            + all_of(time_range("p", wanted)) + Sql(")"))


def conditions(wanted: ResultFilter, found: Candidates, dialect: Dialect, without: Posting | None = None) -> list[Sql]:
    """Return what a row `r` must meet; `without`: the posting that the statement already walks."""
    parts = time_range("r", wanted)
    if wanted.after_id is not None:
        parts.append(Sql("r.id > ?", (wanted.after_id,)))
    if wanted.outcomes:
        # several outcomes: walking by time beats gathering and sorting all of them
        column = "r.outcome" if len(wanted.outcomes) == 1 and without is None else dialect.unindexed("r.outcome")
        parts.append(dialect.is_in(column, wanted.outcomes))
    if wanted.not_outcomes:
        parts.append(Sql("NOT") + dialect.is_in(dialect.unindexed("r.outcome"), wanted.not_outcomes))
    if wanted.testcases or wanted.testcase_patterns:
        parts.append(_of_testcase("r.testcase_id", wanted, dialect))
    parts += [_in_posting(posting, dialect) for posting in found.postings if posting is not without]
    for each in found.tested:
        condition = _has_pair(each, dialect)
        parts.append(Sql("NOT") + condition if each.is_negated else condition)
    return parts


def _has_pair(wanted: DataFilter, dialect: Dialect) -> Sql:
    """Return: the row's data have such a pair. Its JSON is only read where the text has what any such pair has."""
    matches = [dialect.like("v.value", pattern) for pattern in wanted.patterns]
    matches += [dialect.is_in("v.value", wanted.values)] if wanted.values else []
    exact = dialect.pair_in("r.data", wanted.key, any_of(matches) if matches else None)
    said = [json.dumps(wanted.key) + ":"]
    if len(wanted.patterns) == 1 and not wanted.values:
        said.append(json.dumps(longest_literal(wanted.patterns[0]))[1:-1])
    return Sql("(") + all_of([*(dialect.contains("r.data", text) for text in said), exact]) + Sql(")")


def time_range(alias: str, wanted: ResultFilter) -> list[Sql]:
    """Return what `since` asks of a row."""
    parts = []
    if wanted.since is not None:
        parts.append(Sql(f"{alias}.submit_time >= ?", (wanted.since,)))
    if wanted.until is not None:
        parts.append(Sql(f"{alias}.submit_time <= ?", (wanted.until,)))
    return parts


def _of_testcase(column: str, wanted: ResultFilter, dialect: Dialect) -> Sql:
    if len(wanted.testcases) == 1 and not wanted.testcase_patterns:
        return Sql(f"{column} = (SELECT n.id FROM testcase n WHERE n.name = ?)", wanted.testcases)
    return (Sql(f"{column} IN (SELECT n.id FROM testcase n WHERE")
            + named("n.name", wanted.testcases, wanted.testcase_patterns, dialect) + Sql(")"))


def named(column: str, names: tuple[str, ...], patterns: tuple[str, ...], dialect: Dialect) -> Sql:
    """Return: the column is one of the names or matches one of the patterns."""
    exact = [*names, *(pattern for pattern in patterns if is_exact(pattern))]
    parts = [dialect.is_in(column, tuple(exact))] if exact else []
    parts += [all_of([*begins_with(column, literal_prefix(pattern)), dialect.like(column, pattern)])
              for pattern in patterns if not is_exact(pattern)]
    return any_of(parts)


def _in_posting(posting: Posting, dialect: Dialect, time: str = "r.submit_time", row_id: str = "r.id") -> Sql:
    return (Sql(f"EXISTS (SELECT 1 FROM {posting.table} q WHERE") + dialect.is_in(f"q.{posting.column}", posting.ids)
            # the offset keeps PostgreSQL from joining the whole posting first: it stays a test of each row
            + Sql(f"AND q.submit_time = {time} AND q.result_id = {row_id} LIMIT 1 OFFSET 0)"))
