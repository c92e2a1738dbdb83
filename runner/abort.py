"""The abort token: set once, by a signal or by the total time, and seen by everything that waits."""
from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Signals that ask for an end, and the exit code of the run each leads to.
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


class AbortedError(Exception):
    """Raised by a signal's handler where nothing else would notice the abort: in the middle of a download."""


class AbortToken:
    """
    Not aborted, then aborted: there is no way back.

    `fileno` becomes readable on abort, so a loop that waits for output wakes
    at once. Use it in a `with`, which closes the two descriptors.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.reason: str | None = None
        self.exit_code = 143
        self._interrupts = False

    def __enter__(self) -> AbortToken:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_aborted(self) -> bool:
        """True from the first call of `abort` on."""
        return self.reason is not None

    def abort(self, reason: str, exit_code: int = 143) -> None:
        """Abort; a second call changes nothing. Safe in a signal handler."""
        if self.reason is None:
            self.reason, self.exit_code = reason, exit_code
            os.write(self._write, b"x")

    @contextmanager
    def interrupting(self, interrupts: bool = True) -> Iterator[None]:
        """Let an abort by a signal raise AbortedError inside the `with`; with False it does not."""
        before, self._interrupts = self._interrupts, interrupts
        try:
            yield
        finally:
            self._interrupts = before

    def interrupt(self) -> None:
        """Raise AbortedError where that was asked for; called by handlers of signals."""
        if self._interrupts:
            self._interrupts = False
            raise AbortedError(self.reason or "aborted")

    def fileno(self) -> int:
        """Return the descriptor that becomes readable on abort."""
        return self._read

    def close(self) -> None:
        """Close the descriptors; harmless when called twice."""
        for descriptor in (self._read, self._write):
            if descriptor >= 0:
                os.close(descriptor)
        self._read = self._write = -1


@contextmanager
def aborted_by_signals(token: AbortToken) -> Iterator[AbortToken]:
    """Let SIGINT, SIGTERM and SIGHUP abort the token inside the `with`; call it in the main thread."""

    def handle(number: int, _: FrameType | None) -> None:
        name = signal.Signals(number).name
        token.abort(f"stopped by {name}", EXIT_CODES[signal.Signals(number)])
        token.interrupt()

    before = {number: signal.signal(number, handle) for number in EXIT_CODES}
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def aborted_after(token: AbortToken, seconds: float, reason: str) -> Iterator[None]:
    """Let the token be aborted when the time is over, whatever runs then; exit code 1. Only in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_: int, __: FrameType | None) -> None:
        token.abort(reason, 1)
        token.interrupt()

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
