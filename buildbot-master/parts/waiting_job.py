"""One job that no worker has taken, and why."""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WaitingJob:
    """One job that no worker has taken."""

    buildrequest: int
    item: str
    item_type: str
    taskname: str
    arch: str
    build_id: str
    #: Seconds since it came.
    waits_seconds: int
    priority: int
    #: `worker, worker: reason`; what all workers of the list have in common stands once.
    reasons: tuple[str, ...]
    #: No worker can ever run it: seconds until it is refused for that. None: it waits.
    refused_in_seconds: int | None = None
