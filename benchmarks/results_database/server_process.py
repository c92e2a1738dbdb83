"""A server under measurement: its port, its processor clock, its memory."""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.database_server import database_server


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time that the process has used, all threads (clock_getcpuclockid(3))."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory_mib(self) -> float:
        """Return the process's resident memory at its highest."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


@contextmanager
def ours(url: str, options: Sequence[str] = ()) -> Iterator[Server]:
    """Start our server."""
    with database_server(url, options) as server:
        yield Server(int(server.url.rpartition(":")[2]), server.process.pid)
