"""
Timers that a clock which is set does not disturb.

Twisted keeps the time of day at which each timer is due. When an operator, or
the network's time after a boot, sets the clock back by an hour, no timer of the
process runs for an hour: no build starts, no connection is tried again. Set
forward, all are due at once: every run has used up its time. With this, timers
move along with the clock. Needs no Twisted itself: it is given a reactor.
"""
from __future__ import annotations

import threading
import time
from typing import Any

#: Seconds by which the clock must have jumped; less is how clocks are corrected all the time.
_JUMP = 1.0
#: On a reactor that was done before.
_ATTRIBUTE = "checkotron_steady_timers"


def keep_timers_steady(reactor: Any) -> None:
    """Let the reactor's timers follow a clock that jumps. Safe to call twice."""
    if getattr(reactor, _ATTRIBUTE, None) is None:
        steady = _SteadyTimers(reactor)
        setattr(reactor, _ATTRIBUTE, steady)
        reactor.seconds = steady.seconds
        reactor.timeout = steady.timeout


class _SteadyTimers:
    """Stands in for what the reactor asks before it looks which timers are due, and how long it may sleep."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._timeout = reactor.timeout
        self._ahead = _ahead()

    def seconds(self) -> float:
        """Return the time of day; where the clock was set since the last call, every timer is moved first."""
        jump = _ahead() - self._ahead
        if abs(jump) > _JUMP and self._reactor.running and _is_reactors_thread():
            self._ahead += jump
            # all by the same: the heap stays one
            for call in (*self._reactor._pendingTimedCalls, *self._reactor._newTimedCalls):
                call.time += jump
        return time.time()

    def timeout(self) -> float | None:
        """Return how long the reactor may sleep; it reads a timer before the clock, which is too late."""
        self.seconds()
        sleep: float | None = self._timeout()
        return sleep


def _ahead() -> float:
    """Return how far the time of day is ahead of the clock that nobody can set."""
    return time.time() - time.monotonic()


def _is_reactors_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
