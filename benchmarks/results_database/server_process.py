"""A server under measurement: its port, its processor clock and that of its database, its memory."""
from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.database_server import database_server


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int
    #: "sqlite:///large.db", "postgresql://...": the processes that PostgreSQL runs for the server are measured too.
    database_url: str
    #: What this server's connections to PostgreSQL are called there.
    application_name: str = "checkotron-results"
    _seen: dict[int, float] = field(default_factory=dict)

    def processor_seconds(self) -> float:
        """Return the processor time that the process has used, all threads."""
        return _processor_seconds(self.pid)

    def database_seconds(self) -> float:
        """Return the processor time of the database's processes for this server; 0 on SQLite, which has none."""
        for pid in self._backends():
            self._seen[pid] = _processor_seconds(pid)
        return sum(self._seen.values())

    def _backends(self) -> list[int]:
        if self.database_url.startswith("sqlite"):
            return []
        import psycopg

        with psycopg.connect(self.database_url) as connection:
            rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s AND "
                                      "datname = current_database()", (self.application_name,)).fetchall()
        return [row[0] for row in rows]

    def memory_mib(self) -> float:
        """Return the process's resident memory at its highest."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


def _processor_seconds(pid: int) -> float:
    """Return the clock of clock_getcpuclockid(3): user and system time of all threads."""
    return time.clock_gettime((~pid << 3) | 2)


@contextmanager
def ours(url: str, options: Sequence[str] = ()) -> Iterator[Server]:
    """Start our server."""
    with database_server(url, options) as server:
        yield Server(int(server.url.rpartition(":")[2]), server.process.pid, url)
