"""What a run would do: the plan with variables filled in, and nothing started."""
from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from checks.description import CheckFileError
from checks.item import shown
from checks.quantity import show_seconds
from runner import using
from runner.all_directives import directive_named
from runner.stages import RunPlan, variables_of
from runner.validation import faults_for
from runner.variables import fill_in


def plan_lines(plan: RunPlan) -> list[str]:
    """Return the plan, a line a fact. Raises CheckFileError: the check cannot run as it is."""
    check, given = plan.check, plan.input
    faults = faults_for(check, given.item_type)
    if faults:
        raise CheckFileError(faults)
    places = {"workdir": Path("WORKDIR"), "artifactsdir": Path("ARTIFACTSDIR"), "checkdir": check.folder}
    variables = variables_of(plan, places)
    lines = [f"check     {check.testcase}  ({check.path})", f"item      {given.item}  ({given.item_type})",
             f"arch      {given.arch}", f"build id  {given.build_id}",
             f"executor  {plan.executor.name}{_problems(plan)}", f"folder    {plan.folder}",
             f"time      at most {show_seconds(check.timeout_seconds)}"]
    for index, action in enumerate(using.actions_of(check), 1):

        def fill(value: Any) -> Any:
            return fill_in(value, variables)

        parameters = directive_named(action.directive).fill_in(action.parameters, fill)
        lines.append(f"{index:>2}. {action.name} ({action.directive})")
        lines += _parameter_lines(parameters)
        if action.export:
            variables[action.export] = f"${{{action.export}}}"
            lines.append(f"      export: {action.export}")
    return lines


def _parameter_lines(parameters: Any) -> list[str]:
    if isinstance(parameters, dict):
        return [f"      {key}: {_shown(value)}" for key, value in parameters.items() if value is not None]
    return [f"      {_shown(parameters)}"] if parameters is not None else []


def _shown(value: Any) -> str:
    if isinstance(value, (list, tuple)) and all(isinstance(part, str) for part in value):
        return shown(shlex.join(value), 400)
    return shown(value, 400)


def _problems(plan: RunPlan) -> str:
    problems = plan.executor.problems()
    return f"  (cannot be used here: {'; '.join(problems)})" if problems else ""
