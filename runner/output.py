"""What commands print, held to limits: head and tail are kept, the middle is counted; memory stays the same."""
from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import BinaryIO

from checks.quantity import show_bytes
from runner.limits import LimitsReached

#: Kept of each command's beginning even where earlier ones used up the head.
SMALL_HEAD_BYTES = 64 * 1024


class HeadAndTail:
    """Writes the first bytes as they come and the last ones at the end, with a line between that counts the rest."""

    def __init__(self, file: BinaryIO, head_bytes: int, tail_bytes: int) -> None:
        self._file = file
        self.head_left = head_bytes
        self._tail_bytes = tail_bytes
        self._tail: deque[bytes] = deque()
        self._held = 0
        #: Bytes that are in neither part.
        self.dropped = 0
        self.total = 0

    def write(self, data: bytes) -> None:
        """Take one piece of output."""
        self.total += len(data)
        if self.head_left:
            head = data[:self.head_left]
            self._file.write(head)
            self.head_left -= len(head)
            data = data[len(head):]
        if data:
            self._tail.append(data)
            self._held += len(data)
            while self._held - len(self._tail[0]) >= self._tail_bytes:
                self._drop(len(self._tail.popleft()))

    def finish(self) -> None:
        """Write the line and the tail; harmless when called twice."""
        if self._held > self._tail_bytes:
            extra = self._held - self._tail_bytes
            self._tail[0] = self._tail[0][extra:]
            self._drop(extra)
        if self.dropped and self._tail:
            self._file.write(f"\n[... {self.dropped} bytes left out here ...]\n".encode())
        while self._tail:
            self._file.write(self._tail.popleft())
        self._held = 0

    def _drop(self, count: int) -> None:
        self.dropped += count
        self._held -= count


class Capture:
    """Writes to a file up to a size, and counts what does not fit."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        self._file = open(path, "wb", buffering=0)  # noqa: SIM115 - closed by close()
        self._left = limit_bytes
        self.size = 0
        self.dropped = 0

    def write(self, data: bytes) -> None:
        """Take one piece of output."""
        kept = data[:self._left]
        if kept:
            self._file.write(kept)
        self._left -= len(kept)
        self.size += len(kept)
        self.dropped += len(data) - len(kept)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def say_dropped(reached: LimitsReached, what: str, dropped: int) -> None:
    """Tell the report that some output was left out; nothing where none was."""
    if dropped:
        reached.say(f"{what}: {show_bytes(dropped)} left out")
