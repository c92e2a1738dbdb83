"""tap, on the output of tools that know nothing of items."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.captured import Captured
from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.tap import Tap

BATS = "1..3\nok 1 the door opens\nnot ok 2 the door closes\n# (in door.bats, line 4)\nok 3 bell # SKIP none\n"


@pytest.fixture
def context(tmp_path: Path) -> DirectiveContext:
    return DirectiveContext.alone(tmp_path / "run")


def run(context: DirectiveContext, **parameters: Any) -> list[dict[str, Any]]:
    value: list[dict[str, Any]] = Tap(parameters).run(context)
    return value


def test_each_test_is_a_result_under_its_own_name(context: DirectiveContext) -> None:
    results = run(context, text=BATS)

    assert [(each["item"], each["checkname"], each["outcome"]) for each in results] == [
        ("xchat-0.5-1.fc20", "scratch.alone.the_door_opens", "PASSED"),
        ("xchat-0.5-1.fc20", "scratch.alone.the_door_closes", "FAILED"),
        ("xchat-0.5-1.fc20", "scratch.alone.test-3", "INFO")]


def test_all_tests_are_one_result_where_they_are_summed_up(context: DirectiveContext) -> None:
    [result] = run(context, text=BATS, aggregation="allpass", item="FEDORA-2026-04459ef8cf", type="bodhi_update")

    assert (result["item"], result["outcome"], result["summary"]) == (
        "FEDORA-2026-04459ef8cf", "FAILED", "1 PASSED, 1 FAILED, 1 SKIPPED")


def test_a_file_and_captured_output_are_read_as_well(context: DirectiveContext) -> None:
    (context.workdir / "tests.tap").write_text(BATS)

    from_file = run(context, file="tests.tap")
    from_captured = run(context, text=Captured(context.workdir / "tests.tap"))

    assert from_file == from_captured == run(context, text=BATS)


def test_a_stream_that_bails_out_ends_the_action(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError, match="`text`: bailed out: no more doors"):
        run(context, text="1..2\nok 1\nBail out! no more doors\n")


def test_a_stream_that_breaks_off_ends_the_action_and_is_noted(tmp_path: Path) -> None:
    noted: list[str] = []
    context = DirectiveContext.alone(tmp_path / "run", note=lambda key, value: noted.append(value))

    with pytest.raises(DirectiveError, match="`text`: cannot be read whole") as caught:
        run(context, text="TAP version 13\n1..3\nok 1 - opens\n")

    assert caught.value.code == "bad-results"
    assert noted


@pytest.mark.parametrize("text", ["", "no tap at all\n", 17])
def test_what_has_no_test_is_said(context: DirectiveContext, text: object) -> None:
    with pytest.raises(DirectiveError, match="there is no test in it|cannot be read whole|expected TAP"):
        run(context, text=text)


def test_a_file_that_is_not_there_is_said(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError, match="`file` `gone.tap`: "):
        run(context, file="gone.tap")


def test_either_a_file_or_a_text() -> None:
    with pytest.raises(ParametersError, match="expected exactly one"):
        Tap({"file": "a", "text": "ok 1"})
