"""Makes rows for the tests of what is worked out from results."""
from __future__ import annotations

import itertools
import json

from reporting.database.pages.row import Row, row_of
from reporting.database.records import Result, Testcase

_numbers = itertools.count(1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
NOW = 1_790_000_000 * SECOND


def row(outcome: str, testcase: str = "dist.rpmlint", *, item: str = "xchat-0.5-1.fc20", age: int = 0,
        **data: str) -> Row:
    """Return the row of a Koji build's result that arrived `age` seconds before NOW."""
    values = {"item": [item], "type": ["koji_build"], **{key: [value] for key, value in data.items()}}
    return row_of(Result(next(_numbers), outcome, None, None, NOW - age * SECOND, json.dumps(values), "[]",
                         Testcase(testcase, None)))
