"""
One command: its session, its output, its time, its end, and everything it started.

The only user of `subprocess` in the runner. A command gets a session of its
own; when it ends, is aborted or runs out of time, its whole process group is
ended (TERM, a time of grace, KILL). What left the group by becoming a daemon
is handed to this process by the kernel (PR_SET_CHILD_SUBREAPER) and ended too.
Between the two stands a supervisor, for the case that this process is killed.
One command at a time in a process.
"""
from __future__ import annotations

import errno
import fcntl
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from runner.abort import AbortToken
from runner.descendants import Nursery, die_with_parent
from runner.supervisor import supervise

#: Bytes read at once, and the size asked for each pipe: fewer wake-ups for commands that print much.
CHUNK_BYTES = 1024 * 1024
#: How long the output of a command that has ended is waited for.
DRAIN_SECONDS = 0.5

#: Why no command at all can be started; not that command's fault.
_MACHINE_IS_FULL = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)

EXITED, ABORTED, TIMED_OUT, SILENT, STOPPED = "exited", "aborted", "timed-out", "silent", "stopped"

Sink = Callable[[bytes], None]


class CommandNotFoundError(Exception):
    """Raised when a command cannot be started at all; the text says which and why."""


@dataclass(frozen=True, slots=True)
class ProcessRequest:
    """What to start, and how long it may take."""

    argv: tuple[str, ...]
    cwd: Path
    #: The whole environment: nothing is inherited.
    environment: Mapping[str, str]
    #: Seconds from the start; None: no end.
    timeout_seconds: float | None = None
    #: Seconds without output; None: no end.
    silence_seconds: float | None = None
    #: Seconds between TERM and KILL.
    grace_seconds: float = 5.0
    stdin: Path | None = None
    #: Descriptors the command keeps.
    pass_fds: tuple[int, ...] = ()
    #: Asked after each piece of output: a text ends the command, for the reason it gives.
    stop: Callable[[], str | None] = field(default=lambda: None)
    #: Called in the new process before the command begins; must only use what is ready before the fork.
    before_exec: Callable[[], None] = field(default=lambda: None)
    #: Asked from time to time, with the same meaning as `stop`.
    look: Callable[[], str | None] = field(default=lambda: None)
    #: Seconds between two calls of `look`; None: it is never called.
    look_every_seconds: float | None = None
    #: False for a program whose helpers tidy up after it: podman's monitor.
    sweeps: bool = True
    #: False for a program that ends with its parent, and all it started with it: bubblewrap.
    supervised: bool = True


@dataclass(frozen=True, slots=True)
class ProcessEnd:
    """How a command ended."""

    #: As the shell counts: 128 + signal for a command that a signal ended.
    returncode: int
    #: `exited`, or why it was ended: `aborted`, `timed-out`, `silent`, `stopped`.
    cause: str
    seconds: float
    #: Processes that outlived the command and were ended.
    left_behind: int = 0


def run_process(request: ProcessRequest, stdout: Sink, stderr: Sink | None, abort: AbortToken) -> ProcessEnd:
    """
    Run a command to its end; hand its output to the sinks as it comes. Without `stderr` both streams go to `stdout`.

    When it returns nothing that the command started is alive, however it ended.
    Raises CommandNotFoundError.
    """
    with _lifeline(request.supervised) as alive:
        return _run(request, alive, stdout, stderr, abort)


def _run(request: ProcessRequest, alive: int | None, stdout: Sink, stderr: Sink | None, abort: AbortToken
         ) -> ProcessEnd:
    nursery = Nursery()
    started = time.monotonic()
    process = _start(request, alive, stderr is not None)
    watch = _Watch(request, process, abort, started)
    try:
        with selectors.DefaultSelector() as selector:
            _register(selector, process, stdout, stderr)
            watch.until_exit(selector)
            left_behind = nursery.end(process.pid) if request.sweeps else 0
            watch.drain(selector)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if request.sweeps:
            nursery.end(process.pid)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    code = process.returncode
    return ProcessEnd(128 - code if code < 0 else code, watch.cause, time.monotonic() - started, left_behind)


@contextmanager
def _lifeline(is_wanted: bool) -> Iterator[int | None]:
    """Yield the end of a pipe that a supervisor reads; the other end is this process's alone and ends with it."""
    if not is_wanted:
        yield None
        return
    ends = os.pipe2(os.O_CLOEXEC)
    try:
        yield ends[0]
    finally:
        for end in ends:
            os.close(end)


def _start(request: ProcessRequest, alive: int | None, separate: bool) -> subprocess.Popen[bytes]:
    sys.stdout.flush()

    def before_exec() -> None:
        if alive is None:
            die_with_parent()
        else:
            supervise(alive)
        request.before_exec()

    try:
        with open(request.stdin or os.devnull, "rb") as stdin:
            return subprocess.Popen(
                request.argv, cwd=request.cwd, env=dict(request.environment), stdin=stdin, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if separate else subprocess.STDOUT, bufsize=0, start_new_session=True,
                pass_fds=request.pass_fds, preexec_fn=before_exec,
            )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        if isinstance(error, OSError) and error.errno in _MACHINE_IS_FULL:
            raise
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise CommandNotFoundError(f"`{request.argv[0]}` cannot be started: {why}") from None


def _register(selector: selectors.BaseSelector, process: subprocess.Popen[bytes], stdout: Sink,
              stderr: Sink | None) -> None:
    for stream, sink in ((process.stdout, stdout), (process.stderr, stderr)):
        if stream is None or sink is None:
            continue
        os.set_blocking(stream.fileno(), False)
        _enlarge(stream.fileno())
        selector.register(stream, selectors.EVENT_READ, sink)


def _enlarge(descriptor: int) -> None:
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)
    except OSError:
        # the user's allowance for pipes is used up: the small pipe works as well, only slower
        return


class _Watch:
    """The loop around a running command: output, abort, clocks, exit."""

    def __init__(self, request: ProcessRequest, process: subprocess.Popen[bytes], abort: AbortToken,
                 started: float) -> None:
        self.request, self.process, self.abort = request, process, abort
        self.started = self.last_output = started
        self.cause = EXITED
        self.kill_at: float | None = None
        self._next_look = started + request.look_every_seconds if request.look_every_seconds else None

    def until_exit(self, selector: selectors.BaseSelector) -> None:
        """Return when the command itself has ended."""
        pidfd = os.pidfd_open(self.process.pid)
        selector.register(pidfd, selectors.EVENT_READ, None)
        selector.register(self.abort, selectors.EVENT_READ, None)
        try:
            while True:
                events = selector.select(self._seconds_to_wait())
                self._check_clocks()
                if self.abort.is_aborted and self.cause == EXITED:
                    self._terminate(ABORTED)
                    selector.unregister(self.abort)
                for key, _ in events:
                    if key.data is not None and self._pass_on(key.fd, key.data) is False:
                        selector.unregister(key.fileobj)
                if any(key.fd == pidfd for key, _ in events):
                    self.process.wait()
                    return
        finally:
            selector.unregister(pidfd)
            if self.abort.fileno() in selector.get_map():
                selector.unregister(self.abort)
            os.close(pidfd)

    def drain(self, selector: selectors.BaseSelector) -> None:
        """Read what the ended command had still written."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while selector.get_map() and time.monotonic() < deadline:
            for key, _ in selector.select(DRAIN_SECONDS):
                if self._pass_on(key.fd, key.data) is False:
                    selector.unregister(key.fileobj)

    def _pass_on(self, descriptor: int, sink: Sink) -> bool:
        """Hand one piece of output on; False at its end."""
        try:
            data = os.read(descriptor, CHUNK_BYTES)
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        if not data:
            return False
        self.last_output = time.monotonic()
        sink(data)
        if self.cause == EXITED and self.request.stop():
            self._terminate(STOPPED)
        return True

    def _seconds_to_wait(self) -> float | None:
        ends = list(self._ends())
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _ends(self) -> Iterable[float]:
        if self.kill_at is not None:
            yield self.kill_at
        elif self.cause == EXITED:
            if self.request.timeout_seconds is not None:
                yield self.started + self.request.timeout_seconds
            if self.request.silence_seconds is not None:
                yield self.last_output + self.request.silence_seconds
            if self._next_look is not None:
                yield self._next_look

    def _check_clocks(self) -> None:
        now = time.monotonic()
        request = self.request
        if self.kill_at is not None and now >= self.kill_at:
            self.kill_at = None
            _signal_group(self.process.pid, signal.SIGKILL)
        elif self.cause == EXITED:
            if request.timeout_seconds is not None and now >= self.started + request.timeout_seconds:
                self._terminate(TIMED_OUT)
            elif self._next_look is not None and now >= self._next_look:
                problem = request.look()
                self._next_look = time.monotonic() + (request.look_every_seconds or 0)
                if problem:
                    self._terminate(STOPPED)
            elif request.silence_seconds is not None and now >= self.last_output + request.silence_seconds:
                self._terminate(SILENT)

    def _terminate(self, cause: str) -> None:
        self.cause = cause
        self.kill_at = time.monotonic() + self.request.grace_seconds
        _signal_group(self.process.pid, signal.SIGTERM)


def _signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
    except PermissionError:
        # the group now belongs to another user (the sandbox); its first process ends the others
        os.kill(pid, number)


def run_to_end(argv: list[str], cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> int:
    """Run one of our own programs, or a shell, with this process's terminal; return its exit code."""
    return subprocess.run(argv, cwd=cwd, env={**os.environ, **(environment or {})}, check=False).returncode


def start_own(argv: list[str], stdout: Path) -> subprocess.Popen[bytes]:
    """Start one of our own programs with its output in a file; the caller waits for it."""
    with open(stdout, "wb") as file:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT)
