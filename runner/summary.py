"""What a person reads at the end of a run: outcomes, the lines that matter, where the rest lies, how to do it again."""
from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from checks.item import shown
from checks.outcome import Outcome
from checks.quantity import show_seconds
from checks.result import Result
from runner.command_log import CMD_LOG_SEPARATOR
from runner.run import RunEnd

#: Results that are shown one by one, and lines of output of each.
RESULTS_SHOWN, LINES_SHOWN = 20, 8
COLOURS = {Outcome.PASSED: "green", Outcome.INFO: "blue", Outcome.FAILED: "red", Outcome.NEEDS_INSPECTION: "yellow",
           Outcome.ABORTED: "yellow", Outcome.ERROR: "red", Outcome.CRASHED: "red"}
#: Of a log, where a check broke.
LOG_TAIL_BYTES, LOG_LINES_SHOWN = 8192, 12

Say = Callable[..., None]


def say_summary(end: RunEnd, folder: Path, again: list[str], say: Say, width: int = 80) -> None:
    """Say it all; `say` is click.secho."""
    results = sorted(end.results.first, key=lambda result: list(Outcome).index(result.outcome), reverse=True)
    for result in results[:RESULTS_SHOWN]:
        _say_result(result, say, width)
    if end.results.count > RESULTS_SHOWN:
        say(f"  ... and {end.results.count - min(RESULTS_SHOWN, len(results))} more results")
    if end.failure is not None:
        _say_failure(end, folder, say)
    for sentence in end.report.details.get("limits", ())[:10]:
        say(f"  limit: {shown(sentence, 300)}", fg="yellow")
    counts = ", ".join(f"{count} {outcome}" for outcome, count in end.results.counts.items()) or "no results"
    word = "OK" if end.failure is None else f"NOT_OK ({end.failure.code})"
    say(f"{word} in {show_seconds(end.seconds)}: {counts}", bold=True,
        fg="red" if end.failure is not None else None)
    say(f"  all of it:  {folder}")
    if kept := end.report.details.get("workspace"):
        say(f"  workspace:  {kept}")
    say(f"  once more:  {shlex.join(again)}")


def _say_result(result: Result, say: Say, width: int) -> None:
    say(f"{result.outcome}", fg=COLOURS[result.outcome], bold=True, nl=False)
    arch = f" [{shown(result.arch)}]" if result.arch and result.arch != "noarch" else ""
    say(f" {shown(result.sentence, 200)}{arch}")
    if result.summary:
        say(f"  {shown(result.summary, 300)}")
    lines = [line for line in (result.output or "").splitlines() if line.strip()]
    if result.outcome is Outcome.PASSED:
        return
    for line in lines[:LINES_SHOWN]:
        say(f"    {shown(line, max(width - 4, 40))}")
    if len(lines) > LINES_SHOWN:
        say(f"    ... and {len(lines) - LINES_SHOWN} more lines in results.tap")


def _say_failure(end: RunEnd, folder: Path, say: Say) -> None:
    if end.failure is None:
        return
    for index, line in enumerate(end.failure.message.splitlines() or [""]):
        say(("NOT_OK " if index == 0 else "       ") + shown(line, 600), fg="red")
    if end.failure.code in ("wrong-check", "no-workspace"):
        return
    tail = _log_tail(folder / "cmd-output.log")
    if tail:
        say("  the end of cmd-output.log:")
        for line in tail:
            say(f"    {shown(line, 200)}")


def _log_tail(path: Path) -> list[str]:
    """Return the last lines a command printed, without the log's own lines around them."""
    try:
        with open(path, "rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    last = text.rpartition("\ncmd: ")[2]
    printed, _, rest = last.partition("\naborted: ")
    captured = rest.partition(f"{CMD_LOG_SEPARATOR}\n")[2].removesuffix(f"{CMD_LOG_SEPARATOR}\n")
    lines = [line for line in (printed.partition("):\n")[2] + "\n" + captured).splitlines() if line.strip()]
    return lines[-LOG_LINES_SHOWN:]
