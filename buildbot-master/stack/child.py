"""One process of the stack: started, watched, ended with everything that it started."""
from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildbot_master.stack.port import is_free

#: Bytes of a log before it is set aside as `<name>.log.1`.
_LOG_LIMIT_BYTES = 20_000_000
#: Seconds: the first pause before a restart.
_FIRST_PAUSE = 0.5
#: A child that lived that long (seconds) failed for a new reason: its next pause is short again.
_STEADY_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Part:
    """What to start, and how to know that it is ready."""

    #: Names the log: `master`.
    name: str
    #: For people: "Buildbot master".
    title: str
    command: tuple[str, ...]
    folder: Path
    #: True when it answers; asked again and again.
    is_ready: Callable[[], bool]
    #: For people, once it is ready: an address.
    address: str = ""
    #: For people: what it waits for although it answers ("for the broker at ..."); empty: nothing.
    waits: Callable[[], str] = lambda: ""
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Seconds between TERM and KILL.
    grace_seconds: float = 15.0
    #: The lowest is stopped first; where equal, the last started.
    stop_order: int = 5
    #: Of the pauses before a restart, each twice the one before.
    longest_pause_seconds: float = 30.0
    #: Where it listens.
    ports: tuple[int, ...] = ()


class Child:
    """The process of one part. Not for use by several threads."""

    def __init__(self, part: Part, log: Path) -> None:
        self.part = part
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None
        self.restarts = 0
        #: Ports of the part that another program had when it was to be started again.
        self.taken_ports: tuple[int, ...] = ()
        self._pause = _FIRST_PAUSE
        self._started = 0.0
        self._start_again_at: float | None = None

    def start(self) -> None:
        """Start the process in a group of its own; it ends when this process ends, however that happens."""
        self.rotate()
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                [*death_with_parent(), *self.part.command], cwd=self.part.folder, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1", **self.part.environment},
                start_new_session=True)
        self._started = time.monotonic()
        self._start_again_at = None

    @property
    def is_running(self) -> bool:
        """True while the process lives."""
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Restart a process that ended, after a pause; return a line for people where something happened."""
        if self.is_running:
            return None
        now = time.monotonic()
        if self._start_again_at is None:
            self._kill_group()
            if now - self._started > _STEADY_SECONDS:
                self._pause = _FIRST_PAUSE
            code = self.process.returncode if self.process else None
            self._start_again_at = now + self._pause
            line = f"{self.part.title} ended ({_shown(code)}); starts again in {self._pause:g} s; its log: {self.log}"
            self._pause = min(self._pause * 2, self.part.longest_pause_seconds)
            return line
        if now < self._start_again_at:
            return None
        self.taken_ports = tuple(port for port in self.part.ports if not is_free(port))
        if self.taken_ports:
            line = (f"{self.part.title} cannot start: port {', '.join(map(str, self.taken_ports))} is taken by another "
                    f"program; looks again in {self._pause:g} s, and a new start of `up` takes another port")
            self._start_again_at = now + self._pause
            self._pause = min(self._pause * 2, self.part.longest_pause_seconds)
            return line
        self.restarts += 1
        self.start()
        return f"{self.part.title} started again"

    def stop(self) -> None:
        """End the process and its group: TERM, then KILL. Safe to call twice."""
        process = self.process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(self.part.grace_seconds)
        self._kill_group()
        process.wait()

    def last_lines(self, count: int = 12) -> str:
        """Return the end of the log, for a message about a part that does not start."""
        try:
            with open(self.log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
                return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-count:])
        except OSError:
            return ""

    def rotate(self) -> None:
        """Set a long log aside. The process writes at the end of the same file, so it may go on running."""
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > _LOG_LIMIT_BYTES:
                shutil.copyfile(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)

    def _kill_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def death_with_parent() -> list[str]:
    """Return the words that make a command end when its parent is killed; none where util-linux is not there."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "TERM", "--"] if found else []


def _shown(code: int | None) -> str:
    if code is None:
        return "not started"
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
