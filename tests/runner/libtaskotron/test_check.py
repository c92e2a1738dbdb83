"""libtaskotron.check: what checks written for Taskotron import, held against our own readers."""
from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

import pytest

from checks.contracts import CheckInput
from checks.outcome import Outcome
from checks.tap import TapLimits, read_tap
from runner.directive import DirectiveContext
from runner.directives.python import Python
from runner.libtaskotron.check import CheckDetail, ReportType, export_TAP, export_YAML, import_YAML
from runner.libtaskotron.exceptions import TaskotronValueError
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


def test_one_detail_can_be_summed_up_and_a_word_cannot() -> None:
    assert CheckDetail.create_multi_item_summary(DETAIL) == "1 FAILED"
    assert CheckDetail.create_multi_item_summary([]) == ""
    with pytest.raises(TaskotronValueError):
        CheckDetail.create_multi_item_summary("PASSED")


def test_a_verdict_on_nothing_is_refused() -> None:
    with pytest.raises(TaskotronValueError, match="result 1: `item` is needed"):
        export_YAML(CheckDetail(None, "koji_build", "PASSED"))
    for detail in (CheckDetail(None, "koji_build", "PASSED"), CheckDetail("a-1-1", None, "PASSED")):
        with pytest.raises(ValueError, match="result 1: `item` and `report_type` are needed"):
            export_TAP(detail)


def test_a_verdict_without_a_type_is_about_the_runs_own_kind() -> None:
    text = export_YAML(CheckDetail("foo-1-1.fc20"))
    [result] = Verdicts(text, CHECK, TapLimits())

    assert set(json.loads(text)["results"][0]) == {"item", "outcome"}
    assert (result.item, result.item_type) == ("foo-1-1.fc20", "koji_build")


@pytest.mark.parametrize("values", [{"output": "text"}, {"keyvals": "text"}, {"outcome": "GOOD"}])
def test_a_detail_of_wrong_values_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(TaskotronValueError):
        CheckDetail(None, **values)


def test_what_is_exported_can_be_imported() -> None:
    text = ("results:\n  - {item: xchat-0.5-1.fc20, outcome: PASSED, artifact: a.log, note: 5 ERRORS, type: koji_build,"
            " foo: bar, moo: 11, checkname: testcheck, _internal: {resultsdb_result_id: 1234}}\n")
    [first] = import_YAML(text)
    [second] = import_YAML(export_YAML(first))

    assert vars(first) == vars(second)
    assert (first.item, first.report_type, first.outcome, first.note, first.checkname, first.artifact) == (
        "xchat-0.5-1.fc20", "koji_build", "PASSED", "5 ERRORS", "testcheck", "a.log")
    assert first.keyvals == {"foo": "bar", "moo": 11}
    assert first._internal == {"resultsdb_result_id": 1234}


@pytest.mark.parametrize("text", [None, "key:value\nkey: value", "[]", "{}", "{'results': {}}", "{'results': [1]}"])
def test_what_is_no_result_yaml_is_refused(text: str) -> None:
    with pytest.raises(TaskotronValueError):
        import_YAML(text)


@pytest.mark.parametrize("text", ["{'results': []}", "{'results': null}"])
def test_no_result_is_none(text: str) -> None:
    assert import_YAML(text) == []


def test_what_is_stored_is_printed_and_kept(capsys: pytest.CaptureFixture[str]) -> None:
    detail = CheckDetail("foo-1-1.fc20", ReportType.KOJI_BUILD, output=["first"])

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
