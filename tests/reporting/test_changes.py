"""What is new about a result, asked of the real results database."""
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from checks.outcome import Outcome
from checks.result import Result
from reporting.changes import Change, Earlier, ResultsHistory, Silence, change_of
from reporting.reporter import NumberedResult, ReportedRun
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.database_server import DatabaseServer, database_server

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
FAILED = PASSED.with_changes(outcome=Outcome.FAILED)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    folder: Path = tmp_path_factory.mktemp("database")
    with database_server(f"sqlite:///{folder}/results.sqlite") as server:
        yield server


def run_of(result: Result) -> ReportedRun:
    return ReportedRun(BUILD_ID, execution_report(), (result,), NOON)


def before(database: DatabaseServer, testcase: str, item: str, outcome: str, hours: float, **data: str) -> None:
    moment = (NOON - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.%f")
    database.add(outcome, testcase, submit_time=moment, data={"item": item, "type": "koji_build", **data})


@pytest.mark.parametrize(("outcome", "earlier", "change"), [
    (Outcome.FAILED, None, Change.NEWLY_FAILING), (Outcome.PASSED, None, Change.UNCHANGED),
    (Outcome.FAILED, "PASSED", Change.NEWLY_FAILING), (Outcome.NEEDS_INSPECTION, "INFO", Change.NEWLY_FAILING),
    (Outcome.FAILED, "NEEDS_INSPECTION", Change.STILL_FAILING), (Outcome.PASSED, "FAILED", Change.FIXED),
    (Outcome.INFO, "PASSED", Change.UNCHANGED)])
def test_a_change_is_read_off_the_result_before(outcome: Outcome, earlier: str | None, change: Change) -> None:
    known = Earlier(earlier, NOON) if earlier else None

    assert change_of(PASSED.with_changes(outcome=outcome), known) is change


def test_the_result_before_is_that_of_an_earlier_build_of_the_package(database: DatabaseServer) -> None:
    before(database, "dist.one", "xchat-0.4-1.fc20", "FAILED", 5)
    before(database, "dist.one", "xchat-tcl-0.4-2.fc20", "PASSED", 4)
    before(database, "dist.other", "xchat-0.4-1.fc20", "PASSED", 3)
    before(database, "dist.one", "xchat-0.4-3.fc20", "PASSED", 2, arch="s390x")
    before(database, "dist.one", "xchat-0.6-1.fc20", "PASSED", -1)

    earlier = ResultsHistory(database.url).earlier(run_of(FAILED), FAILED.with_changes(testcase="dist.one"))

    assert earlier == Earlier("FAILED", NOON - timedelta(hours=5), NOON - timedelta(hours=5))


def test_runs_that_say_nothing_about_the_item_do_not_count(tmp_path: Path) -> None:
    options = ["--additional-outcome", "CRASHED", "--additional-outcome", "RUNNING"]
    with database_server(f"sqlite:///{tmp_path}/results.sqlite", options) as database:
        before(database, "dist.two", "xchat-0.5-1.fc20", "FAILED", 9)
        before(database, "dist.two", "xchat-0.5-1.fc20", "CRASHED", 2)
        before(database, "dist.two", "xchat-0.5-1.fc20", "RUNNING", 1)

        earlier = ResultsHistory(database.url).earlier(run_of(PASSED), PASSED.with_changes(testcase="dist.two"))

    assert earlier is not None
    assert earlier.outcome == "FAILED"


def test_what_still_fails_is_told_once_in_three_days(database: DatabaseServer) -> None:
    """A failure that began at hour 0 and is seen again every 20 hours is told at 0, 80, 160 and so on."""
    before(database, "dist.three", "xchat-0.4-1.fc20", "PASSED", 300)
    told = []
    for hours in range(0, 181, 20):
        run = ReportedRun(BUILD_ID, execution_report(), (), NOON - timedelta(hours=200 - hours))
        result = FAILED.with_changes(testcase="dist.three")
        heard, _ = Silence(ResultsHistory(database.url)).sorted(run, [NumberedResult(1, result)])
        told += [hours] if heard else []
        before(database, "dist.three", "xchat-0.5-1.fc20", "FAILED", 200 - hours)

    assert told == [0, 80, 160]


def test_without_a_history_people_hear_of_what_fails() -> None:
    numbered = [NumberedResult(1, PASSED), NumberedResult(2, FAILED)]

    told, passed_over = Silence(None).sorted(run_of(PASSED), numbered)

    assert [one.numbered.number for one in told] == [2]
    assert [(one.number, one.reference) for one in passed_over] == [(1, "not told: nothing fails")]
