"""exitcode and dummy: the two that only speak."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.dummy import Dummy
from runner.directives.exitcode import Exitcode


def results(*outcomes: str) -> list[dict[str, str]]:
    return [{"outcome": outcome} for outcome in outcomes]


@pytest.mark.parametrize(("parameters", "code"), [
    ({"result_last": results("FAILED", "PASSED")}, 0), ({"result_worst": results("FAILED", "PASSED")}, 100),
    ({"result_worst": results("PASSED", "INFO")}, 0), ({"result_last": results("PASSED", "NEEDS_INSPECTION")}, 100),
    ({"result_worst": results("CRASHED")}, 100), ({"result_worst": "1..1\nnot ok 1 - x\n"}, 100)])
def test_the_last_or_the_worst_outcome_decides(tmp_path: Path, parameters: Any, code: int) -> None:
    noted: list[tuple[str, int]] = []
    context = DirectiveContext.alone(tmp_path, note=lambda key, value: noted.append((key, value)))

    assert Exitcode(parameters).run(context) == code
    assert noted == [("exit_code", code)]


def test_without_a_result_nothing_can_decide(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="there is no result to decide by"):
        Exitcode({"result_worst": []}).run(DirectiveContext.alone(tmp_path))


def test_one_of_both_is_needed() -> None:
    with pytest.raises(ParametersError, match="more than one of `result_last`, `result_worst`"):
        Exitcode({"result_last": [], "result_worst": []})


def test_dummy_says_its_message_or_fails_with_it(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)

    assert Dummy({"result": "PASS", "msg": "it works"}).run(context) == "it works"
    assert Dummy(None).run(context) is None
    with pytest.raises(DirectiveError, match="it does not"):
        Dummy({"result": "fail", "msg": "it does not"}).run(context)
