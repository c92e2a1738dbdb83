"""From the command line to runs and back: what is said to people and programs, and the exit code."""
from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import click

from checks.build_id import BuildIdError, is_standalone, parse_build_id
from checks.catalogue import UnknownCheckError
from checks.contracts import NOARCH, NOT_OK, ExecutionReport
from checks.description import CheckDescription, CheckFileError
from checks.item import ItemError
from checks.result import Result
from checks.tap import TapReader
from runner.abort import AbortToken, aborted_by_signals
from runner.artifacts import claim
from runner.executor import ExecutorError
from runner.progress import NoProgress, Progress
from runner.run import RunEnd, run, write_report
from runner.run_log import run_log
from runner.run_options import RunOptions, check_of, command_line, expand_arches, plan_of
from runner.stages import RunPlan
from runner.workspace import Workspace

#: By hand, where `exitcode` or --exit-by-outcome asks for it and the outcome is bad.
BAD_OUTCOME = 100


class WrongCallError(click.ClickException):
    """Raised for the user's mistakes: in the command line, in the check file."""

    exit_code = 2


class TryAgainError(click.ClickException):
    """Raised where the surroundings fail before a run begins."""

    exit_code = 3


def carry_out(options: RunOptions) -> int:
    """Do what was asked for, say how it ended, return the exit code."""
    try:
        if options.item_file is not None:
            from runner import many_runs

            return many_runs.run_items(options)
        check = check_of(options)
        if arches := expand_arches(options, check):
            from runner import many_runs

            return many_runs.run_arches(options, arches)
        return _carry_out_one(options, check)
    except (CheckFileError, UnknownCheckError, ItemError, BuildIdError) as error:
        _leave_report(options, str(error), "wrong-check", 2, getattr(error, "draft", None))
        raise WrongCallError(str(error)) from None
    except ExecutorError as error:
        _leave_report(options, str(error), "executor-failed", 3)
        raise TryAgainError(str(error)) from None
    except OSError as error:
        where = error.filename or options.artifacts or "the folder of results"
        raise TryAgainError(f"{where}: {error.strerror or error}") from None


def exit_code_of(end: RunEnd, plan: RunPlan, by_outcome: bool = False) -> int:
    """Return the exit code of the process; only by hand may it tell the outcome."""
    if end.failure is not None:
        return end.failure.exit_code
    if not is_standalone(plan.input.build_id):
        return 0
    if by_outcome and end.results.worst is not None and not end.results.worst.is_ok:
        return BAD_OUTCOME
    asked: int = end.report.details.get("exit_code_asked", 0)
    return asked


def report_to(folder: Path, url: str) -> int:
    """Send the results by reporting, in a process of its own: only that one may hold credentials."""
    from runner.process import run_to_end

    code = run_to_end([sys.executable, "-m", "checkotron", "results", "report", str(folder), "--to", url])
    return 0 if code == 0 else 3


def _carry_out_one(options: RunOptions, check: CheckDescription) -> int:
    if options.dry_run:
        from runner.dry_run import plan_lines

        click.echo("\n".join(plan_lines(plan_of(options, check))))
        return 0
    _look_at_files(options)
    show = _progress(options)
    plan = plan_of(options, check, on_action=show.on_action,
                   on_output=sys.stderr.buffer.write if options.verbose else None,
                   before_clean_up=_shell(show.stop) if options.shell_on_failure else None)
    with AbortToken() as abort, aborted_by_signals(abort), run_log(plan.folder, plan.input), show:
        end = run(plan, abort)
    try:
        _say(end, plan, options)
        sys.stdout.flush()
    except BrokenPipeError:
        # who reads has seen enough (`| head`); what is left to do is done all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if end.failure is not None and end.failure.traceback:
        click.echo(end.failure.traceback, err=True)
    code = exit_code_of(end, plan, options.exit_by_outcome)
    if options.report_url:
        code = code or report_to(plan.folder, options.report_url)
    return code


def _look_at_files(options: RunOptions) -> None:
    """Tell before the run, not after it, that a file cannot be written. Raises WrongCallError."""
    for option, path in (("--junit", options.junit), ("--tap", options.tap if options.tap != "-" else None)):
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise WrongCallError(f"`{option}`: no folder `{Path(path).absolute().parent}`; make it first")


def _progress(options: RunOptions) -> NoProgress:
    is_shown = sys.stderr.isatty() and not (options.quiet or options.verbose)
    return Progress() if is_shown else NoProgress()


def _shell(stop_progress: Callable[[], None]) -> Callable[[Workspace, bool], None]:
    from runner.shell import open_shell

    def on_failure(workspace: Workspace, is_failed: bool) -> None:
        if is_failed:
            stop_progress()
            open_shell(workspace)

    return on_failure


def _say(end: RunEnd, plan: RunPlan, options: RunOptions) -> None:
    """Write the files that were asked for; then the summary, unless stdout is one of them."""
    if options.junit is not None:
        from runner.junit import write_junit

        write_junit(options.junit, end.report, all_results(end), end.seconds)
    if options.tap is not None:
        tap = end.results.path.read_text(encoding="utf-8")
        if options.tap == "-":
            click.echo(tap, nl=False)
        else:
            Path(options.tap).write_text(tap, encoding="utf-8")
    if options.as_json:
        from checks.tap import result_to_dict

        click.echo(json.dumps({"execution": end.report.to_dict(), "folder": str(plan.folder),
                               "again": command_line(options, plan),
                               "results": [result_to_dict(result) for result in all_results(end)]}, indent=2))
    elif not options.quiet:
        import shutil

        from runner.summary import say_summary

        to_stderr = options.tap == "-"

        def say(text: str, **style: object) -> None:
            click.secho(text, err=to_stderr, **style)  # type: ignore[arg-type]

        say_summary(end, plan.folder, command_line(options, plan), say, shutil.get_terminal_size((80, 24)).columns)


def all_results(end: RunEnd) -> Iterator[Result]:
    """Yield every result of the run, from its file: only the first are in memory."""
    with open(end.results.path, "rb") as file:
        yield from TapReader(file, testcase=end.report.testcase)


def _leave_report(options: RunOptions, message: str, code: str, exit_code: int,
                  draft: CheckDescription | None = None) -> None:
    """
    Leave an execution report and an empty result file where a folder was named: no run is without them.

    `draft`: what could be read of the check.
    """
    if options.artifacts is None or options.dry_run:
        return
    try:
        build_id = parse_build_id(options.build_id)
    except BuildIdError:
        build_id = "-1000"
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    try:
        claim(options.artifacts)
        (options.artifacts / "results.tap").write_text("TAP version 13\n1..0\n", encoding="utf-8")
        write_report(options.artifacts, ExecutionReport(
            NOT_OK, message[:60_000], (options.item or "")[:512], (options.item_type or "")[:64], build_id,
            options.check[:4096], _testcase(options.check, draft), NOARCH, exit_code, code, now, now))
    except OSError as error:
        raise TryAgainError(f"{options.artifacts}: cannot be written: {error.strerror}") from None




def _testcase(check: str, draft: CheckDescription | None) -> str:
    """Return the name that a check without a whole file reports under: a path is no name."""
    if draft is not None and draft.name:
        return draft.testcase[:256]
    return Path(check).name.removesuffix(".yml")[:256] or "unknown"
