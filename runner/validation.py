"""A check against the directives and variables there are: every fault, before anything runs."""
from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from checks.catalogue import find_check
from checks.description import Action, CheckDescription, CheckFileError
from checks.document import Fault, KeyPath
from checks.item import ITEM_TYPES
from runner.all_directives import DirectiveClashError, UnknownDirectiveError, directive_named
from runner.directive import Directive, ParametersError
from runner.signatures import wrong_arguments
from runner.variables import unknown

#: Variables that every run has; beside them the item type, and what earlier actions export.
ALWAYS = ("item", "item_type", "arch", "build_id", "workdir", "artifactsdir", "checkdir", "checkname", "testcase",
          "namespace", "jobid", "uuid")


def find(name_or_path: str, folders: Sequence[Path]) -> CheckDescription:
    """
    Return the check that a person named, as `checks.catalogue.find_check` does.

    Raises UnknownCheckError; CheckFileError: with the faults of its form also those of its actions.
    """
    try:
        return find_check(name_or_path, folders)
    except CheckFileError as error:
        raise with_actions(error) from None


def with_actions(error: CheckFileError) -> CheckFileError:
    """Return the error with what is wrong with the directives and variables of the same file, in its order."""
    if error.draft is None:
        return error
    faults = [*error.faults, *faults_of(error.draft)]
    return CheckFileError(sorted(faults, key=lambda fault: fault.line), error.draft)


def faults_for(check: CheckDescription, item_type: str) -> list[Fault]:
    """Return everything that keeps a check from running on such an item."""
    wrong_item = input_faults(check, item_type)
    return wrong_item + faults_of(check, item_type if check.runs_on(item_type) else None)


def faults_of(check: CheckDescription, item_type: str | None = None) -> list[Fault]:
    """
    Return what is wrong with the actions of a check, in the order of the file.

    `item_type`: of the item at hand; without it every type that the check takes.
    """
    faults: list[Fault] = []
    known = {*ALWAYS, *_item_variables(check, item_type)}
    known |= {name for name in ("caches", "secrets", "parameters") if getattr(check, name)}
    for action in check.actions:
        if action.directive:
            faults.extend(_action_faults(check, action, known))
        if action.export:
            known.add(action.export)
    if check.run.file:
        call = {"file": check.run.file, "callable": check.run.callable, **check.run.arguments}
        faults.extend(_python_faults(check, call, ("run",)))
    return faults


def input_faults(check: CheckDescription, item_type: str) -> list[Fault]:
    """Return why the check does not take such an item."""
    if not check.runs_on(item_type):
        takes = ", ".join(f"`{name}`" for name in check.item_types)
        return [_fault(check, ("input",), f"check `{check.name}` takes {takes}, not `{item_type}`")]
    there = {*ALWAYS, *_item_variables(check, item_type)}
    missing = [name for name in check.args if name not in there and name not in ITEM_TYPES]
    return [_fault(check, ("input", "args"), f"`{name}` is needed by the check, and nothing provides it; "
                                             f"there are: {', '.join(sorted(there))}") for name in missing]


def root_faults(check: CheckDescription, executor: str, can_be_root: bool) -> list[Fault]:
    """Return a fault for each action that wants to be root where the executor cannot."""
    if can_be_root:
        return []
    return [_fault(check, (*action.path, action.directive, "as_root"),
                   f"executor `{executor}` cannot run commands as root; use `podman`, or `local` as root")
            for action in check.actions
            if isinstance(action.parameters, Mapping) and action.parameters.get("as_root") is True]


def make_directive(action: Action, parameters: Any, *, variables: bool = False) -> Directive:
    """Return the directive of an action. Raises UnknownDirectiveError, ParametersError."""
    return directive_named(action.directive)(parameters, variables=variables)


def _item_variables(check: CheckDescription, item_type: str | None) -> Iterable[str]:
    names = [item_type] if item_type else list(check.item_types or ITEM_TYPES)
    return [*names, "bodhi_id"] if "bodhi_update" in names else names


def _action_faults(check: CheckDescription, action: Action, known: set[str]) -> list[Fault]:
    path = (*action.path, action.directive)
    faults: list[Fault] = []
    try:
        directive = directive_named(action.directive)
        directive(action.parameters, variables=True)
    except (UnknownDirectiveError, DirectiveClashError) as error:
        return [_fault(check, path, str(error))]
    except ParametersError as error:
        faults = [_fault(check, (*path, *fault.path), fault.message) for fault in error.faults]
    sentences: list[str] = []

    def look(value: Any) -> Any:
        sentences.extend(unknown(value, known))
        return value

    directive.fill_in(action.parameters, look)
    faults += [_fault(check, path, sentence) for sentence in dict.fromkeys(sentences)]
    if action.directive == "python":
        faults.extend(_python_faults(check, action.parameters, path))
    return faults


def _python_faults(check: CheckDescription, parameters: Any, path: KeyPath) -> list[Fault]:
    """Look at the file that an action calls, without importing it: is it there, does the function take that?"""
    if not isinstance(parameters, Mapping) or not isinstance(parameters.get("file"), str) or "$" in parameters["file"]:
        return []
    given = dict(parameters)
    file, function = given.pop("file"), str(given.pop("callable", None) or "run")
    path_of_file = check.file(file)
    if path_of_file is None:
        there = ", ".join(f"`{found.name}`" for found in sorted(check.folder.glob("*.py"))[:5]) or "no Python file"
        return [_fault(check, (*path, "file"), f"`{file}` is not in the check's folder; it has {there}")]
    if "$" in function:
        return []
    return [_fault(check, path, sentence) for sentence in wrong_arguments(path_of_file, function, set(given))]


def _fault(check: CheckDescription, path: KeyPath, message: str) -> Fault:
    if check.document is None:
        return Fault(0, path, message, str(check.path))
    return check.document.fault(path, message)
