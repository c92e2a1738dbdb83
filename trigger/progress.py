"""
Says QUEUED for each job, so that a result that is not there yet is no riddle.

A file `<folder>/<build id>-queued.json` a job, which reporting reads once and removes
(`<queue>/progress`). Best effort: what cannot be written is logged, and the job
goes on; a result always counts more.
"""
from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from pathlib import Path

from trigger.job_plan import JobPlan
from trigger.transforms.fact import PREFIX

logger = logging.getLogger(__name__)


class ProgressFolder:
    """Where the files go."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def say_queued(self, plan: JobPlan) -> None:
        """Write the file of a job; nothing for a check whose full name is not known here."""
        if not plan.testcase:
            return
        job = plan.job
        data: dict[str, object] = {
            "build_id": job.build_id, "item": job.item, "item_type": job.item_type, "testcase": plan.testcase,
            "arch": job.arch, "status": "QUEUED", "at": datetime.now(UTC).isoformat(timespec="seconds")}
        facts = {name.removeprefix(PREFIX): value for name, value in job.extra.items() if name.startswith(PREFIX)}
        if facts:
            data["facts"] = facts
        part = self._folder / f".{job.build_id}.part"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(data), encoding="utf-8")
            part.replace(self._folder / f"{job.build_id}-queued.json")
        except OSError as error:
            logger.warning("that a job is queued could not be told",
                           extra={"build_id": job.build_id, "why": str(error)})
