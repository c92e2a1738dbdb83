"""Starts the parts in order, says how it goes, keeps them running, and stops them in the right order."""
from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from buildbot_master.stack.child import Child, Part

#: Seconds between two looks.
_LOOK = 0.1
#: Seconds for a part to answer.
_READY_LIMIT = 90.0
#: Seconds that a part which answers has for what it waits for, until `start` goes on without.
_SETTLE_LIMIT = 5.0
#: Seconds between two looks at what parts wait for.
_WAITS_LOOK = 2.0


class StartError(Exception):
    """Raised when a part does not come up; the text ends with the end of its log."""


class PortTakenError(Exception):
    """Raised when a part cannot start because another program has one of its ports."""


class Supervisor:
    """All children. `say` gets each line for people."""

    def __init__(self, parts: Sequence[Part], logs: Path, say: Callable[[str], None],
                 stopping: threading.Event | None = None) -> None:
        """`stopping`: set from outside to make it stop."""
        self.children = [Child(part, logs / f"{part.name}.log") for part in parts]
        self.say = say
        self.stopping = stopping or threading.Event()
        #: What a part waits for, by its title; only those that do.
        self.waiting: dict[str, str] = {}
        self._next_look = 0.0

    def start(self, progress: Callable[[str], None] = lambda title: None) -> None:
        """
        Start every part and wait until it answers, one after the other.

        Raises StartError: one does not answer within 90 s, or ends at once three times; PortTakenError. Returns
        early when told to stop.
        """
        for child in self.children:
            began = time.monotonic()
            progress(child.part.title)
            child.start()
            self._wait(child, began)
            if self.stopping.is_set():
                return
            waits = self._settled(child)
            took = time.monotonic() - began
            self.say(f"{child.part.title:<18} ready in {took:4.1f} s  " +
                     (f"waits {waits}" if waits else child.part.address))

    def keep_running(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what ends, until told to stop or `until` holds."""
        while not self.stopping.is_set() and not until():
            for child in self.children:
                if line := child.watch():
                    self.say(line)
                child.rotate()
            self._look_at_waits()
            self.stopping.wait(_LOOK)

    def stop(self, progress: Callable[[str], None] = lambda title: None) -> None:
        """Stop every part, in its order: none sees a fault because what it needs went before it."""
        for child in sorted(reversed(self.children), key=lambda one: one.part.stop_order):
            if child.process is not None:
                progress(child.part.title)
                child.stop()

    def _wait(self, child: Child, began: float) -> None:
        while not self.stopping.is_set() and not child.part.is_ready():
            # those before it, too: the master answers before it finds the workers' port taken, and ends
            for one in self.children[:self.children.index(child) + 1]:
                self._look(one)
            if time.monotonic() - began > _READY_LIMIT:
                raise StartError(f"{child.part.title} does not answer after {_READY_LIMIT:g} s; its log, {child.log}, "
                                 "ends with:\n" + child.last_lines())
            self.stopping.wait(_LOOK)

    def _settled(self, child: Child) -> str:
        """Return what it still waits for."""
        end = time.monotonic() + _SETTLE_LIMIT
        while (waits := child.part.waits()) and time.monotonic() < end and not self.stopping.wait(_LOOK):
            pass
        if waits:
            self.waiting[child.part.title] = waits
        return waits

    def _look_at_waits(self) -> None:
        """Say what began or ceased to wait."""
        if time.monotonic() < self._next_look:
            return
        for part in (child.part for child in self.children if child.is_running):
            waits = part.waits()
            if waits == self.waiting.get(part.title, ""):
                continue
            self.say(f"{part.title} waits {waits}" if waits else f"{part.title} goes on: {part.address}")
            self.waiting = {title: why for title, why in self.waiting.items() if title != part.title}
            if waits:
                self.waiting[part.title] = waits
        self._next_look = time.monotonic() + _WAITS_LOOK

    def _look(self, child: Child) -> None:
        line = child.watch()
        if line is None:
            return
        if child.taken_ports:
            raise PortTakenError(f"{child.part.title}: port {', '.join(map(str, child.taken_ports))} was taken by "
                                 "another program meanwhile")
        if child.restarts >= 2:
            raise StartError(f"{child.part.title} does not start; its log, {child.log}, ends with:\n"
                             + child.last_lines())
        if not child.is_running:
            self.say(line)


@contextmanager
def stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    """Set the event on Ctrl-C, TERM and HUP; a second one does nothing more, for the stop is under way."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
