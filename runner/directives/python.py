"""python: calls a function of the check, in a process of its own: a check's code is never imported here."""
from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from checks.kind import Place, Text
from checks.record import Key, Record
from checks.schema import VARIABLE
from runner.captured import Captured, CapturedError
from runner.command import EXITED, Command, CommandResult
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.process import CommandNotFoundError

#: Bytes of what a function may return.
ANSWER_LIMIT_BYTES = 64 * 1024 * 1024
#: Variables that a function gets where it has a parameter of that name.
OFFERED = ("item", "item_type", "arch", "build_id", "workdir", "artifactsdir", "checkdir", "testcase", "caches",
           "secrets")
HARNESS = Path(__file__).resolve().parent.parent / "python_harness.py"
#: What checks written for Taskotron import; the harness finds it beside itself.
LIBTASKOTRON = HARNESS.parent / "libtaskotron"


class Python(Directive):
    """Call a function in a file of the check; further parameters are its keyword arguments."""

    name = "python"
    PARAMETERS = Record((
        Key("file", Text("a path inside the check's folder", r"(?!/)(?!(.*/)?\.\.(/|$)).{1,512}"),
            "The Python file, relative to the check's folder.", required=True, example="run_rpmlint.py"),
        Key("callable", Text("a function's name", VARIABLE), "The function, or a class with `__call__`.", default="run",
            example="run"),
    ), is_open=True)

    def check_parameters(self, place: Place) -> None:
        """Keyword arguments must be names of Python."""
        for key in self.parameters:
            if not str(key).isidentifier():
                place.at(key).fault(f"`{key}` is no name of a Python argument")

    def run(self, context: DirectiveContext) -> Any:
        """Return what the function returned: text as `Captured`, anything else as plain data."""
        given = dict(self.parameters)
        file, function = given.pop("file"), given.pop("callable")
        exchange = context.private / f"python-{os.urandom(4).hex()}"
        exchange.mkdir(mode=0o777)
        exchange.chmod(0o777)
        (exchange / "call.json").write_text(json.dumps(
            {"folder": str(context.checkdir), "file": file, "callable": function,
             "arguments": {key: _plain(value) for key, value in given.items()},
             "offered": {name: _plain(context.variables[name]) for name in OFFERED if name in context.variables}}),
            encoding="utf-8")
        # a copy: where the check runs, the runner's own files may not be there
        shutil.copyfile(HARNESS, exchange / HARNESS.name)
        shutil.copytree(LIBTASKOTRON, exchange / LIBTASKOTRON.name, ignore=shutil.ignore_patterns("__pycache__"))
        command = Command((context.python, str(exchange / HARNESS.name), str(exchange)), context.workdir,
                          context.check.environment(), timeout_seconds=context.timeout_seconds, writable=(exchange,))
        try:
            result = context.run_command(command)
        except CommandNotFoundError as error:
            raise DirectiveError(str(error), "command-not-found") from None
        return _answer(exchange, result, f"{file}, {function}()", command.timeout_seconds)


def _plain(value: Any) -> Any:
    """Return an argument as JSON can carry it."""
    if isinstance(value, Captured):
        try:
            return value.text()
        except CapturedError as error:
            raise DirectiveError(str(error)) from None
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _answer(exchange: Path, result: CommandResult, what: str, timeout_seconds: float | None) -> Any:
    if result.cause != EXITED:
        raise DirectiveError(f"{what} {result.in_words(timeout_seconds)}", result.code)
    answer = _read_answer(exchange / "answer.json")
    if answer is None:
        raise DirectiveError(f"{what}: its process {result.in_words()} without an answer")
    if "error" in answer:
        raise DirectiveError(f"{what}: {answer['error']}")
    if result.returncode != 0:
        raise DirectiveError(f"{what}: its process {result.in_words()} after the function had returned")
    if answer.get("text") is True:
        return Captured(exchange / "answer.txt")
    return answer.get("value")


def _read_answer(path: Path) -> dict[str, Any] | None:
    """Return what the harness wrote; None where it wrote nothing, or the check put something else there."""
    try:
        with Captured(path).open() as file:
            data = file.read(ANSWER_LIMIT_BYTES + 1)
    except CapturedError:
        return None
    if len(data) > ANSWER_LIMIT_BYTES:
        raise DirectiveError(f"the function returned more than {ANSWER_LIMIT_BYTES} bytes", "limit-reached")
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None
