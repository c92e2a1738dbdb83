"""Keeps jobs in memory, or does what a test tells it: the double of every scheduler, and the printer of dry runs."""
from __future__ import annotations

import threading
from collections.abc import Mapping

from checks.contracts import Job
from trigger.scheduler import JobRefusedError, Scheduled, SchedulerStoppedError


class RecordingScheduler:
    """Schedules nothing and remembers everything, once a key."""

    def __init__(self, refuse: Mapping[str, str] | None = None) -> None:
        """`refuse`: the fault to answer with, by name of a check."""
        self.jobs: list[Job] = []
        self._refuse = dict(refuse or {})
        self._numbers: dict[str, int] = {}
        self._stopped = threading.Event()

    def schedule(self, job: Job) -> Scheduled:
        """Remember the job."""
        if self._stopped.is_set():
            raise SchedulerStoppedError
        if fault := self._refuse.get(job.taskname):
            raise JobRefusedError((fault,))
        known = self._numbers.get(job.key)
        if known is not None:
            return Scheduled(job, known, is_new=False)
        self._numbers[job.key] = len(self._numbers) + 1
        self.jobs.append(job)
        return Scheduled(job, self._numbers[job.key])

    def stop(self) -> None:
        """Refuse everything from now on."""
        self._stopped.set()
