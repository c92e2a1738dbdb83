"""
The end of a build: every job leaves a folder that reporting can read, and one file in its queue.

Called from the build's last act, so it also happens when the worker is lost for
good, when somebody presses Stop, or when Buildbot has an error: no job ends
without a result. Nothing here needs Buildbot.
"""
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.build_id import parse_build_id
from checks.contracts import NOT_OK, ContractError, ExecutionReport, FinishedRun

#: Bytes; an execution report is a few thousand.
_REPORT_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Run:
    """The run of one build, as far as the master knows it."""

    item: str
    item_type: str
    taskname: str
    arch: str
    build_id: str
    #: The check's full name, `dist.rpmlint`; empty where it is not known on the master.
    testcase: str = ""
    #: What the event said of the item beside its name, `task_id`: without it readers of the bus do not know a build.
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended where the runner could not say so itself."""

    #: As in ExecutionReport: `worker-lost`, `aborted`, `retries-exhausted`, ...
    code: str
    #: One sentence for people.
    status: str
    exit_code: int
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Folders:
    """Where runs go. All absolute."""

    #: One folder a build id.
    artifacts: Path
    #: One file a run that waits for reporting.
    queue: Path
    #: One empty file a run that was handed over.
    done: Path

    def make(self) -> None:
        """Make those that are missing."""
        for folder in (self.artifacts, self.queue, self.done, self.incoming):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)

    @property
    def incoming(self) -> Path:
        """Holds what is on its way in; on the same file system as `artifacts`, never served."""
        return self.artifacts / ".incoming"


def is_handed_over(folders: Folders, build_id: str) -> bool:
    """True where the run of that build id has ended before: it must not be run and reported twice."""
    name = parse_build_id(build_id)
    return (folders.done / name).exists() or (folders.queue / f"{name}.json").exists()


def put_in_place(folders: Folders, build_id: str, incoming: Path) -> Path:
    """Make what was uploaded the folder of the run; return it. An older attempt's goes."""
    folder = folders.artifacts / parse_build_id(build_id)
    old = folders.incoming / f"{folder.name}.old"
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.replace(old)
    incoming.replace(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def hand_over(folders: Folders, run: Run, ending: Ending, log_url: str | None) -> bool:
    """
    Complete the run's folder and put it into the queue; return False where that was done before.

    `ending` is used only where the runner left no readable `execution.json` of this run.
    """
    if is_handed_over(folders, run.build_id):
        return False
    folders.make()
    folder = folders.artifacts / parse_build_id(run.build_id)
    folder.mkdir(mode=0o755, exist_ok=True)
    if not _has_report(folder, run):
        _write(folder / "execution.json", _report(run, ending).to_dict())
    if not (folder / "results.tap").is_file():
        _replace(folder / "results.tap", b"TAP version 13\n1..0\n")
    finished = FinishedRun(run.build_id, str(folder), log_url)
    _write(folders.queue / f"{run.build_id}.json", finished.to_dict())
    (folders.done / run.build_id).touch()
    return True


def _has_report(folder: Path, run: Run) -> bool:
    """True where the runner left a report of this very run; a check cannot leave that of another."""
    path = folder / "execution.json"
    try:
        if path.stat().st_size > _REPORT_LIMIT_BYTES:
            return False
        report = ExecutionReport.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError, ContractError):
        return False
    return (report.build_id, report.item, report.item_type) == (run.build_id, run.item, run.item_type)


def _report(run: Run, ending: Ending) -> ExecutionReport:
    details = {**ending.details, **({"facts": dict(run.facts)} if run.facts else {})}
    return ExecutionReport(
        execution_status=NOT_OK, status=ending.status, item=run.item, item_type=run.item_type, build_id=run.build_id,
        check=run.taskname, testcase=run.testcase or run.taskname, arch=run.arch, exit_code=ending.exit_code,
        code=ending.code, ended=datetime.now(UTC).isoformat(timespec="seconds"), details=details)


def _write(path: Path, data: dict[str, Any]) -> None:
    _replace(path, (json.dumps(data, indent=2) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    """Write so that a reader, and a machine that loses its power, sees the old or the new content."""
    part = path.with_name(f".{path.name}.part")
    with open(part, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)
