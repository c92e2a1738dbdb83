"""Many runs of one check: for each item of a file, or each arch of its matrix; each in a process of its own."""
from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from checks.contracts import OK, ExecutionReport
from checks.item import ItemError, shown, slug
from checks.quantity import show_seconds
from checks.tap import TapReader, TapWriter
from runner import settings
from runner.abort import AbortToken, aborted_by_signals
from runner.process import start_own
from runner.run import write_report
from runner.run_options import RunOptions

_ITEM_FILE_BYTES = 64 * 1024 * 1024
_POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Cell:
    """One of many runs."""

    item: str
    item_type: str | None
    arch: str | None
    folder: Path

    @property
    def label(self) -> str:
        """Names the run in the table."""
        return f"{shown(self.item, 60)}{f' [{self.arch}]' if self.arch else ''}"


@dataclass(frozen=True, slots=True)
class CellEnd:
    """How one of many runs ended."""

    cell: Cell
    exit_code: int
    seconds: float
    report: ExecutionReport | None


def run_items(options: RunOptions) -> int:
    """Run the check on every item of `--item-file`; return the highest exit code."""
    if options.item is not None or options.item_file is None:
        raise ItemError("`--item` and `--item-file` do not go together; keep one of the two")
    folder = options.artifacts or settings.runs_folder(os.environ) / datetime.now(UTC).strftime("%Y%m%d-%H%M%S-many")
    cells = list(_cells_of(options.item_file, options, folder.absolute()))
    if not cells:
        raise ItemError(f"{options.item_file}: has no item; expected one a line, such as `xchat-0.5-1.fc20`")
    return _finish(_run_all(options, cells), folder, options)


def run_arches(options: RunOptions, arches: tuple[str, ...]) -> int:
    """Run the check once for each architecture; the folder gets all results together."""
    if not options.item:
        raise ItemError("`--item` is missing; say what to check")
    when = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-matrix")
    folder = (options.artifacts or settings.runs_folder(os.environ) / when).absolute()
    cells = [Cell(options.item, options.item_type, arch, folder / arch) for arch in arches]
    ends = _run_all(options, cells)
    _join(ends, folder)
    return _finish(ends, folder, options)


def _cells_of(path: Path, options: RunOptions, folder: Path) -> Iterator[Cell]:
    """Yield a cell for each line: an item with its type and arch, or a JSON object with these keys."""
    try:
        text = path.read_text(encoding="utf-8") if str(path) != "-" else sys.stdin.read(_ITEM_FILE_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        raise ItemError(f"{path}: cannot be read: {error}") from None
    seen: Counter[str] = Counter()
    for number, line in enumerate(text[:_ITEM_FILE_BYTES].splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        words = _words_of(line, f"{path}:{number}")
        item, item_type, arch = [*words, None, None, None][:3]
        name = slug(f"{item}-{arch}" if arch else str(item))
        seen[name] += 1
        yield Cell(str(item), item_type or options.item_type, arch or options.arch,
                   folder / (name if seen[name] == 1 else f"{name}-{seen[name]}"))


def _words_of(line: str, where: str) -> list[str | None]:
    if not line.startswith("{"):
        words: list[str | None] = list(line.split())
        if len(words) > 3:
            raise ItemError(f"{where}: `{shown(line)}` has more than an item, a type and an arch")
        return words
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ItemError(f"{where}: not valid JSON: {error}") from None
    if not isinstance(data.get("item"), str):
        raise ItemError(f"{where}: has no `item`")
    return [data["item"], data.get("item_type") or data.get("type"), data.get("arch")]


def _run_all(options: RunOptions, cells: list[Cell]) -> list[CellEnd]:
    """Run all, at most `jobs` at once; a person sees each end as it comes."""
    waiting, ends = list(reversed(cells)), []
    running: dict[Any, tuple[Cell, float]] = {}
    is_told = False
    with AbortToken() as abort, aborted_by_signals(abort):
        while running or (waiting and not abort.is_aborted):
            if abort.is_aborted and not is_told:
                # once: each run ends by itself then, and leaves its report
                is_told = True
                waiting.clear()
                for process in running:
                    process.terminate()
            while waiting and len(running) < max(1, options.jobs):
                cell = waiting.pop()
                cell.folder.mkdir(parents=True, exist_ok=True)
                running[start_own(_argv(options, cell), cell.folder / "summary.txt")] = (cell, time.monotonic())
            for process in [process for process in running if process.poll() is not None]:
                cell, started = running.pop(process)
                end = CellEnd(cell, process.returncode, time.monotonic() - started, _report_in(cell.folder))
                ends.append(end)
                _say_end(end, len(ends), len(cells), options)
            time.sleep(_POLL_SECONDS)
    return ends


def _argv(options: RunOptions, cell: Cell) -> list[str]:
    words = [sys.executable, "-m", "checkotron", "run", options.check, "--item", cell.item, "--artifacts",
             str(cell.folder), "--executor", options.executor]
    for option, value in (("--item-type", cell.item_type), ("--arch", cell.arch), ("--koji-store", options.koji_store),
                          ("--report", options.report_url), ("--build-id", options.build_id),
                          ("--check-repository", options.check_repository),
                          ("--check-revision", options.check_revision)):
        if value:
            words += [option, str(value)]
    words += [f"--fact={fact}" for fact in options.facts]
    words += [f"--parameter={parameter}" for parameter in options.parameters]
    return words + (["--keep"] if options.keep else [])


def _report_in(folder: Path) -> ExecutionReport | None:
    try:
        return ExecutionReport.from_dict(json.loads((folder / "execution.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _say_end(end: CellEnd, number: int, total: int, options: RunOptions) -> None:
    if options.quiet or options.as_json:
        return
    report = end.report
    word = "NOT_OK" if report is None or not report.is_ok else str(report.details.get("worst_outcome", "OK"))
    colour = {"PASSED": "green", "INFO": "blue", "OK": "green"}.get(word, "red")
    click.secho(f"[{number}/{total}] ", nl=False, dim=True)
    click.secho(f"{word:<16}", fg=colour, nl=False)
    click.echo(f" {end.cell.label}  {show_seconds(end.seconds)}")
    if report is None or not report.is_ok:
        click.echo(f"    {shown(report.status if report else 'the run left no report', 200)}")


def _finish(ends: list[CellEnd], folder: Path, options: RunOptions) -> int:
    worked = sum(end.exit_code in (0, 100) for end in ends)
    if options.as_json:
        click.echo(json.dumps({"folder": str(folder), "runs": [
            {"item": end.cell.item, "arch": end.cell.arch, "exit_code": end.exit_code, "folder": str(end.cell.folder),
             "execution": end.report.to_dict() if end.report else None} for end in ends]}, indent=2))
    elif not options.quiet:
        click.secho(f"{worked} of {len(ends)} runs worked", bold=True)
        click.echo(f"  all of it:  {folder}")
    # 100 only says that an outcome is bad; a run that did not work is worse
    codes = [end.exit_code if end.exit_code >= 0 else 128 - end.exit_code for end in ends]
    return max(codes, default=0, key=lambda code: (code != 100, code) if code else (False, 0))


def _join(ends: Iterable[CellEnd], folder: Path) -> None:
    """Write one results.tap and one execution.json for the whole matrix: every result, the worst end."""
    ends = sorted(ends, key=lambda end: end.cell.arch or "")
    count = 0
    with open(folder / "results.tap", "w", encoding="utf-8", errors="backslashreplace") as file, TapWriter(file) as tap:
        for end in ends:
            part = end.cell.folder / "results.tap"
            if part.is_file():
                with open(part, "rb") as source:
                    for result in TapReader(source, testcase=end.report.testcase if end.report else "unknown"):
                        tap.write(result)
                        count += 1
    reports = [end.report for end in ends if end.report is not None]
    if not reports:
        return
    worst = max(reports, key=lambda report: report.exit_code)
    words = f"{len(reports)} runs of the matrix worked" if worst.execution_status == OK else \
        f"{worst.arch}: {worst.status}"
    write_report(folder, ExecutionReport(
        worst.execution_status, words, worst.item, worst.item_type, worst.build_id, worst.check, worst.testcase,
        "noarch", worst.exit_code, worst.code, min(report.started for report in reports),
        max(report.ended for report in reports), worst.executor,
        {"matrix": {report.arch: report.code for report in reports}, "results": count}))
    if (given := ends[0].cell.folder / "input.json").is_file():
        shutil.copyfile(given, folder / given.name)
