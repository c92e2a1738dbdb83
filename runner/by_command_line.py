"""From the command line to a run and back: the plan, the words for people, the exit code."""
from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from checks.build_id import BuildIdError, is_standalone, parse_build_id
from checks.catalogue import UnknownCheckError, find_check
from checks.contracts import NOARCH, NOT_OK, CheckInput, ExecutionReport
from checks.description import CheckDescription, CheckFileError
from checks.item import ItemError, parse_item, slug
from runner import settings
from runner.abort import AbortToken, aborted_by_signals
from runner.choice import choose_executor
from runner.executor import ExecutorError
from runner.run import RunEnd, run, write_report
from runner.run_log import run_log
from runner.stages import RunPlan


class WrongCallError(click.ClickException):
    """Raised for the user's mistakes: in the command line, in the check file."""

    exit_code = 2


class TryAgainError(click.ClickException):
    """Raised where the surroundings fail before a run begins."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of `checkotron run`, as they were given."""

    check: str
    item: str | None = None
    #: Without it the check's own, where it has only one.
    item_type: str | None = None
    arch: str | None = None
    build_id: str = "-1000"
    executor: str = "auto"
    artifacts: Path | None = None
    koji_store: str | None = None
    report_url: str | None = None
    as_json: bool = False
    verbose: bool = False
    quiet: bool = False


def carry_out(options: RunOptions) -> int:
    """Run the check, say how it ended, return the exit code."""
    try:
        plan = plan_of(options)
    except (CheckFileError, UnknownCheckError, ItemError, BuildIdError) as error:
        _leave_report(options, str(error), "wrong-check", 2)
        raise WrongCallError(str(error)) from None
    except ExecutorError as error:
        _leave_report(options, str(error), "executor-failed", 3)
        raise TryAgainError(str(error)) from None
    except OSError as error:
        raise TryAgainError(f"{error.filename}: {error.strerror}") from None
    with AbortToken() as abort, aborted_by_signals(abort), run_log(plan.folder, plan.input):
        end = run(plan, abort)
    _say(end, plan, options)
    if end.failure is not None and end.failure.traceback:
        click.echo(end.failure.traceback, err=True)
    code = exit_code_of(end, plan)
    if options.report_url:
        code = code or report_to(plan.folder, options.report_url)
    return code


def plan_of(options: RunOptions) -> RunPlan:
    """Return the plan of a run. Raises CheckFileError, UnknownCheckError, ItemError, BuildIdError, ExecutorError."""
    if not options.item:
        raise ItemError("`--item` is missing; say what to check, such as `--item xchat-0.5-1.fc20`")
    check = find_check(options.check, settings.check_folders(os.environ))
    item = parse_item(options.item, options.item_type or (check.item_types or ("koji_build",))[0])
    build_id = parse_build_id(options.build_id)
    arch = options.arch or (check.arches[0] if len(check.arches) == 1 else NOARCH)
    given = CheckInput(item.item, item.item_type, build_id, arch, check.testcase)
    return RunPlan(
        check=check, input=given, folder=(options.artifacts or _new_run_folder(check, given)).absolute(),
        executor=choose_executor(check, options.executor), workspaces=settings.workspaces_folder(os.environ),
        settings=settings.settings_from(os.environ, koji_store=options.koji_store),
        on_output=sys.stderr.buffer.write if options.verbose else None)


def exit_code_of(end: RunEnd, plan: RunPlan) -> int:
    """Return the exit code of the process; only by hand may a check ask for one of its own."""
    if end.failure is not None:
        return end.failure.exit_code
    asked: int = end.report.details.get("exit_code_asked", 0)
    return asked if is_standalone(plan.input.build_id) else 0


def command_line(options: RunOptions, plan: RunPlan) -> list[str]:
    """Return the command that does the same again."""
    words = ["checkotron", "run", options.check, "--item", plan.input.item, "--item-type", plan.input.item_type]
    if plan.input.arch != NOARCH:
        words += ["--arch", plan.input.arch]
    if options.executor != "auto":
        words += ["--executor", options.executor]
    if options.koji_store:
        words += ["--koji-store", options.koji_store]
    return words


def report_to(folder: Path, url: str) -> int:
    """Send the results by reporting, in a process of its own: only that one may hold credentials."""
    from runner.process import run_to_end

    return run_to_end([sys.executable, "-m", "checkotron", "results", "report", str(folder), "--to", url])


def _say(end: RunEnd, plan: RunPlan, options: RunOptions) -> None:
    if options.as_json:
        from checks.tap import result_to_dict

        click.echo(json.dumps({"execution": end.report.to_dict(), "folder": str(plan.folder),
                               "results": [result_to_dict(result) for result in end.results.first]}, indent=2))
    elif not options.quiet:
        import shutil

        from runner.summary import say_summary

        say_summary(end, plan.folder, command_line(options, plan), click.secho,
                    shutil.get_terminal_size((80, 24)).columns)


def _new_run_folder(check: CheckDescription, given: CheckInput) -> Path:
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    name = given.build_id if not is_standalone(given.build_id) else f"{when}-{check.name}-{slug(given.item)}"
    return settings.runs_folder(os.environ) / name


def _leave_report(options: RunOptions, message: str, code: str, exit_code: int) -> None:
    """Leave an execution report and an empty result file where a folder was named: no run is without them."""
    if options.artifacts is None:
        return
    try:
        build_id = parse_build_id(options.build_id)
    except BuildIdError:
        build_id = "-1000"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        options.artifacts.mkdir(parents=True, exist_ok=True)
        (options.artifacts / "results.tap").write_text("TAP version 13\n1..0\n", encoding="utf-8")
        write_report(options.artifacts, ExecutionReport(
            NOT_OK, message[:60_000], (options.item or "")[:512], (options.item_type or "")[:64], build_id,
            options.check[:4096], options.check[:256], NOARCH, exit_code, code, now, now))
    except OSError as error:
        raise TryAgainError(f"{options.artifacts}: cannot be written: {error.strerror}") from None
