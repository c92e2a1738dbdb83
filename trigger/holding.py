"""
The loop beside the consumer that lets waiting jobs go (held.py).

Each round looks at every job that is due. One that cannot be started, or whose
needs cannot be told, stops no other: it stays, and the round goes on.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from checks.contracts import Job
from trigger import ended_here
from trigger.ended_here import EndedHere
from trigger.held import Held, HeldJobs
from trigger.journal import CANCELLED, REFUSED, SCHEDULED, Journal
from trigger.links import CheckLinks, Link, Translate, plug
from trigger.quota import LaunchLimit, wait_seconds, why_waiting
from trigger.scheduler import JobRefusedError, Scheduler, SchedulerAwayError, SchedulerStoppedError
from trigger.store import Store, StoreAwayError
from trigger.stores.directory import DirectoryStore
from trigger.stores.memory import MemoryStore

logger = logging.getLogger(__name__)

#: Seconds between rounds.
ROUND_SECONDS = 1.0


@dataclass
class Holding:
    """Looks after waiting jobs. `done` and `success` are the stores of ended runs; empty where no database is known."""

    held: HeldJobs
    scheduler: Scheduler
    journal: Journal
    done: Store = field(default_factory=MemoryStore)
    success: Store = field(default_factory=MemoryStore)
    limit: Callable[[], LaunchLimit | None] = lambda: None
    clock: Callable[[], float] = time.time
    #: Told of jobs that never run.
    ended: EndedHere | None = None
    #: build id -> why it waits, as of the last round.
    waiting: dict[str, str] = field(default_factory=dict)

    def update(self) -> bool:
        """Let go what may go; True where anything was done or anything waits."""
        waiting: dict[str, str] = {}
        did = False
        for held in self.held.due():
            try:
                if lost := self._lost_need(held):
                    self._give_up(held, lost)
                    continue
                why = self._why_waiting(held)
                if why:
                    waiting[held.job.build_id] = why
                    continue
                self._launch(held)
                did = True
            except (StoreAwayError, SchedulerAwayError) as error:
                waiting[held.job.build_id] = str(error)
        self._tell(waiting)
        return did or bool(waiting)

    def run(self, stopped: threading.Event) -> None:
        """Update until stopped. A bug in one round is logged, and the next round tries again."""
        while not stopped.wait(ROUND_SECONDS):
            try:
                self.update()
            except SchedulerStoppedError:
                return
            except Exception:
                # The consumer must not lose its waiting jobs for a fault in one of them.
                logger.exception("a round over the waiting jobs failed")

    def _why_waiting(self, held: Held) -> str:
        links = links_of(held, self.done, self.success, DirectoryStore(self.held.folder))
        missing = links.why_waiting(held.job.build_id)
        if missing:
            return "waits for " + ", ".join(missing)
        limit = self.limit()
        if limit is None:
            return ""
        now = self.clock()
        launched = self.journal.launches_since(held.job.taskname, now - limit.window_seconds)
        return why_waiting(limit, held.job.taskname) if wait_seconds(limit, launched, now) > 0 else ""

    def _lost_need(self, held: Held) -> str | None:
        """Return the check that is needed and will never run, None where all may still end."""
        for run in held.needed_runs:
            if any(one.state in (REFUSED, CANCELLED) for one in self.journal.find(run.build_id)):
                return run.check
        return None

    def _give_up(self, held: Held, lost: str) -> None:
        logger.warning("a job is cancelled, because a check that it needs was refused or cancelled", extra={
            "build_id": held.job.build_id, "job": held.job.label, "needs": lost})
        self._tell_ended(held.job, ended_here.CANCELLED,
                         f"cancelled: check `{lost}`, which it needs, was refused or cancelled")
        self.journal.note_job(held.job, held.rule_name, held.message_id, CANCELLED)
        self.held.remove(held.job.build_id)

    def _launch(self, held: Held) -> None:
        job = held.job
        if self.journal.state_of(job.key) == CANCELLED:
            self.held.remove(job.build_id)
            return
        try:
            scheduled = self.scheduler.schedule(job)
        except JobRefusedError as error:
            logger.error("the master refuses a job that had waited; it is noted and not tried again",
                         extra={"build_id": job.build_id, "job": job.label, "why": str(error)})
            self._tell_ended(job, ended_here.REFUSED, f"the master refuses the job: {error}")
            self.journal.note_job(job, held.rule_name, held.message_id, REFUSED)
        else:
            logger.info("job scheduled after waiting", extra={
                "build_id": job.build_id, "job": job.label, "merged": held.merged, "buildset": scheduled.buildset})
            self.journal.note_job(job, held.rule_name, held.message_id, SCHEDULED, scheduled.buildset)
        self.held.remove(job.build_id)

    def _tell_ended(self, job: Job, code: str, why: str) -> None:
        if self.ended is not None:
            self.ended.tell(job, code, why)

    def _tell(self, waiting: dict[str, str]) -> None:
        """Log a reason when it is new, not each second."""
        for build_id, why in waiting.items():
            if self.waiting.get(build_id) != why:
                logger.info("a job waits", extra={"build_id": build_id, "why": why})
        self.waiting = waiting


def links_of(held: Held, done: Store, success: Store, live: Store) -> CheckLinks:
    """Return the links of a waiting job: for each check that it needs, that it has ended and does not wait itself."""
    links = CheckLinks({})
    for run in held.needed_runs:
        other = CheckLinks({
            run.after: Link(success if run.after == "success" else done, is_status=True, inhibits_start=True,
                            required_for_output=True),
            "live": Link(live, is_status=True, inhibits_start=True, inhibits_output=True)})
        links = plug(links, run.check, other, translate=Translate({held.job.build_id: (run.build_id,)}))
    return links
