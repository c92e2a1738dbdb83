"""libtaskotron.check: what checks written for Taskotron import, held against our own readers."""
from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from checks.contracts import CheckInput
from checks.outcome import Outcome
from checks.tap import TapLimits, read_tap
from runner.directive import DirectiveContext
from runner.directives.python import Python
from runner.libtaskotron.check import CheckDetail, ReportType, export_TAP, export_YAML
from runner.verdicts import Verdicts

CHECK = CheckInput(item="xchat-0.5-1.fc20", item_type="koji_build", arch="noarch", build_id="-1000",
                   testcase="scratch.old")
DETAIL = CheckDetail("foo-1-1.fc20", ReportType.KOJI_BUILD, "FAILED", note="a: b # c", output=["line 1", "  line 2"],
                     keyvals={"arch": ["x86_64", "noarch"], "scenario": "s", "item": "lost"},
                     checkname="dist.old.part", artifact="out.log")


def test_both_forms_are_read_back_as_the_same_results() -> None:
    plain = CheckDetail("bar-1-1.fc20", ReportType.KOJI_BUILD, "INFO")

    [ours, second] = Verdicts(export_YAML([DETAIL, plain]), CHECK, TapLimits())
    reading = read_tap(export_TAP([DETAIL, plain]), testcase="scratch.old")

    assert (ours.item, ours.outcome, ours.summary, ours.testcase, ours.artifact) == (
        "foo-1-1.fc20", Outcome.FAILED, "a: b # c", "dist.old.part", "out.log")
    assert ours.extra == {"arch": ("x86_64", "noarch"), "scenario": ("s",)}
    assert (second.item, second.testcase, second.outcome) == ("bar-1-1.fc20", "scratch.old", Outcome.INFO)
    assert reading.faults == ()
    assert [(each.item, each.outcome, each.testcase, each.summary) for each in reading.results] == [
        ("foo-1-1.fc20", Outcome.FAILED, "dist.old.part", "a: b # c"),
        ("bar-1-1.fc20", Outcome.INFO, "scratch.old", None)]
    assert reading.results[0].output == "line 1\n  line 2"


def test_an_outcome_only_gets_worse_and_begins_as_needs_inspection() -> None:
    detail = CheckDetail("foo-1-1.fc20", ReportType.KOJI_BUILD)
    seen = [detail.outcome]

    for outcome in ("passed", "FAILED", "INFO", None, "CRASHED"):
        detail.update_outcome(outcome)
        seen.append(detail.outcome)

    assert seen == ["NEEDS_INSPECTION", "PASSED", "FAILED", "FAILED", "FAILED", "CRASHED"]
    assert detail.broken()
    with pytest.raises(ValueError, match="unknown outcome 'GOOD'; expected one of PASSED"):
        detail.outcome = "GOOD"


def test_several_outcomes_are_counted_from_the_best_to_the_worst() -> None:
    summary = CheckDetail.create_multi_item_summary(["FAILED", "PASSED", DETAIL, "passed", "PASSED"])

    assert summary == "3 PASSED, 2 FAILED"


@pytest.mark.parametrize("detail", [CheckDetail(None, "koji_build", "PASSED"), CheckDetail("a-1-1", None, "PASSED")])
def test_a_verdict_on_nothing_is_refused(detail: CheckDetail) -> None:
    for export in (export_YAML, export_TAP):
        with pytest.raises(ValueError, match="result 1: `item` and `report_type` are needed"):
            export(detail)


def test_what_is_stored_is_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    detail = CheckDetail("foo-1-1.fc20", ReportType.KOJI_BUILD, output="first")

    detail.store("second")
    detail.store(["third", "fourth"], printout=False)

    assert detail.output == ["first", "second", "third", "fourth"]
    assert capsys.readouterr().out == "second\n"


def test_the_function_of_an_old_check_imports_it(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(textwrap.dedent("""
        from libtaskotron import check

        def run(koji_build):
            detail = check.CheckDetail(koji_build, check.ReportType.KOJI_BUILD)
            detail.update_outcome("FAILED")
            return check.export_YAML(detail)
        """))
    called = Python({"file": "old.py", "koji_build": CHECK.item}).run(DirectiveContext.alone(tmp_path))

    [result] = Verdicts(called, CHECK, TapLimits())

    assert (result.item, result.outcome) == (CHECK.item, Outcome.FAILED)
