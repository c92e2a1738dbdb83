"""Keeper: notes every job in the journal, and lets those wait that must (held.py). One a consumer."""
from __future__ import annotations

import logging
import time
from collections.abc import Callable

from trigger import ended_here
from trigger.ended_here import EndedHere
from trigger.held import HeldJobs
from trigger.job_plan import JobPlan
from trigger.journal import HELD, MERGED, REFUSED, SCHEDULED, Journal
from trigger.message import BusMessage
from trigger.progress import ProgressFolder
from trigger.quota import LaunchLimit, wait_seconds
from trigger.scheduler import Scheduled

logger = logging.getLogger(__name__)


class Keeper:
    """Decides which jobs wait; without `held` none does."""

    def __init__(self, journal: Journal, held: HeldJobs | None = None,
                 limit: Callable[[], LaunchLimit | None] = lambda: None,
                 progress: ProgressFolder | None = None, ended: EndedHere | None = None) -> None:
        self.journal = journal
        self._ended = ended
        self._progress = progress
        self._held = held
        self._limit = limit

    def note_message(self, message: BusMessage) -> None:
        """Keep the message for `explain` and `retrigger`."""
        self.journal.note_message(message)

    def note_scheduled(self, plan: JobPlan, message: BusMessage, scheduled: Scheduled) -> None:
        """Note a job that Buildbot has."""
        self.journal.note_job(plan.job, plan.rule_name, message.occurrence, SCHEDULED, scheduled.buildset)
        if scheduled.is_new:
            self._say_queued(plan)

    def note_refused(self, plan: JobPlan, message: BusMessage, why: str) -> None:
        """Note a job that the master refused, and tell who waits for its result."""
        if self._ended is not None:
            self._ended.tell(plan.job, ended_here.REFUSED, f"the master refuses the job: {why}", plan.testcase)
        self.journal.note_job(plan.job, plan.rule_name, message.occurrence, REFUSED)

    def keeps(self, planned: JobPlan, message: BusMessage) -> bool:
        """
        True where the job waits, or was let go before; it is on disk then.

        Raises OSError: it cannot be put on disk.
        """
        if self._held is None or not (planned.delay_seconds or planned.needed_runs or self._is_over_limit(planned)):
            return False
        if self.journal.state_of(planned.job.key) not in (None, REFUSED):
            # Delivered again after it was held, merged or scheduled: the file, or the build, is there already.
            return True
        burst = self._held.add(planned, message.occurrence)
        is_merged = burst is not None and burst.job.key != planned.job.key
        if burst is None:
            self._say_queued(planned)
        self.journal.note_job(planned.job, planned.rule_name, message.occurrence, MERGED if is_merged else HELD)
        logger.info("job is part of one that waits" if is_merged else "job waits", extra={
            "build_id": planned.job.build_id, "job": planned.job.label, "delay_seconds": planned.delay_seconds,
            "needs": ", ".join(run.check for run in planned.needed_runs) or None})
        return True

    def _say_queued(self, plan: JobPlan) -> None:
        if self._progress is not None:
            self._progress.say_queued(plan)

    def _is_over_limit(self, planned: JobPlan) -> bool:
        limit = self._limit()
        if limit is None:
            return False
        now = time.time()
        launched = self.journal.launches_since(planned.job.taskname, now - limit.window_seconds)
        return wait_seconds(limit, launched, now) > 0

