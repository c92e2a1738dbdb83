from datetime import UTC, datetime
from pathlib import Path

import pytest

from reporting.report import report
from reporting.reporter import AwayError, NumberedResult, RefusedError, ReportedRun
from reporting.reporters.recording import RecordingReporter
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report


@pytest.fixture
def run_file(tmp_path: Path) -> RunFile:
    run = ReportedRun(BUILD_ID, execution_report(), (PASSED, PASSED), datetime(2026, 11, 21, tzinfo=UTC))
    return RunFile.create(tmp_path, run)


def fails_at(number: int, error: Exception) -> RecordingReporter:
    def before(numbered: NumberedResult) -> None:
        if numbered.number == number:
            raise error

    return RecordingReporter("failing", before)


def test_every_destination_gets_every_result(run_file: RunFile) -> None:
    one, two = RecordingReporter("one"), RecordingReporter("two")

    turns = report(run_file, [one, two])

    assert [(turn.destination, turn.delivered, turn.missing) for turn in turns] == [("one", 2, 0), ("two", 2, 0)]
    assert len(one.received) == len(two.received) == 2
    assert run_file.is_done(["one", "two"])


@pytest.mark.parametrize("error", [AwayError("away"), RefusedError("no"), ZeroDivisionError("bug")])
def test_one_that_fails_takes_nothing_from_the_others(run_file: RunFile, error: Exception) -> None:
    good = RecordingReporter("good")

    turns = report(run_file, [fails_at(2, error), good])

    assert [(turn.delivered, turn.missing) for turn in turns] == [(1, 1), (2, 0)]
    assert turns[0].is_refusal is isinstance(error, RefusedError)
    assert [numbered.number for numbered in RunFile.load(run_file.path).missing("failing")] == [2]


def test_only_what_is_missing_is_tried_again(run_file: RunFile) -> None:
    report(run_file, [fails_at(2, AwayError("away"))])
    now = RecordingReporter("failing")

    report(RunFile.load(run_file.path), [now])

    assert [(build_id, numbered.number) for build_id, numbered in now.received] == [(BUILD_ID, 2)]


def test_doubt_depends_on_whether_anything_was_sent(run_file: RunFile) -> None:
    report(run_file, [fails_at(1, AwayError("no connection", was_sent=False))])
    assert [numbered.in_doubt for numbered in run_file.missing("failing")] == [False, False]

    report(run_file, [fails_at(1, AwayError("timed out", was_sent=True))])
    assert [numbered.in_doubt for numbered in run_file.missing("failing")] == [True, True]


def test_a_reporter_that_ends_early_is_a_bug_that_loses_nothing(run_file: RunFile) -> None:
    class Lazy:
        destination = "lazy"

        def deliver(self, run: object, results: object) -> object:
            return iter(())

    (turn,) = report(run_file, [Lazy()])  # type: ignore[list-item]

    assert turn.why == "bug in the reporter: it ended without delivering everything"
    assert len(run_file.missing("lazy")) == 2
