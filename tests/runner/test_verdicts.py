"""Values as results."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.contracts import CheckInput
from checks.outcome import Outcome
from checks.result import Result
from checks.tap import TapLimits
from runner.captured import Captured
from runner.verdicts import VerdictError, Verdicts, looks_like_results

CHECK = CheckInput("xchat-0.5-1.fc20", "koji_build", "-1000", "x86_64", "dist.x")
TAP = "TAP version 13\n1..1\nok 1 - fine\n"


def results(value: Any) -> list[Result]:
    return list(Verdicts(value, CHECK, TapLimits()))


def test_tap_is_read_from_a_text_a_file_and_captured_output(tmp_path: Path) -> None:
    (tmp_path / "t").write_text(TAP)

    assert results(TAP) == results(TAP.encode()) == results(tmp_path / "t") == results(Captured(tmp_path / "t"))
    assert results(TAP)[0].item == "xchat-0.5-1.fc20"


def test_dictionaries_with_the_seeds_keys_are_results() -> None:
    (result,) = results([{"item": "a-1-1", "type": "koji_build", "outcome": "failed", "summary": "5 ERRORS",
                          "details": {"output": ["one", "two"]}, "arch": ["i386"], "scenario": "x", "many": [1, 2],
                          "checkname": "dist.x.part", "artifact": "log.txt"}])

    assert result == Result("a-1-1", "koji_build", Outcome.FAILED, "dist.x.part", "5 ERRORS", "one\ntwo", "i386",
                            "log.txt", None, {"scenario": ("x",), "many": ("1", "2"), "arch": ("i386",)})


def test_the_item_of_the_run_stands_in() -> None:
    (result,) = results({"outcome": "PASSED", "note": "fine"})

    assert (result.item, result.item_type, result.arch, result.summary) == ("xchat-0.5-1.fc20", "koji_build", "x86_64",
                                                                            "fine")


def test_results_in_yaml_are_read_as_later_formulas_wrote_them() -> None:
    text = "results:\n  - {item: a-1-1, type: koji_build, outcome: INFO, note: two, checkname: dist.x}\n"

    assert [result.outcome for result in results(text)] == [Outcome.INFO]
    assert results("results: null\n") == []


@pytest.mark.parametrize(("value", "fault"), [
    ("", "is empty"), ("hello", "is neither TAP nor `results:`; it begins with `hello`"), (7, "got a number"),
    (None, "got nothing"), ([1], "entry 0 is a number"),
    ([{"summary": "x"}], "entry 0 has no `outcome`; it has summary"),
    ([{"outcome": "GOOD"}], "entry 0 unknown outcome `GOOD`"),
    ([{"outcome": "PASSED", "item": "a b"}], "is not a Koji"),
    ({"outcome": "PASSED", "item_type": "koji_buld"}, "did you mean `koji_build`"), ("results: [", "not valid YAML"),
])
def test_what_is_no_result_is_told(value: Any, fault: str) -> None:
    with pytest.raises(VerdictError, match=fault.replace("(", r"\(")):
        results(value)


@pytest.mark.parametrize(("value", "is_meant"), [
    (TAP, True), ("# comment\nok 1\n", True), ("1..0\n", True), ("not ok\n", True), ("okay then", False), ("", False),
    ([{"outcome": "INFO"}], True), ([], False), (["a"], False), ({"downloaded_rpms": []}, False),
    (None, False), (3, False),
    ("Bail out! no disk", True),
])
def test_values_that_nobody_sent_are_taken_only_where_they_are_results(value: Any, is_meant: bool) -> None:
    assert looks_like_results(value) is is_meant


def test_faults_of_a_stream_are_known_after_it() -> None:
    verdicts = Verdicts("1..2\nok 1\n", CHECK, TapLimits())

    list(verdicts)

    assert [fault.message for fault in verdicts.faults if not fault.is_warning] == ["the plan promises 2 tests, 1 came"]
