"""check_command: the verdict of a check that is one command."""
from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from checks.result import Result
from runner.captured import Captured
from runner.directive import DirectiveContext, DirectiveError
from runner.directives.check_command import CheckCommand


@pytest.fixture
def context(tmp_path: Path) -> DirectiveContext:
    return DirectiveContext.alone(tmp_path)


@pytest.mark.parametrize(("command", "outcome", "summary"), [
    ("echo fine", "PASSED", "exit code 0"), ("echo bad; exit 4", "FAILED", "exit code 4"),
    (["false"], "FAILED", "exit code 1")])
def test_without_tap_the_exit_code_is_the_verdict(context: DirectiveContext, command: Any, outcome: str,
                                                  summary: str) -> None:
    [result] = CheckCommand({"run": command}).run(context)

    assert (result.item, result.testcase, result.outcome, result.summary) == (
        "xchat-0.5-1.fc20", "scratch.alone", outcome, summary)


def test_tap_is_the_verdict_where_there_is_some(context: DirectiveContext) -> None:
    value = CheckCommand({"run": "printf '1..1\\nnot ok 1 - x\\n'; exit 1"}).run(context)

    assert isinstance(value, Captured)
    assert value.text() == "1..1\nnot ok 1 - x"


def test_tap_that_says_all_is_well_and_an_exit_code_that_does_not_is_a_crash(tmp_path: Path) -> None:
    sent: list[Result] = []

    def send(results: Iterable[Result]) -> None:
        sent.extend(results)

    with pytest.raises(DirectiveError, match="its TAP says nothing of a failure"):
        CheckCommand({"run": "printf '1..1\\nok 1 - x\\n'; exit 1"}).run(DirectiveContext.alone(tmp_path, send=send))
    assert len(sent) == 1


def test_the_exit_code_counts_where_it_is_to_count(context: DirectiveContext) -> None:
    [result] = CheckCommand({"run": "printf '1..1\\nnot ok 1 - x\\n'", "results": "exit-code"}).run(context)

    assert (result.outcome, result.output) == ("PASSED", "1..1\nnot ok 1 - x")


@pytest.mark.parametrize("command", ["kill -9 $$", "no-such-program", ["no-such-program"]])
def test_a_command_that_did_not_run_to_its_end_is_no_verdict(context: DirectiveContext, command: Any) -> None:
    with pytest.raises(DirectiveError):
        CheckCommand({"run": command}).run(context)
