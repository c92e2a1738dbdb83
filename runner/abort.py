"""The abort token: set once, by a signal or by the total time, and seen by everything that waits."""
from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Signals that ask for an end, and the exit code of the run each leads to.
EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 143}


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

    before = {number: signal.signal(number, handle) for number in EXIT_CODES}
    try:
        yield token
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
