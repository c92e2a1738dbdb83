from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.outcome import Outcome
from checks.result import Result
from reporting.report import Turn, report
from reporting.reporter import NumberedResult, ReportedRun
from reporting.reporters.resultsdb import ResultsDBReporter, body_of
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report
from tests.support.database_server import database_server
from tests.support.results_server import OUTCOMES, ResultsServer, results_server

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[ResultsServer]:
    with results_server() as running:
        yield running


def run_of(*results: Result) -> ReportedRun:
    return ReportedRun(BUILD_ID, execution_report(), results, NOON, log_url="http://logs/1/")


def deliver(server: ResultsServer, run_file: RunFile) -> Turn:
    (turn,) = report(run_file, [ResultsDBReporter(server.url)])
    return turn


def body(result: Result, outcomes: tuple[str, ...] = OUTCOMES) -> dict[str, Any]:
    return body_of(run_of(result), NumberedResult(1, result), outcomes)


def test_a_result_becomes_the_dictionary_of_the_api() -> None:
    result = PASSED.with_changes(arch="x86_64", output="one\ntwo", artifact="a.log", log_url="http://logs/1/a.log",
                                 extra={"scenario": ("kde", "gnome")})

    assert body(result) == {
        "testcase": "dist.rpmlint",
        "outcome": "PASSED",
        "note": "5 errors, 10 warnings",
        "ref_url": "http://logs/1/a.log",
        "groups": [{"uuid": BUILD_ID, "ref_url": "http://logs/1/",
                    "description": "dist.rpmlint for Koji build xchat-0.5-1.fc20"}],
        "data": {"scenario": ["kde", "gnome"], "item": ["xchat-0.5-1.fc20"], "type": ["koji_build"],
                 "arch": ["x86_64"], "system_architecture": ["x86_64"], "artifact": ["a.log"],
                 "output": ["one\ntwo"], "duration_seconds": ["5.0"]},
        "submit_time": "2026-11-21T12:00:00.000001",
    }


def test_a_result_without_a_summary_says_what_the_design_says() -> None:
    failed = PASSED.with_changes(summary=None, outcome=Outcome.FAILED)

    assert body(failed)["note"] == "not ok dist.rpmlint for Koji build xchat-0.5-1.fc20"


def test_an_outcome_that_the_database_does_not_take_is_mapped_and_said() -> None:
    crashed = PASSED.with_changes(outcome=Outcome.CRASHED, summary="broke")

    assert (body(crashed)["outcome"], body(crashed)["note"]) == ("NEEDS_INSPECTION", "CRASHED: broke")
    assert body(crashed, (*OUTCOMES, "CRASHED"))["outcome"] == "CRASHED"


def test_values_stay_below_what_the_original_can_index() -> None:
    long = PASSED.with_changes(output="é" * 40 + "\n" + "line\n" * 1000, extra={"a:b": ("x" * 5000, "\0")})

    data = body(long)["data"]

    assert data["output"][0].endswith("line\n…")
    assert all(len(value.encode()) <= 2000 for values in data.values() for value in values)
    assert data["a_b"][1] == "\\x00"


def test_a_run_by_hand_has_no_group() -> None:
    run = replace(run_of(PASSED), build_id="-1000")

    assert body_of(run, NumberedResult(1, PASSED), OUTCOMES)["groups"] == []


def test_results_become_rows_with_a_key_each(server: ResultsServer, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED, PASSED.with_changes(arch="noarch")))

    turn = deliver(server, run_file)

    assert (turn.delivered, turn.missing) == (2, 0)
    keys = [headers["Idempotency-Key"] for method, _, headers in server.requests if method == "POST"]
    assert len(set(keys)) == 2
    assert run_file.progress[turn.destination].delivered[1] == f"{server.url}/api/v2.0/results/1"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_answer_that_may_mean_stored_never_doubles_a_row(server: ResultsServer, tmp_path: Path, status: int) -> None:
    """The original answers 500 when a row is stored and its message could not be sent."""
    run_file = RunFile.create(tmp_path, run_of(PASSED, PASSED.with_changes(arch="noarch")))
    server.after_storing = lambda row: status
    first = deliver(server, run_file)
    server.after_storing = None

    second = deliver(server, RunFile.load(run_file.path))

    assert (first.delivered, second.missing) == (0, 0)
    assert [row["data"].get("arch") for row in server.rows] == [None, ["noarch"]]


def test_a_result_that_never_arrived_is_sent_again(server: ResultsServer, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED))
    server.refuse = lambda method, path, data: 500 if method == "POST" else None
    deliver(server, run_file)
    server.refuse = None

    deliver(server, run_file)

    assert len(server.rows) == 1


def test_the_same_verdict_twice_in_a_run_is_two_rows(server: ResultsServer, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED, PASSED))
    server.after_storing = lambda row: 500 if row["id"] == 2 else None
    deliver(server, run_file)
    server.after_storing = None

    deliver(server, run_file)

    assert len(server.rows) == 2


def test_one_refused_result_does_not_hold_back_the_others(server: ResultsServer, tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path, run_of(PASSED.with_changes(testcase="bad"), PASSED))
    server.refuse = lambda method, path, data: 400 if data and data["testcase"] == "bad" else None

    turn = deliver(server, run_file)

    assert (turn.delivered, turn.missing, turn.is_refusal) == (1, 1, True)
    assert turn.why == "answered 400 told to refuse"


def test_a_database_that_is_away_keeps_everything(tmp_path: Path) -> None:
    with results_server() as gone:
        url = gone.url
    run_file = RunFile.create(tmp_path, run_of(PASSED))

    (turn,) = report(run_file, [ResultsDBReporter(url)])

    assert (turn.missing, turn.why) == (1, "cannot be reached: Connection refused")
    assert not run_file.missing(turn.destination)[0].in_doubt


def test_something_that_is_no_results_database_is_named(tmp_path: Path) -> None:
    with results_server() as server:
        server.outcomes = ()
        server.refuse = lambda method, path, data: 404
        (turn,) = report(RunFile.create(tmp_path, run_of(PASSED)), [ResultsDBReporter(server.url)])

    assert turn.is_refusal
    assert "answered 404" in turn.why


def test_our_own_database_knows_a_second_try_by_its_key(tmp_path: Path) -> None:
    """Even where everything that was noted on our side is lost."""
    run = run_of(PASSED, PASSED.with_changes(outcome=Outcome.CRASHED, summary="broke", output="x" * 5000))
    options = ["--additional-outcome", "CRASHED"]
    with database_server(f"sqlite:///{tmp_path}/results.sqlite", options) as database:
        for attempt in ("first", "second"):
            (turn,) = report(RunFile.create(tmp_path / attempt, run), [ResultsDBReporter(database.url)])
            assert (turn.delivered, turn.why) == (2, "")
        rows = database.get("/results")["data"]

    assert [(row["outcome"], row["note"]) for row in rows] == [
        ("CRASHED", "broke"), ("PASSED", "5 errors, 10 warnings")]
    assert rows[0]["groups"] == [BUILD_ID]
