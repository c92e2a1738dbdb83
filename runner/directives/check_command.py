"""check_command: what `run: {using: command}` stands for. The command's TAP, or its exit code, is the verdict."""
from __future__ import annotations

import os
from typing import Any

from checks.kind import Choice, Either, ListOf, Text
from checks.outcome import Outcome
from checks.record import Key, Record
from checks.result import Result
from runner.captured import Captured
from runner.command import EXITED, Command
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.process import CommandNotFoundError
from runner.shell_text import of_the_check, shell_or_list
from runner.verdicts import Verdicts, looks_like_results

#: Exit codes by which a shell says that the command itself was not run.
NOT_RUN = (126, 127)
#: Bytes from the end of stdout that go into the result of a verdict by exit code.
OUTPUT_BYTES = 16 * 1024


class CheckCommand(Directive):
    """Run the check's one command; TAP on stdout is the verdict, else exit code 0 is PASSED and any other FAILED."""

    name = "check_command"
    PARAMETERS = Record((
        Key("run", Either((ListOf(Text()), Text())), "The command.", required=True, example=["rpmlint", "-V"]),
        Key("results", Choice(("auto", "tap", "exit-code")), "Where the verdict comes from.", default="auto",
            example="tap"),
    ))

    @classmethod
    def fill_in(cls, parameters: Any, fill: Any) -> Any:
        """Leave a text to the shell, which finds the variables in its environment."""
        run = parameters["run"]
        return {**parameters, "run": run if isinstance(run, str) else fill(run)}

    def run(self, context: DirectiveContext) -> Captured | list[Result]:
        """Return the TAP, or the one result."""
        argv, variables = shell_or_list(self.parameters["run"], context.variables)
        stdout = context.private / f"stdout-{os.urandom(4).hex()}"
        argv = of_the_check(argv, context.workdir, context.checkdir)
        command = Command(argv, context.workdir, context.check.environment() | variables, stdout)
        try:
            end = context.run_command(command)
        except CommandNotFoundError as error:
            raise DirectiveError(str(error), "command-not-found") from None
        if end.cause != EXITED or end.returncode is None:
            raise DirectiveError(f"the command {end.in_words()}", end.code)
        if end.returncode > 128 or (end.returncode in NOT_RUN and isinstance(self.parameters["run"], str)):
            hint = "; it runs in $WORKDIR, and the check's own files are in $CHECKDIR" if end.returncode == 127 else ""
            raise DirectiveError(f"the command {end.in_words()}{hint}")
        captured = Captured(stdout, end.dropped_bytes)
        wanted = self.parameters["results"]
        if wanted == "tap" or (wanted == "auto" and looks_like_results(captured)):
            self._check_exit(end.returncode, captured, context)
            return captured
        return [_by_exit_code(end.returncode, captured, context)]

    @staticmethod
    def _check_exit(returncode: int, captured: Captured, context: DirectiveContext) -> None:
        """A test program ends with non-zero where a test failed; without a failed one it broke."""
        if returncode == 0:
            return
        if all(result.outcome.is_ok for result in Verdicts(captured, context.check, _limits())):
            context.send(Verdicts(captured, context.check, _limits()))
            raise DirectiveError(f"the command ended with exit code {returncode}, and its TAP says nothing of "
                                 "a failure")


def _limits() -> Any:
    from checks.tap import TapLimits

    return TapLimits()


def _by_exit_code(returncode: int, captured: Captured, context: DirectiveContext) -> Result:
    with captured.open() as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - OUTPUT_BYTES))
        output = file.read().decode("utf-8", "replace").strip("\n")
    check = context.check
    return Result(check.item, check.item_type, Outcome.FAILED if returncode else Outcome.PASSED, check.testcase,
                  f"exit code {returncode}", output or None, check.arch)
