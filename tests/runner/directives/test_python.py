"""python: functions of a check, in processes of their own."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.captured import Captured
from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.python import Python

CODE = """
import os, sys
def same(**given): return given
def text(): return "1..1\\nok 1"
def nothing(): pass
def boom(): raise ValueError("a fault")
def leave(): os._exit(5)
def die(): os.kill(os.getpid(), 9)
def done(): sys.exit(0)
def odd(): return object()
def shout(): print("printed"); return 7
class Callable:
    def __call__(self, word): return [word]
"""


@pytest.fixture
def context(tmp_path: Path) -> DirectiveContext:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "code.py").write_text(CODE)
    return DirectiveContext.alone(tmp_path / "run")


def call(context: DirectiveContext, function: str, **arguments: Any) -> Any:
    return Python({"file": "code.py", "callable": function} | arguments).run(context)


def test_further_parameters_are_keyword_arguments_and_plain_data_comes_back(context: DirectiveContext) -> None:
    given = {"rpms": "/x", "number": 1, "deep": {"list": [1, None, True]}}

    assert call(context, "same", **given) == given


def test_a_text_comes_back_as_captured_output(context: DirectiveContext) -> None:
    value = call(context, "text")

    assert isinstance(value, Captured)
    assert value.text() == "1..1\nok 1"


def test_a_captured_output_arrives_as_text(context: DirectiveContext) -> None:
    (context.private / "out").write_text("said\n")

    assert call(context, "same", tap=Captured(context.private / "out")) == {"tap": "said"}


def test_a_class_that_can_be_called_will_do(context: DirectiveContext) -> None:
    assert call(context, "Callable", word="x") == ["x"]


def test_what_it_prints_is_in_the_log_and_not_in_the_value(context: DirectiveContext, tmp_path: Path) -> None:
    assert call(context, "shout") == 7
    assert "printed" in (tmp_path / "run" / "cmd-output.log").read_text()


@pytest.mark.parametrize(("function", "words"), [
    ("boom", "ValueError: a fault"), ("leave", "ended with exit code 5 without an answer"),
    ("die", "was ended by signal 9 without an answer"), ("gone", "gone"), ("odd", "object")])
def test_a_function_that_breaks_fails_the_action(context: DirectiveContext, function: str, words: str) -> None:
    with pytest.raises(DirectiveError) as caught:
        call(context, function)

    assert words in str(caught.value)
    assert str(caught.value).startswith("code.py")


def test_an_unexpected_argument_is_named(context: DirectiveContext) -> None:
    with pytest.raises(DirectiveError, match="colour"):
        call(context, "nothing", colour="red")


@pytest.mark.parametrize("file", ["/etc/passwd", "../x.py", "a/../../x.py"])
def test_the_file_is_the_check_s_own(file: str) -> None:
    with pytest.raises(ParametersError, match="expected a path inside the check's folder"):
        Python({"file": file})


def test_what_is_no_name_of_an_argument_is_refused() -> None:
    with pytest.raises(ParametersError, match="`a-b` is no name of a Python argument"):
        Python({"file": "code.py", "a-b": 1})
