"""The ways a check runs (`run.using`), each brought down to actions; and what all of them share."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from checks.description import Action, CheckDescription
from runner.command import Command, CommandResult

#: Export of the one action that a check without `actions` has.
_RETURNED = "returned"


def actions_of(check: CheckDescription) -> tuple[Action, ...]:
    """Return what to do: the check's own actions, or those that `run.using` stands for."""
    run = check.run
    if run.using == "python-function":
        parameters = {"file": run.file, "callable": run.callable, **run.arguments}
        return (Action("python", parameters, f"{run.file}: {run.callable}()", _RETURNED, path=("run",)), _sent_out())
    if run.using == "command":
        command: Any = list(run.command) if isinstance(run.command, tuple) else run.command
        return (Action("check_command", {"run": command, "results": run.results}, "run the command", _RETURNED,
                       path=("run",)), _sent_out())
    return check.actions


def with_environment(run: Callable[[Command], CommandResult], extra: Mapping[str, str],
                     check: CheckDescription) -> Callable[[Command], CommandResult]:
    """Return a `run_command` that adds the check's environment variables to every command."""

    def run_with(command: Command) -> CommandResult:
        return run(replace(command, environment={**extra, **command.environment}))

    return run_with


def _sent_out() -> Action:
    return Action("resultsdb", {"results": f"${{{_RETURNED}}}"}, "take the results", path=("run",))
