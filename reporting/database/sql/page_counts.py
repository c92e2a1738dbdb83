"""Questions of the pages that count: each looks at the newest results up to a limit, never at all of them."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reporting.database.question import Page, ResultFilter
from reporting.database.sql.candidates import FEW_PAIRS, Candidates, Fetch, find_candidates
from reporting.database.sql.dialect import Dialect, Sql
from reporting.database.sql.results import page_of_results

MICROSECONDS_A_DAY = 86_400_000_000
_TESTED = 50


@dataclass(frozen=True, slots=True)
class OutcomeCounts:
    """How often each outcome occurs among the newest results of a filter."""

    numbers: dict[str, int]
    #: How many were looked at at most.
    limit: int

    @property
    def is_complete(self) -> bool:
        """False: there may be more results than were looked at."""
        return self.total < self.limit

    @property
    def total(self) -> int:
        """Results looked at."""
        return sum(self.numbers.values())


def outcome_counts(wanted: ResultFilter, limit: int) -> Callable[[Fetch, Dialect], OutcomeCounts]:
    """
    Return the question: the outcomes among the newest `limit` results that pass.

    Where no index leads to them and each result has to be tested, as many as a page shows are counted.
    """
    def question(fetch: Fetch, dialect: Dialect) -> OutcomeCounts:
        found = find_candidates(wanted, dialect, fetch)
        if found.is_empty:
            return OutcomeCounts({}, limit)
        looked_at = _TESTED if _tests_each_result(found) else limit
        newest = page_of_results(wanted, found, Page(looked_at), dialect)
        rows = fetch(Sql("SELECT w.outcome, count(*) FROM (") + newest + Sql(") w GROUP BY w.outcome"))
        return OutcomeCounts(dict(rows), looked_at)

    return question


def _tests_each_result(found: Candidates) -> bool:
    """True where results are walked newest first and each is tested for values that few of them may have."""
    return found.rarest() is None and bool(found.tested or any(len(each.ids) > FEW_PAIRS for each in found.postings))


def outcomes_by_day(testcase: str, since: int, limit: int) -> Callable[[Fetch, Dialect], list[tuple[int, str, int]]]:
    """
    Return the question: (day, outcome, number) of a testcase's results.

    `since`: microseconds since 1970; the day is counted from then too. At most the newest `limit` results are read.
    """
    def question(fetch: Fetch, dialect: Dialect) -> list[tuple[int, str, int]]:
        rows = fetch(Sql(
            f"SELECT w.day, w.outcome, count(*) FROM (SELECT r.submit_time / {MICROSECONDS_A_DAY} AS day, r.outcome "
            "FROM result r WHERE r.testcase_id = (SELECT n.id FROM testcase n WHERE n.name = ?) AND r.submit_time >= ? "
            "ORDER BY r.submit_time DESC LIMIT ?) w GROUP BY w.day, w.outcome ORDER BY w.day",
            (testcase, since, limit)))
        return [(row[0], row[1], row[2]) for row in rows]

    return question
