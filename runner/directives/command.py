"""command: runs a program of the check, as a list or as a text for the shell."""
from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from checks.kind import SECONDS, Choice, Either, Flag, ListOf, MapOf, Text
from checks.record import Key, Record
from runner.captured import Captured
from runner.command import EXITED, INTO_LOG, INTO_NOTHING, INTO_STDOUT, Command, CommandResult
from runner.directive import Directive, DirectiveContext, DirectiveError
from runner.process import CommandNotFoundError
from runner.shell_text import of_the_check, plain_variables, shell_or_list, write_script

_ARGUMENTS = ListOf(Text())


class CommandDirective(Directive):
    """Run one command; a list is run as it is, a text by `sh -c`, or by its own `#!` line."""

    name = "command"
    PARAMETERS = Record((
        Key("run", Either((_ARGUMENTS, Text())), "The program and its arguments, or a text for the shell. The action "
            "may also be just this list or text.", required=True, aliases=("command", "cmd"),
            example=["rpmlint", "-V"]),
        Key("ignore_return", Flag(), "True takes any exit code as success.", default=False, example=True,
            aliases=("ignorereturn",)),
        Key("cwd", Text(), "The folder to run in; `${workdir}` without it.", example="${workdir}/source"),
        Key("environment", MapOf(Text()), "Environment variables, in addition.", default=None, example={"LANG": "C"},
            aliases=("env",)),
        Key("stdin", Text(), "A file for the command's standard input; without it there is none.",
            example="${workdir}/input.txt"),
        Key("capture_stdout", Text(), "A file in the workspace that gets stdout.", example="${artifactsdir}/out.txt"),
        Key("stderr", Choice((INTO_LOG, INTO_STDOUT, INTO_NOTHING)), "Where stderr goes.", default=INTO_LOG,
            example=INTO_STDOUT),
        Key("as_root", Flag(), "True runs it as root, where the executor can.", default=False, example=True),
        Key("timeout", SECONDS, "The longest it may take.", example="20 min"),
    ))
    @classmethod
    def from_short_form(cls, parameters: Any) -> Any:
        """A list or a text alone is the command."""
        return {"run": parameters} if isinstance(parameters, (list, tuple, str)) else parameters

    @classmethod
    def fill_in(cls, parameters: Any, fill: Callable[[Any], Any]) -> Any:
        """Leave a text to the shell, which finds the variables in its environment."""
        if isinstance(parameters, Mapping):
            return {key: part if key in ("run", "command", "cmd") and isinstance(part, str) else fill(part)
                    for key, part in parameters.items()}
        return parameters if isinstance(parameters, str) else fill(parameters)

    def run(self, context: DirectiveContext) -> Captured | None:
        """Return stdout where it is wanted. Raises DirectiveError: any end but exit code 0."""
        given = self.parameters
        capture = context.inside(given["capture_stdout"]) if given["capture_stdout"] else None
        if capture is None and context.wants_value:
            capture = context.private / f"stdout-{os.urandom(4).hex()}"
        argv, variables = shell_or_list(given["run"], context.variables)
        script = None
        if isinstance(given["run"], str) and given["run"].startswith("#!"):
            script, variables = write_script(given["run"], context.private), plain_variables(context.variables)
            argv = (str(script),)
        cwd = context.inside(given["cwd"] or ".", context.checkdir)
        command = Command(
            of_the_check(argv, cwd, context.checkdir), cwd,
            context.check.environment() | variables | dict(given["environment"] or {}), capture, given["stderr"],
            context.inside(given["stdin"], context.checkdir) if given["stdin"] else None, given["as_root"],
            given["timeout"] or context.timeout_seconds, readable=(script,) if script else ())
        result = run_or_fail(command, context)
        if not result.succeeded and not (given["ignore_return"] and result.cause == EXITED):
            raise DirectiveError(f"`{shown_command(given['run'])}` {result.in_words(command.timeout_seconds)}",
                                 result.code)
        return Captured(capture, result.dropped_bytes) if capture and context.wants_value else None


def run_or_fail(command: Command, context: DirectiveContext) -> CommandResult:
    """Run a command; one that cannot be started fails the action."""
    try:
        return context.run_command(command)
    except CommandNotFoundError as error:
        raise DirectiveError(str(error), "command-not-found") from None


def shown_command(command: Any) -> str:
    """Return the command in one short line."""
    text = " ".join((command if isinstance(command, str) else " ".join(map(str, command))).split())
    return text if len(text) <= 70 else text[:67] + "..."


class Shell(Directive):
    """Run several commands one after the other, as formulas up to 2017 wrote it; the first failure ends it."""

    name = "shell"
    PARAMETERS = Record((
        Key("commands", ListOf(Either((Text(), _ARGUMENTS, MapOf(ListOf(Either((Text(), _ARGUMENTS)), single=True),
                                                                "ignore_?return")))),
            "Commands, each a text or a list; `ignorereturn:` around commands lets them fail.", required=True,
            example=["make", {"ignorereturn": ["make check"]}]),
    ))
    @classmethod
    def from_short_form(cls, parameters: Any) -> Any:
        """A list or a text alone is the commands."""
        if isinstance(parameters, str):
            parameters = [parameters]
        return {"commands": parameters} if isinstance(parameters, (list, tuple)) else parameters

    @classmethod
    def fill_in(cls, parameters: Any, fill: Callable[[Any], Any]) -> Any:
        """Fill in only lists of arguments; texts are the shell's."""
        if isinstance(parameters, Mapping):
            return {key: cls.fill_in(part, fill) for key, part in parameters.items()}
        if isinstance(parameters, (list, tuple)):
            return [fill(part) if isinstance(part, (list, tuple)) else cls.fill_in(part, fill) for part in parameters]
        return parameters

    def run(self, context: DirectiveContext) -> str:
        """Return what all commands printed."""
        texts: list[str] = []
        for entry in self.parameters["commands"]:
            ignored = isinstance(entry, Mapping)
            group = next(iter(entry.values())) if ignored else (entry,)
            for command in group:
                value = CommandDirective({"run": command, "ignore_return": ignored}).run(context)
                texts.append(value.text() if value else "")
        return "\n".join(text for text in texts if text)
