"""JUnit XML, validated by a schema that Jenkins' xUnit plugin brings along."""
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from checks.outcome import Outcome
from checks.result import Result
from reporting.report import report
from reporting.reporter import ReportedRun
from reporting.reporters.junit import JUnitReporter, document
from reporting.undelivered import RunFile
from tests.reporting.runs import BUILD_ID, PASSED, execution_report

SCHEMA = etree.XMLSchema(etree.parse(str(Path(__file__).parents[1] / "schemas" / "junit-10.xsd")))
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
EVERY_OUTCOME = [PASSED.with_changes(outcome=outcome, output="a\nb", arch="x86_64") for outcome in Outcome]


def run_of(*results: Result) -> ReportedRun:
    return ReportedRun(BUILD_ID, execution_report(), results, NOON, log_url="http://logs/1/")


@pytest.mark.parametrize("results", [
    (), EVERY_OUTCOME,
    [PASSED.with_changes(item='<&">', testcase="]]>", summary="\x00\x1b[31m\ufffe\ud800", output="]]>\x07",
                         outcome=Outcome.FAILED, log_url="http://x/?a=1&b=<")],
], ids=["nothing", "every outcome", "hostile"])
def test_the_schema_of_others_accepts_it(results: list[Result]) -> None:
    SCHEMA.assertValid(etree.fromstring(document(run_of(*results))))


def test_the_schema_would_notice() -> None:
    broken = document(run_of(PASSED)).replace(b"<testcase ", b"<testthing ").replace(b"</testcase", b"</testthing")

    assert not SCHEMA.validate(etree.fromstring(broken))


def test_each_outcome_is_what_readers_of_junit_expect() -> None:
    suite = etree.fromstring(document(run_of(*EVERY_OUTCOME)))[0]

    kinds = {result.outcome: [child.tag for child in case if child.tag != "system-out"]
             for result, case in zip(EVERY_OUTCOME, suite.findall("testcase"), strict=True)}
    assert kinds == {Outcome.PASSED: [], Outcome.INFO: [], Outcome.FAILED: ["failure"],
                     Outcome.NEEDS_INSPECTION: ["failure"], Outcome.ABORTED: ["error"], Outcome.ERROR: ["error"],
                     Outcome.CRASHED: ["error"]}
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors", "skipped", "id", "timestamp")} == {
        "name": "dist.rpmlint", "tests": "7", "failures": "2", "errors": "3", "skipped": "0", "id": BUILD_ID,
        "timestamp": "2026-11-21T12:00:00"}


def test_a_file_a_run_and_a_second_try_changes_nothing(tmp_path: Path) -> None:
    run_file = RunFile.create(tmp_path / "queue", run_of(PASSED))
    target = tmp_path / "out" / f"{BUILD_ID}.xml"

    report(run_file, [JUnitReporter(tmp_path / "out")])
    before = target.read_bytes()
    list(JUnitReporter(tmp_path / "out").deliver(run_file.run, []))

    assert target.read_bytes() == before
    assert [path.name for path in (tmp_path / "out").iterdir()] == [target.name]


def test_a_disk_that_refuses_keeps_the_results(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    (turn,) = report(RunFile.create(tmp_path / "queue", run_of(PASSED)), [JUnitReporter(tmp_path / "file")])

    assert turn.missing == 1
    assert "cannot be written" in turn.why
