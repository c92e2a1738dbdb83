"""
How many jobs may start: a storm of messages must not become a storm of builds. Pure functions.

The concurrency of builds is Buildbot's (locks and slots); this limits the rate
at which jobs of one check are handed over.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LaunchLimit:
    """At most so many launches of one check in any window."""

    launches: int
    window_seconds: float


def wait_seconds(limit: LaunchLimit | None, launched: Sequence[float], now: float) -> float:
    """
    Return how long one more launch must wait: 0 where it may start.

    `launched`: times of earlier launches in seconds, oldest first. With a limit of 2 in 60 s and launches at 10
    and 20, at time 30 the answer is 40: at 70 the launch at 10 is out of the window.
    """
    if limit is None:
        return 0.0
    recent = [when for when in launched if now - limit.window_seconds < when <= now]
    if len(recent) < limit.launches:
        return 0.0
    return max(0.0, recent[-limit.launches] + limit.window_seconds - now)


def why_waiting(limit: LaunchLimit, check: str) -> str:
    """Return the sentence for people."""
    return (f"waits: {check} was started {limit.launches} times in the last {limit.window_seconds:g} s "
            "(`limits` in the rules)")
