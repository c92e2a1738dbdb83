"""
One run: the stages in their order, and the loop around them. Read this first.

    cli.py builds a RunPlan and calls `run`
    stages.py         fetch, prepare, execute, collect, publish; clean_up always
    interpreter.py    the actions of the check, one after the other
    directives/*.py   what an action does; commands go through commander.py
    executors/*.py    where a command runs, and what keeps it in
    results.tap and execution.json are there however it ends
"""
from __future__ import annotations

import errno
import json
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.contracts import NOT_OK, OK, ExecutionReport
from checks.description import CheckFileError
from runner import stages
from runner.abort import AbortToken, aborted_after
from runner.artifacts import claim
from runner.directive import DirectiveError
from runner.executor import ExecutorError
from runner.interpreter import ActionError
from runner.limits import LimitsReached
from runner.results import ResultsFile
from runner.stages import NoResultsError, RunPlan, RunState, ToolMissingError
from runner.workspace import WorkspaceError

logger = logging.getLogger(__name__)

#: In this order; `clean_up` follows whatever happens. Each needs what the one before it left.
STAGES: tuple[tuple[str, Callable[[RunState], None]], ...] = (
    ("fetch", stages.fetch),
    ("prepare", stages.prepare),
    ("execute", stages.execute),
    # after a failure too: what was found until then, and what shows why, is kept
    ("collect", stages.collect),
    ("publish", stages.publish),
)
#: Stages that also run after a failed one.
AFTER_FAILURE = frozenset({"collect", "publish"})
REPORT_NAME, STAGES_LOG_NAME = "execution.json", "stages.log"
BUG_EXIT_CODE = 70


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a run is NOT_OK."""

    message: str
    code: str
    exit_code: int
    traceback: str | None = None


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended, for the person or program that started it."""

    report: ExecutionReport
    results: ResultsFile
    failure: Failure | None
    seconds: float


def run(plan: RunPlan, abort: AbortToken) -> RunEnd:
    """Run a check; never raises for what the check, the item or the surroundings do."""
    started, begin = datetime.now(UTC), time.monotonic()
    claim(plan.folder)
    # of an earlier run in the same folder: nobody may take it for this one's
    (plan.folder / REPORT_NAME).unlink(missing_ok=True)
    reached = LimitsReached()
    state = RunState(plan, abort, ResultsFile(plan.folder, plan.input.testcase, plan.limits, reached), reached,
                     begin + plan.check.timeout_seconds)
    stages_log = _StagesLog(plan.folder / STAGES_LOG_NAME)
    failure: Failure | None = None
    seconds = plan.check.timeout_seconds
    words = f"the run was stopped after {seconds:g} s: its time was used up"
    # commands are ended by their own clock; this is for everything else, a little later
    with aborted_after(abort, seconds + plan.limits.grace_seconds + 1, words):
        try:
            for name, stage in STAGES:
                if failure is not None and name not in AFTER_FAILURE:
                    continue
                later = stages_log.run(name, stage, state)
                failure = failure or later
        finally:
            state.is_failed = failure is not None
            problem = stages_log.run("clean_up", stages.clean_up, state)
    failure = failure or problem
    report = _report(state, failure, started, stages_log.entries)
    write_report(plan.folder, report)
    return RunEnd(report, state.results, failure, time.monotonic() - begin)


def write_report(folder: Path, report: ExecutionReport) -> None:
    """Write `execution.json`; a reader sees the whole of it or nothing."""
    part = folder / (REPORT_NAME + ".part")
    part.write_text(json.dumps(report.to_dict(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8",
                    errors="backslashreplace")
    part.replace(folder / REPORT_NAME)


def failure_of(error: BaseException, abort: AbortToken) -> Failure:
    """Return the kind of a failure: the check, its file, the surroundings, or a bug of ours."""
    if abort.is_aborted and not isinstance(error, CheckFileError):
        code = "timed-out" if abort.exit_code == 1 else "aborted"
        return Failure(abort.reason or "aborted", code, abort.exit_code)
    match error:
        case CheckFileError():
            return Failure(str(error), "wrong-check", 2)
        case ActionError() | DirectiveError():
            return Failure(str(error), error.code, error.exit_code)
        case NoResultsError():
            return Failure(str(error), "no-results", 1)
        case ToolMissingError():
            return Failure(str(error), "tool-missing", 3)
        case ExecutorError():
            return Failure(str(error), "executor-failed", 3)
        case WorkspaceError():
            return Failure(str(error), "no-workspace", 3)
        case OSError() if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Failure(f"the disk is full: {error}", "disk-full", 3)
        case OSError():
            return Failure(_os_error(error), "surroundings-failed", 3)
        case _:
            words = f"BUG in the runner: {type(error).__name__}: {error}; please report it with run.log"
            return Failure(words, "bug", BUG_EXIT_CODE, "".join(traceback.format_exception(error)))


def _os_error(error: OSError) -> str:
    """Return what the system refused, and where: the file, or the place in the runner's own code."""
    frames = [at for at in traceback.extract_tb(error.__traceback__) if Path(at.filename).parent.name == "runner"]
    where = f"`{error.filename}`" if error.filename else "".join(
        f"runner/{Path(at.filename).name}:{at.lineno}" for at in frames[-1:])
    more = {errno.EMFILE: "; raise the limit of open files, `ulimit -n`",
            errno.EAGAIN: "; raise the limit of processes, `ulimit -u`"}.get(error.errno or 0, "")
    return f"{where}: {error.strerror or type(error).__name__}{more}"


class _StagesLog:
    """Runs stages, and writes one line for each: when it began, its name, its seconds, how it ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_text("", encoding="utf-8")
        self.entries: list[dict[str, Any]] = []

    def run(self, name: str, stage: Callable[[RunState], None], state: RunState) -> Failure | None:
        """Run one stage; return its failure."""
        when, begin = datetime.now(UTC).isoformat(timespec="milliseconds"), time.monotonic()
        logger.info("stage starts", extra={"stage": name})
        failure: Failure | None = None
        try:
            stage(state)
        except Exception as error:  # every failure of a run ends here and becomes its report
            failure = failure_of(error, state.abort)
            logger.log(logging.ERROR if failure.traceback else logging.WARNING, "stage failed",
                       extra={"stage": name, "code": failure.code, "why": failure.message})
            if failure.traceback:
                logger.error(failure.traceback)
            elif isinstance(error, OSError):
                logger.warning("where it happened", exc_info=error)
        seconds = time.monotonic() - begin
        end = "ok" if failure is None else f"{failure.code}: {' '.join(failure.message.split())[:500]}"
        self.entries.append({"name": name, "seconds": round(seconds, 3), "end": failure.code if failure else "ok"})
        with open(self._path, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{when.replace('+00:00', 'Z')} {name:<8} {seconds:8.3f} s  {end}\n")
        return failure


def _report(state: RunState, failure: Failure | None, started: datetime,
            entries: list[dict[str, Any]]) -> ExecutionReport:
    plan, check = state.plan, state.plan.check
    details = dict(state.details) | {"stages": entries, "results": state.results.count}
    if state.interpreter is not None:
        details["actions"] = [done.to_dict() for done in state.interpreter.done]
    if state.results.worst:
        details["worst_outcome"] = str(state.results.worst)
    if state.reached.sentences:
        details["limits"] = state.reached.lines()
    if check.version:
        details["check_version"] = check.version
    if failure is not None and failure.traceback:
        details["traceback"] = failure.traceback
    status = failure.message if failure else _success(state)
    return ExecutionReport(
        NOT_OK if failure else OK, status[:60_000], plan.input.item, plan.input.item_type, plan.input.build_id,
        str(check.path), plan.input.testcase, plan.input.arch, failure.exit_code if failure else 0,
        failure.code if failure else "ok", _iso(started), _iso(datetime.now(UTC)), plan.executor.name, details)


def _success(state: RunState) -> str:
    count = state.results.count
    return f"the check ran to its end and gave {count} result{'' if count == 1 else 's'}"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
