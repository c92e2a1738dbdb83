"""
Says RUNNING for a run, so that a result that is not there yet is no riddle.

A file `<queue>/progress/<build id>-running.json`, which reporting reads once
and removes. Best effort; a result always counts more. Needs no Buildbot.
"""
from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from buildbot_master.parts.check_files import check_path
from buildbot_master.parts.hand_over import Run
from buildbot_master.parts.settings import Settings
from checks.description import CheckFileError, load_check


def say_running(settings: Settings, queue: Path, run: Run) -> bool:
    """Write the file; False where the check's full name is not known here, or the file cannot be written."""
    path = check_path(settings, run.taskname)
    if not settings.progress or path is None:
        return False
    try:
        testcase = load_check(path).testcase
        folder = queue / "progress"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{run.build_id}-running.part"
        part.write_text(json.dumps({
            "build_id": run.build_id, "item": run.item, "item_type": run.item_type, "testcase": testcase,
            "arch": run.arch, "status": "RUNNING", "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "log_url": settings.log_url(run.build_id)}), encoding="utf-8")
        part.replace(folder / f"{run.build_id}-running.json")
    except (OSError, CheckFileError):
        return False
    return True
