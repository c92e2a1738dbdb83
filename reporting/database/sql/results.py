"""From a filter and its candidates to the one statement that reads the results."""
from __future__ import annotations

from reporting.database.question import Page, ResultFilter
from reporting.database.records import Result, Testcase
from reporting.database.sql.candidates import Candidates, Posting
from reporting.database.sql.dialect import Dialect, Sql, all_of, any_of, begins_with, is_exact, literal_prefix

#: What `row_to_result` reads.
COLUMNS = "r.id, r.outcome, r.note, r.ref_url, r.submit_time, r.data, r.groups, t.name, t.ref_url"
RESULT_OF_TESTCASE = "result r JOIN testcase t ON t.id = r.testcase_id"


def row_to_result(row: tuple[int, str, str | None, str | None, int, str, str, str, str | None]) -> Result:
    """Return the result in a row of COLUMNS."""
    return Result(*row[:7], Testcase(row[7], row[8]))


def page_of_results(wanted: ResultFilter, found: Candidates, page: Page, dialect: Dialect) -> Sql:
    """Return the statement for a page, newest (or oldest) first."""
    direction = "ASC" if page.is_ascending else "DESC"
    rarest = found.rarest()
    if rarest is not None and len(conditions(wanted, found, dialect, without=rarest)) == len(time_range("r", wanted)):
        return _page_of_posting(rarest, wanted, page, dialect)
    if rarest is not None:
        start = hits(rarest, wanted)
        source = f"hits {dialect.join} result r ON r.id = hits.result_id"
    elif len(walked := [p for p in found.postings if len(p.ids) == 1]) and not wanted.testcases:
        posting = walked[0]
        return _walk_posting(posting, wanted, found, page, dialect)
    else:
        start, source = Sql(""), "result r"
    return (start + Sql(f"SELECT {COLUMNS} FROM {source} {dialect.join} testcase t ON t.id = r.testcase_id WHERE")
            + all_of(conditions(wanted, found, dialect, without=rarest))
            + Sql(f"ORDER BY r.submit_time {direction}, r.id {direction} LIMIT ? OFFSET ?",
                  (page.limit, page.offset)))


def _page_of_posting(posting: Posting, wanted: ResultFilter, page: Page, dialect: Dialect) -> Sql:
    """Return the statement for a posting that is all that is asked: only the rows of the page are read."""
    direction = "ASC" if page.is_ascending else "DESC"
    marks = ", ".join("?" * len(posting.ids))
    return (Sql(f"WITH hits AS MATERIALIZED (SELECT DISTINCT p.submit_time, p.result_id FROM {posting.table} p "
                f"WHERE p.{posting.column} IN ({marks}) AND", posting.ids)
            + all_of(time_range("p", wanted))
            + Sql(f"ORDER BY p.submit_time {direction}, p.result_id {direction} LIMIT ? OFFSET ?) "
                  f"SELECT {COLUMNS} FROM hits {dialect.join} result r ON r.id = hits.result_id "
                  f"{dialect.join} testcase t ON t.id = r.testcase_id "
                  f"ORDER BY r.submit_time {direction}, r.id {direction}", (page.limit, page.offset)))


def _walk_posting(posting: Posting, wanted: ResultFilter, found: Candidates, page: Page, dialect: Dialect) -> Sql:
    """Return the statement that follows one frequent pair in the order of its index and stops when the page is full."""
    direction = "ASC" if page.is_ascending else "DESC"
    return (Sql(f"SELECT {COLUMNS} FROM {posting.table} p {dialect.join} result r ON r.id = p.result_id "
                f"{dialect.join} testcase t ON t.id = r.testcase_id WHERE p.{posting.column} = ? AND", posting.ids)
            + all_of([*time_range("p", wanted), *conditions(wanted, found, dialect, without=posting)])
            + Sql(f"ORDER BY p.submit_time {direction}, p.result_id {direction} LIMIT ? OFFSET ?",
                  (page.limit, page.offset)))


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
        matches = [dialect.like("v.value", pattern) for pattern in each.patterns]
        matches += [dialect.is_in("v.value", each.values)] if each.values else []
        condition = dialect.pair_in("r.data", each.key, any_of(matches) if matches else None)
        parts.append(Sql("NOT") + condition if each.is_negated else condition)
    return parts


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


def _in_posting(posting: Posting, dialect: Dialect) -> Sql:
    return (Sql(f"EXISTS (SELECT 1 FROM {posting.table} q WHERE") + dialect.is_in(f"q.{posting.column}", posting.ids)
            # the offset keeps PostgreSQL from joining the whole posting first: it stays a test of each row
            + Sql("AND q.submit_time = r.submit_time AND q.result_id = r.id LIMIT 1 OFFSET 0)"))
