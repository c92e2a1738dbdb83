"""command, shell and check_command, alone in a folder with real processes."""
from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.result import Result
from runner.captured import Captured
from runner.directive import DirectiveContext, DirectiveError, ParametersError
from runner.directives.check_command import CheckCommand
from runner.directives.command import CommandDirective, Shell
from runner.shell_text import shell_or_list


def run(parameters: Any, folder: Path, **changes: Any) -> str | None:
    value = CommandDirective(parameters).run(DirectiveContext.alone(folder, **changes))
    return value.text() if value else None


@pytest.mark.parametrize("parameters", ["echo hi", ["echo", "hi"], {"run": "echo hi"}, {"command": ["echo", "hi"]},
                                        {"cmd": "echo hi"}])
def test_a_command_is_a_text_a_list_or_a_mapping(parameters: Any, tmp_path: Path) -> None:
    assert run(parameters, tmp_path) == "hi"


def test_a_failure_is_told_with_command_and_code(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError) as caught:
        run("exit 3", tmp_path)

    assert (str(caught.value), caught.value.code) == ("`exit 3` ended with exit code 3", "check-crashed")


def test_any_exit_code_can_be_taken(tmp_path: Path) -> None:
    assert run({"run": "echo hi; exit 3", "ignore_return": True}, tmp_path) == "hi"


def test_time_that_is_used_up_is_a_failure_also_where_any_code_is_taken(tmp_path: Path) -> None:
    with pytest.raises(DirectiveError, match="its time of 0.2 s was used up") as caught:
        run({"run": ["sleep", "60"], "timeout": 0.2, "ignore_return": True}, tmp_path)

    assert caught.value.code == "timed-out"


def test_stdout_goes_to_a_file_and_stderr_where_it_is_told(tmp_path: Path) -> None:
    both = {"run": "echo out; echo err >&2", "capture_stdout": "o.txt"}

    run(both, tmp_path / "log")
    assert (tmp_path / "log" / "work" / "o.txt").read_text() == "out\n"
    assert "err\n" in (tmp_path / "log" / "cmd-output.log").read_text()
    run(both | {"stderr": "stdout"}, tmp_path / "one")
    assert (tmp_path / "one" / "work" / "o.txt").read_text() == "out\nerr\n"
    run(both | {"stderr": "null"}, tmp_path / "none")
    assert "err" not in (tmp_path / "none" / "cmd-output.log").read_text().partition("output (")[2].partition("):")[2]


def test_environment_stdin_and_folder(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)
    (context.workdir / "sub").mkdir()
    (context.workdir / "in").write_text("line\n")

    value = CommandDirective({"run": "pwd; cat; echo $WORD $ITEM", "cwd": "sub", "stdin": "in",
                              "env": {"WORD": 7}}).run(context)

    assert value is not None
    assert value.text() == f"{context.workdir}/sub\nline\n7 xchat-0.5-1.fc20"


def test_without_a_wish_nothing_is_captured_and_the_log_has_it(tmp_path: Path) -> None:
    assert run("echo hi", tmp_path, wants_value=False) is None
    assert "hi\n" in (tmp_path / "cmd-output.log").read_text()


@pytest.mark.parametrize("parameters", [{}, {"run": {}}, {"run": 7, "timeout": "x"}, 7, None])
def test_what_is_no_command_is_refused(parameters: Any) -> None:
    with pytest.raises(ParametersError):
        CommandDirective(parameters)


@pytest.mark.parametrize(("text", "argv", "environment"), [
    ("a $item ${item}", "a ${item} ${item}", {"item": "x; rm"}), ("$HOME ${PATH:-1}", "$HOME ${PATH:-1}", {}),
    ("$$item $$", "$item $$", {}), ("${c.name}", "${c__name}", {"c__name": "n"}), ("$rpms", "${rpms}", {"rpms": "a b"}),
    ("'$$(x)'", "'$$(x)'", {}),
])
def test_values_are_never_written_into_a_text(text: str, argv: str, environment: dict[str, str]) -> None:
    variables = {"item": "x; rm", "c": {"name": "n"}, "rpms": ["a", "b"]}

    assert shell_or_list(text, variables) == (("/bin/sh", "-c", argv), environment)


def test_several_commands_run_until_one_fails(tmp_path: Path) -> None:
    context = DirectiveContext.alone(tmp_path)

    assert Shell(["echo a", ["echo", "b"], {"ignorereturn": ["echo c; exit 3"]}]).run(context) == "a\nb\nc"
    with pytest.raises(DirectiveError, match="`exit 4` ended"):
        Shell({"commands": ["exit 4", "touch never"]}).run(context)
    assert not (context.workdir / "never").exists()


def check_command(folder: Path, **parameters: Any) -> Captured | list[Result]:
    return CheckCommand(parameters).run(DirectiveContext.alone(folder))


def test_the_exit_code_is_the_verdict_where_there_is_no_tap(tmp_path: Path) -> None:
    good, bad = check_command(tmp_path, run="echo a"), check_command(tmp_path, run=["sh", "-c", "echo b; exit 4"])

    assert isinstance(good, list)
    assert isinstance(bad, list)
    assert [(str(result.outcome), result.summary, result.output) for result in (*good, *bad)] == [
        ("PASSED", "exit code 0", "a"), ("FAILED", "exit code 4", "b")]


def test_tap_is_the_verdict_where_there_is_some_unless_told_otherwise(tmp_path: Path) -> None:
    tap, code = check_command(tmp_path, run="echo ok 1"), check_command(tmp_path, run="echo ok 1", results="exit-code")

    assert isinstance(tap, Captured)
    assert isinstance(code, list)


def test_a_test_program_that_ends_with_one_because_a_test_failed_did_not_break(tmp_path: Path) -> None:
    assert isinstance(check_command(tmp_path, run="echo not ok 1; exit 1"), Captured)
