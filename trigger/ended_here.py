"""
Jobs that end in the trigger: refused by the master, or cancelled while they waited here.

Nobody would ever hear of them: no build, no run. So each gets a run's folder
(`<state>/ended/<build id>/`) with a report that says why, and its file in the
queue of reporting, as if it had been a run: an ERROR or ABORTED in the results
database, an `error` on the bus. The build id is one of its own, because the job
may still run, once its fault is mended and it is replayed.
"""
from __future__ import annotations

import json
import logging
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.build_id import build_id_for
from checks.contracts import NOT_OK, ExecutionReport, FinishedRun, Job
from trigger.transforms.fact import PREFIX

logger = logging.getLogger(__name__)

FOLDER = "ended"
#: Codes of the report; reporting makes ERROR of the first and ABORTED of the second.
REFUSED, CANCELLED = "refused", "cancelled"
#: Seconds that such a folder is kept; reporting reads it within minutes.
_KEPT_SECONDS = 30 * 24 * 3600


class EndedHere:
    """Tells reporting; `queue` is that of `results deliver`, else the one of `up` and of a master's folder."""

    def __init__(self, state: Path, queue: Path | None = None) -> None:
        self._folder = state / FOLDER
        self._queue = queue or state / "queue"

    def tell(self, job: Job, code: str, why: str, testcase: str = "") -> None:
        """
        Write both files; the same job and code give the same files.

        Never raises: what cannot be told is logged, and the message goes on to be parked.
        """
        if not self._queue.is_dir():
            logger.warning("a job never runs and nobody is told: reporting has no queue here; name it with --reports",
                           extra={"build_id": job.build_id, "job": job.label, "queue": str(self._queue)})
            return
        build_id = build_id_for(f"{job.key}!{code}")
        folder = self._folder / build_id
        report = ExecutionReport(
            execution_status=NOT_OK, status=why, item=job.item, item_type=job.item_type, build_id=build_id,
            check=job.taskname, testcase=testcase or job.taskname, arch=job.arch, exit_code=2, code=code,
            ended=datetime.now(UTC).isoformat(timespec="seconds"), details={
                "job": job.build_id, "key": job.key, "facts": {name.removeprefix(PREFIX): value
                                                               for name, value in job.extra.items()
                                                               if name.startswith(PREFIX)}})
        try:
            self._remove_old()
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "results.tap", "TAP version 13\n1..0\n")
            _write(folder / "execution.json", json.dumps(report.to_dict()))
            _write(self._queue / f"{build_id}.json",
                   json.dumps(FinishedRun(build_id, str(folder.absolute())).to_dict()))
        except OSError as error:
            logger.error("that a job never runs could not be told to reporting; its result is missing",
                         extra={"build_id": job.build_id, "job": job.label, "why": str(error)})

    def _remove_old(self) -> None:
        limit = time.time() - _KEPT_SECONDS
        for folder in self._folder.glob("*") if self._folder.is_dir() else ():
            if folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    part: Any = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
