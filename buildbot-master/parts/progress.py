"""
Says RUNNING for a run, so that a result that is not there yet is no riddle.

A file `<queue>/progress/<build id>-running.json`, which reporting reads once
and removes. Best effort; a result always counts more. Needs no Buildbot.
"""
from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from buildbot_master.parts.hand_over import Run
from buildbot_master.parts.settings import Settings


def say_running(settings: Settings, queue: Path, run: Run) -> bool:
    """Write the file; False where the check's full name is not known here, or the file cannot be written."""
    if not settings.progress or not run.testcase:
        return False
    try:
        folder = queue / "progress"
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{run.build_id}-running.part"
        part.write_text(json.dumps({
            "build_id": run.build_id, "item": run.item, "item_type": run.item_type, "testcase": run.testcase,
            "arch": run.arch, "status": "RUNNING", "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "log_url": settings.log_url(run.build_id)}), encoding="utf-8")
        part.replace(folder / f"{run.build_id}-running.json")
    except OSError:
        return False
    return True
