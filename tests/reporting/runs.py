"""Finished runs for the tests of reporting: a folder with what a runner leaves, and a record in a queue."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from checks.contracts import ExecutionReport, FinishedRun
from checks.outcome import Outcome
from checks.result import Result
from checks.tap import write_tap

BUILD_ID = "6f9c1f0e-53c0-4b1e-9d7f-5e0c1b3a7d42"
PASSED = Result("xchat-0.5-1.fc20", "koji_build", Outcome.PASSED, "dist.rpmlint", summary="5 errors, 10 warnings")


def execution_report(**changes: Any) -> ExecutionReport:
    """Return the report of a run that worked, with some fields changed."""
    fields: dict[str, Any] = {
        "execution_status": "OK", "status": "ok", "item": "xchat-0.5-1.fc20", "item_type": "koji_build",
        "build_id": BUILD_ID, "check": "rpmlint", "testcase": "dist.rpmlint", "arch": "noarch",
        "started": "2026-11-21T10:00:00+00:00", "ended": "2026-11-21T10:00:05+00:00"}
    return ExecutionReport(**{**fields, **changes})


def make_run(folder: Path, results: Sequence[Result] | str = (PASSED,), **changes: Any) -> FinishedRun:
    """Write the folder of a run; `results`: results, or the text of its TAP."""
    report = execution_report(**changes)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.tap").write_text(results if isinstance(results, str) else write_tap(results), encoding="utf-8")
    (folder / "execution.json").write_text(json.dumps(report.to_dict()), encoding="utf-8")
    return FinishedRun(report.build_id, str(folder), f"http://artifacts.example/{report.build_id}/")


def enqueue(queue: Path, finished: FinishedRun) -> Path:
    """Put a run into the queue as the master does."""
    queue.mkdir(parents=True, exist_ok=True)
    part = queue / f"{finished.build_id}.part"
    part.write_text(json.dumps(finished.to_dict()), encoding="utf-8")
    return part.rename(queue / f"{finished.build_id}.json")
