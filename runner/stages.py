"""
The stages of a run, each one function; run.py has their order.

fetch       the check and its inputs are there and fit together
prepare     a workspace, and surroundings for the commands
execute     the actions of the check
collect     what it left: results and artifacts
publish     the results file is closed, and said in numbers
clean_up    surroundings and workspace are removed; always, and harmless when called twice
"""
from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from checks.contracts import CheckInput
from checks.description import Action, CheckDescription, CheckFileError
from checks.result import Result
from checks.tap import TapLimits
from runner import using
from runner.abort import AbortToken
from runner.artifacts import Collector, kept_name
from runner.command_log import CMD_LOG_FILENAME, CommandLog
from runner.commander import Commander
from runner.directive import DirectiveContext, DirectiveError
from runner.executor import Confinement, Executor, ExecutorError, Instance
from runner.interpreter import Interpreter
from runner.limits import Limits, LimitsReached
from runner.mask import Mask
from runner.results import ResultsFile
from runner.revision import Revision
from runner.trust import Given
from runner.validation import faults_for, root_faults
from runner.verdicts import VerdictError, Verdicts, looks_like_results, tell_faults
from runner.workspace import Workspace, remove_stale

logger = logging.getLogger(__name__)


#: What actions with `always` get at least, also after the time of the run is used up.
ALWAYS_SECONDS = 30.0


class NoResultsError(Exception):
    """Raised when a check came to its end and said nothing at all."""


class ToolMissingError(Exception):
    """Raised when a tool that the check's file names is not on this machine, whatever the machine said it offers."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything a run needs to know before it starts."""

    check: CheckDescription
    input: CheckInput
    #: Gets the results, reports, logs and artifacts.
    folder: Path
    executor: Executor
    #: Where workspaces are made.
    workspaces: Path
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, str] = field(default_factory=dict)
    revision: Revision | None = None
    #: What is known of the item beside its name: `task_id`, `issuer`. For the report; the check does not see it.
    facts: Mapping[str, str] = field(default_factory=dict)
    #: What the operator has set, and the check's own where nobody has.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Caches and secrets.
    given: Given = field(default_factory=lambda: Given({}, {}))
    #: The root or image for the executor.
    image: str | None = None
    #: True keeps the workspace.
    keep: bool = False
    #: Called before a workspace is removed, with it and whether the run failed.
    before_clean_up: Callable[[Workspace, bool], None] | None = None
    #: Told of each action that starts: position from 1, how many, the action.
    on_action: Callable[[int, int, Action], None] = field(default=lambda index, total, action: None)
    #: Sees each piece of output.
    on_output: Callable[[bytes], None] | None = None


@dataclass(slots=True)
class RunState:
    """What the stages leave for each other; each field is set by the stage named beside it."""

    plan: RunPlan
    abort: AbortToken
    results: ResultsFile
    reached: LimitsReached
    #: Of `time.monotonic()`: when the run must end.
    deadline: float
    workspace: Workspace | None = None  # prepare
    instance: Instance | None = None  # prepare
    log: CommandLog | None = None  # prepare
    interpreter: Interpreter | None = None  # execute
    mask: Mask | None = None  # prepare
    #: How many actions sent results out. execute
    sent: int = 0
    #: Further keys of the execution report; lists grow. all
    details: dict[str, Any] = field(default_factory=dict)
    #: Set by run.py before `clean_up`.
    is_failed: bool = False

    def note(self, key: str, value: Any) -> None:
        """Keep something for the execution report: facts are joined, of exit codes the worst, the rest is listed."""
        if key == "facts":
            # who asked for the run knows better than what was found out on the way
            self.details[key] = {**value, **self.details.get(key, {})}
        elif key == "exit_code":
            self.details["exit_code_asked"] = max(value, self.details.get("exit_code_asked", 0))
        elif len(self.details.setdefault(key, [])) < 100:
            self.details[key].append(value)


def fetch(state: RunState) -> None:
    """Make sure that the check fits the item and the directives there are. Raises CheckFileError."""
    plan = state.plan
    for note in plan.given.notes:
        state.reached.say(note)
    if plan.facts:
        state.note("facts", plan.facts)
    if plan.parameters:
        state.details["parameters"] = dict(plan.parameters)
    if plan.revision is not None:
        state.details["revision"] = plan.revision.to_dict()
        if plan.revision.repository:
            state.details["repository"] = plan.revision.repository
    (plan.folder / "input.json").write_text(json.dumps(plan.input.to_dict(), indent=2) + "\n", encoding="utf-8")
    item_type = plan.input.item_type
    faults = faults_for(plan.check, item_type)
    faults += root_faults(plan.check, plan.executor.name, plan.executor.can_be_root)
    if faults:
        raise CheckFileError(faults)


def prepare(state: RunState) -> None:
    """Make the workspace and the surroundings. Raises WorkspaceError, ExecutorError, ToolMissingError."""
    plan = state.plan
    missing = [tool for tool in plan.check.environment.tools if plan.image is None and shutil.which(tool) is None]
    if missing:
        raise ToolMissingError(f"not on this machine, though the check needs it: `{'`, `'.join(missing)}`; "
                               f"`checkotron checks doctor {plan.check.name}` says how to get it")
    problems = plan.executor.problems()
    if problems:
        raise ExecutorError(f"executor `{plan.executor.name}` cannot be used here: {'; '.join(problems)}")
    state.log = CommandLog(plan.folder / CMD_LOG_FILENAME, plan.limits, state.reached)
    if stale := remove_stale(plan.workspaces):
        logger.warning("workspaces of runs that were killed are removed", extra={"removed": stale})
    state.workspace = workspace = Workspace.create(plan.workspaces)
    check = plan.check
    folder = check.folder
    if not check.run.checkout:
        # the image carries the check: what lies here is only its YAML
        workspace.check.mkdir(mode=0o755)
        folder = workspace.check
    elif plan.executor.confines or check.shared_folder is not None:
        folder = workspace.copy_check(check.folder, check.shared_folder)
    state.instance = plan.executor.start(Confinement(
        workspace, folder, check.environment.network, check.resources, plan.image, plan.limits.grace_seconds,
        plan.given.caches, plan.given.secrets))
    if plan.given.secrets:
        state.mask = state.results.mask = state.log.mask = Mask.of_files(plan.given.secrets.values())


def execute(state: RunState) -> None:
    """Run the actions. Raises ActionError."""
    plan, workspace, instance, log = state.plan, state.workspace, state.instance, state.log
    if workspace is None or instance is None or log is None:
        raise ExecutorError("BUG: `execute` before `prepare`")
    commander = Commander(instance, log, state.abort, plan.limits, state.reached)
    commander.deadline, commander.silence_seconds = state.deadline, plan.check.silence_seconds
    commander.watch, commander.mask = plan.on_output, state.mask
    folder = workspace.check if workspace.check.exists() else plan.check.folder
    places = {"workdir": instance.path(workspace.work), "artifactsdir": instance.path(workspace.artifacts),
              "checkdir": instance.path(folder)}
    variables = variables_of(plan, places, instance.path)
    extra = dict(plan.check.environment.variables) | {name.upper(): str(path) for name, path in places.items()}
    if plan.revision is not None:
        extra |= {f"CHECK_{name}": value for name, value in (("REPOSITORY", plan.revision.repository),
                                                            ("REV", plan.revision.commit)) if value}
    extra |= {f"CACHE_{name}": path for name, path in variables.get("caches", {}).items()}
    extra |= {f"SECRET_{name}": path for name, path in variables.get("secrets", {}).items()}

    def send(results: Any) -> None:
        state.sent += 1
        state.results.add(_with_kept_names(results, workspace))

    def context_for(action: Action, variables: Mapping[str, Any]) -> DirectiveContext:
        if action.always:
            commander.give_more_time(ALWAYS_SECONDS)
        return DirectiveContext(
            workspace.work, workspace.artifacts, folder, workspace.private, plan.input,
            using.with_environment(commander.run, extra, plan.check), state.abort, plan.settings, dict(variables),
            bool(action.export) or not _sends(plan.check), send, state.note, instance.python, action.timeout_seconds,
            plan.folder)

    state.interpreter = Interpreter(variables, context_for, state.abort, plan.on_action)
    state.interpreter.run(using.actions_of(plan.check))


def collect(state: RunState) -> None:
    """Keep what the check left. Raises NoResultsError, DirectiveError (unreadable results) after everything is kept."""
    _collect_artifacts(state)
    interpreter = state.interpreter
    if interpreter is not None and not state.sent:
        _collect_unsent(state, interpreter.values)
    if state.results.is_cut:
        raise DirectiveError(f"check `{state.plan.check.name}` gave more results than are taken: "
                             f"{state.results.count} are kept", "limit-reached")
    if not state.sent:
        raise NoResultsError(f"check `{state.plan.check.name}` gave no results; expected TAP from an action, sent out "
                             "by `resultsdb`. A check with nothing to say prints `1..0`")


def publish(state: RunState) -> None:
    """Close the results file: from here on it is whole."""
    state.results.close()
    logger.info("results written", extra={"results": state.results.count, "worst": state.results.worst})


def clean_up(state: RunState) -> None:
    """Remove surroundings and workspace. Harmless when called twice."""
    state.results.close()
    if state.instance is not None:
        for note in state.instance.notes:
            state.reached.say(note)
        state.instance.stop()
        state.instance = None
    if state.log is not None:
        state.log.close()
    if state.workspace is not None and state.plan.before_clean_up is not None:
        state.plan.before_clean_up(state.workspace, state.is_failed)
    if state.workspace is not None and state.plan.keep:
        state.workspace.keep()
        state.details["workspace"] = str(state.workspace.root)
    elif state.workspace is not None:
        problem = state.workspace.remove()
        if problem:
            logger.warning("workspace not removed whole", extra={"problem": problem})
        state.workspace = None


def variables_of(plan: RunPlan, places: Mapping[str, Path],
                 path_of: Callable[[Path], Path] = lambda path: path) -> dict[str, Any]:
    """Return the variables that every action has; the item also under the name of its type."""
    data = plan.input
    variables: dict[str, Any] = {name: str(path) for name, path in places.items()}
    variables |= {"item": data.item, "item_type": data.item_type, data.item_type: data.item, "arch": data.arch,
                  "build_id": data.build_id, "jobid": data.build_id, "uuid": data.build_id,
                  "checkname": data.testcase, "testcase": data.testcase, "namespace": plan.check.namespace}
    if data.item_type == "bodhi_update":
        variables["bodhi_id"] = data.item
    if plan.check.parameters:
        # without the runner's help, as in a dry run of a test, the check's own hold
        variables["parameters"] = {**plan.check.parameters, **plan.parameters}
    for name, files in (("caches", plan.given.caches), ("secrets", plan.given.secrets)):
        if files:
            variables[name] = {key: str(path_of(path)) for key, path in files.items()}
    return variables


def _sends(check: CheckDescription) -> bool:
    """True where an action of the check says which results go out."""
    return any(action.directive.lower() == "resultsdb" for action in check.actions)


def _collect_artifacts(state: RunState) -> None:
    if state.workspace is None:
        return
    collector = Collector(state.plan.folder, state.plan.limits, state.reached)
    collector.collect(state.workspace.artifacts)
    if state.plan.check.artifacts:
        collector.collect(state.workspace.work, state.plan.check.artifacts)
    if collector.collected.names:
        state.details["artifacts"] = collector.collected.names


def _collect_unsent(state: RunState, values: list[Any]) -> None:
    """Without `resultsdb` in the check every value that reads as results is meant."""
    if _sends(state.plan.check):
        return
    for value in values:
        if not looks_like_results(value):
            continue
        verdicts = Verdicts(value, state.plan.input, TapLimits())
        try:
            state.results.add(_with_kept_names(verdicts, state.workspace))
        except VerdictError as error:
            raise DirectiveError(f"the results {error}", "bad-results") from None
        state.sent += 1
        tell_faults(verdicts, state.note)


def _with_kept_names(results: Iterable[Result], workspace: Workspace | None) -> Iterator[Result]:
    """Yield the results; what names a file of the check that is kept under another name names that one."""
    for result in results:
        name = result.artifact or "/"
        if workspace is not None and not name.startswith("/") and os.path.lexists(workspace.artifacts / name):
            result = result.with_changes(artifact=kept_name(name))
        yield result
