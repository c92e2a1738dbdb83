"""The newest result of each testcase: never by reading a testcase's history where an index can answer."""
from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, product
from typing import Any

from reporting.database.question import ResultFilter
from reporting.database.sql.candidates import Candidates
from reporting.database.sql.dialect import Dialect, Sql, all_of
from reporting.database.sql.results import COLUMNS, conditions, hits, named

#: Combinations that one result may stand for; more are not looked at.
_COMBINATIONS = 10_000
_DECODER = json.JSONDecoder()
_NEWEST_FIRST = "ORDER BY r.submit_time DESC, r.id DESC"


def latest_results(wanted: ResultFilter, found: Candidates, dialect: Dialect) -> Sql:
    """Return the statement for the newest of each testcase, all that share the time."""
    rarest = found.rarest()
    if rarest is None:
        return _newest_by_testcase(wanted, found, dialect)
    return (hits(rarest, wanted)
            + Sql(f"SELECT {COLUMNS} FROM (SELECT r.*, rank() OVER (PARTITION BY r.testcase_id "
                  f"ORDER BY r.submit_time DESC) AS place FROM hits {dialect.join} result r "
                  "ON r.id = hits.result_id WHERE")
            + all_of(conditions(wanted, found, dialect, without=rarest))
            + Sql(f") r JOIN testcase t ON t.id = r.testcase_id WHERE r.place = 1 {_NEWEST_FIRST}"))


def _newest_by_testcase(wanted: ResultFilter, found: Candidates, dialect: Dialect) -> Sql:
    """Return the statement that steps from testcase to testcase, looking at the newest rows of each only."""
    plain = ResultFilter(outcomes=wanted.outcomes, not_outcomes=wanted.not_outcomes, since=wanted.since,
                         until=wanted.until, after_id=wanted.after_id)
    passes = all_of([Sql("r.testcase_id = n.id"), *conditions(plain, found, dialect)])
    names = Sql("1=1")
    if wanted.testcases or wanted.testcase_patterns:
        names = named("n.name", wanted.testcases, wanted.testcase_patterns, dialect)
    return (Sql("WITH newest AS MATERIALIZED (SELECT n.id, n.name, n.ref_url, "
                "(SELECT r.submit_time FROM result r WHERE")
            + passes + Sql("ORDER BY r.submit_time DESC LIMIT 1) AS submit_time FROM testcase n WHERE") + names
            + Sql(f") SELECT {COLUMNS} FROM newest t {dialect.join} result r ON r.testcase_id = t.id "
                  "AND r.submit_time = t.submit_time WHERE")
            + all_of(conditions(plain, found, dialect)) + Sql(_NEWEST_FIRST))


def rows_to_distinguish(wanted: ResultFilter, found: Candidates, dialect: Dialect) -> Sql:
    """Return the statement for every result that passes, newest first: whole, where they are few."""
    rarest = found.rarest()
    if rarest is None:
        return (Sql("SELECT r.id, r.testcase_id, r.data FROM result r WHERE")
                + all_of(conditions(wanted, found, dialect)) + Sql(_NEWEST_FIRST))
    return (hits(rarest, wanted)
            + Sql(f"SELECT {COLUMNS} FROM hits {dialect.join} result r ON r.id = hits.result_id "
                  f"{dialect.join} testcase t ON t.id = r.testcase_id WHERE")
            + all_of(conditions(wanted, found, dialect, without=rarest)) + Sql(_NEWEST_FIRST))


def newest_of_each(rows: Iterable[tuple[int, Any, str]], keys: Sequence[str]) -> Iterator[int]:
    """
    Yield the ids that are first for one combination of (testcase, value of key 1, ...).

    `rows` come newest first. A missing key is a value of its own; a result with
    several values of a key stands for each of them.
    """
    # in the text of an object these letters can be nothing but its key: a quote inside of a value has a backslash
    quoted = [json.dumps(key) + ":" for key in keys]
    seen: set[tuple[Any, ...]] = set()
    for row_id, testcase, text in rows:
        values = [_values_after(text, key) for key in quoted]
        combinations = list(islice(product((testcase,), *values), _COMBINATIONS))
        if not seen.issuperset(combinations):
            yield row_id
            seen.update(combinations)


def _values_after(text: str, quoted_key: str) -> Sequence[str | None]:
    """Return the values of a key in the JSON text of an object; a missing key has None."""
    place = text.find(quoted_key)
    return (None,) if place < 0 else _DECODER.raw_decode(text, place + len(quoted_key))[0]
