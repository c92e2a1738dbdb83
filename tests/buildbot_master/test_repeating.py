"""A question that failed once asks the second time for the same."""
from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from buildbot.data.resultspec import Filter, ResultSpec

from buildbot_master.parts.repeating import make_questions_repeatable

JOBS = sa.Table("jobs", sa.MetaData(), sa.Column("key", sa.String), sa.Column("number", sa.Integer))


class _Failing:
    """A connection that is lost when it is asked."""

    def execute(self, query: object) -> object:
        raise OSError("gone")


def question() -> ResultSpec:
    asked = ResultSpec(filters=[Filter("key", "eq", ["new"])], order=("-number",), limit=5, offset=0)
    asked.fieldMapping = {"key": "jobs.key", "number": "jobs.number"}
    return asked


def test_the_second_try_has_the_filters_order_and_limits_of_the_first() -> None:
    make_questions_repeatable()
    make_questions_repeatable()
    asked = question()

    with pytest.raises(OSError, match="gone"):
        asked.thd_execute(_Failing(), sa.select(JOBS), dict)

    assert asked == question()


def test_an_answer_is_filtered_by_the_database_after_a_first_try_that_failed() -> None:
    make_questions_repeatable()
    asked = question()
    engine = sa.create_engine("sqlite://")
    JOBS.metadata.create_all(engine)

    def keys(connection: Any) -> list[str]:
        return [str(key) for key in asked.thd_execute(connection, sa.select(JOBS), lambda row: row.key)]

    with engine.connect() as connection:
        connection.execute(JOBS.insert(), [{"key": "old", "number": 1}, {"key": "new", "number": 2}])
        with pytest.raises(OSError, match="gone"):
            keys(_Failing())

        assert keys(connection) == ["new"]
