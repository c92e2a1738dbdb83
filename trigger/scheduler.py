"""
The seam to what carries jobs out.

`schedule` is called once a job, from one thread, and returns only when the
job is safe on the other side's disk: the message is acknowledged after that.
Called again with the same key it must not make a second build. It waits as
long as the other side is away or busy, whatever the time, and gives up only
because of a fault of the job itself, because `stop` was called, or after a
patience that its maker has set; then nothing may be left half done. `stop` may
come from any thread, at any time, twice.
"""
from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from checks.contracts import Job


class JobRefusedError(Exception):
    """Raised when the job itself is wrong: trying again cannot help. `.faults` says why."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class SchedulerStoppedError(Exception):
    """Raised when `stop` ended the wait: the job may or may not be scheduled, so the message must come again."""


class SchedulerAwayError(Exception):
    """Raised when the other side has been away for longer than this caller may hold a message: it must come again."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A job that is safe."""

    job: Job
    #: Number of Buildbot's buildset; None where the scheduler has none.
    buildset: int | None = None
    #: False where the key was scheduled before.
    is_new: bool = True


class Scheduler(Protocol):
    """Hands over a job."""

    def schedule(self, job: Job) -> Scheduled:
        """Return when the job is safe. Raises JobRefusedError, SchedulerStoppedError, SchedulerAwayError."""

    def stop(self) -> None:
        """End every wait, now and later."""
