"""
A runner that is warm: one process that has imported everything, and forks for each run.

Most of a short run's processor time is Python's start. On a worker this process
is started once; `<worker>/bin/checkotron` (warm_client.py) hands it working
folder, environment, standard streams and words, and stands for the run from
then on: signals are passed on, and when the client is killed so is the run.
A run has a process, a session and an environment of its own as ever, and ends
when this process does. Where it is away the client starts a plain process.

The socket must lie where no check can see it: in a folder of its owner's only,
below /tmp, which is private in a sandbox.
"""
from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import selectors
import signal
import socket
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from runner.descendants import die_with_parent

#: Bytes of a request: words and environment of a process are at most 2 MiB by Linux's own rule.
_REQUEST_LIMIT_BYTES = 4 << 20
#: Seconds in which a client must have sent its request.
_REQUEST_SECONDS = 5.0
#: Seconds for runs to end by themselves when this process is told to stop.
_GRACE_SECONDS = 20.0
#: What a client may pass on.
_SIGNALS = {b"T": signal.SIGTERM, b"I": signal.SIGINT, b"H": signal.SIGHUP}
#: What runs import; the rest comes when it is used.
_PRELOADED = (
    "runner.cli", "runner.by_command_line", "runner.summary", "runner.all_directives", "runner.all_executors",
    "runner.using", "runner.shell_text", "runner.directives.check_command", "runner.directives.resultsdb",
    "encodings.ascii", "encodings.utf_8_sig",
)


class BadRequestError(Exception):
    """Raised when a client says what cannot be understood; it then starts a plain process."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks for."""

    cwd: bytes
    umask: int
    #: Without the name of the program.
    words: tuple[str, ...]
    environment: dict[bytes, bytes]
    #: Standard input, output and error.
    streams: tuple[int, int, int]


@dataclass(slots=True)
class _Run:
    """A run under way."""

    pid: int
    pidfd: int
    client: socket.socket


class WarmRunner:
    """Serves one socket until it is told to stop. Has one thread, as whoever forks must."""

    def __init__(self, path: Path) -> None:
        # kernels before 5.3 have none: then there is no socket, and runs are plain processes
        os.close(os.pidfd_open(os.getpid()))
        self._selector = selectors.DefaultSelector()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        path.chmod(0o600)
        self._listener.listen(128)
        self._path = path
        self._runs: list[_Run] = []
        self._is_stopping = False

    def serve(self) -> None:
        """Take requests until SIGTERM or the end of standard input; then let the runs end, and end."""
        wake_read, wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        # whoever started us holds the other end: when that ends, however it does, we do
        for descriptor in (wake_read, 0):
            self._selector.register(descriptor, selectors.EVENT_READ, None)
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        while not self._is_stopping:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    self._take()
                elif isinstance(key.data, _Run):
                    self._look(key.data, key.fd)
                elif key.fd == 0 and not os.read(0, 4096):
                    self._stop()
        self._selector.unregister(0)
        self._end_runs(time.monotonic() + _GRACE_SECONDS)

    def _stop(self, *_: object) -> None:
        self._is_stopping = True

    def _end_runs(self, deadline: float) -> None:
        self._listener.close()
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
            # made for the socket alone
            self._path.parent.rmdir()
        for run in self._runs:
            _signal(run, signal.SIGTERM)
        while self._runs:
            for key, _ in self._selector.select(0.1):
                if isinstance(key.data, _Run):
                    self._look(key.data, key.fd)
            if time.monotonic() > deadline:
                for run in self._runs:
                    _signal(run, signal.SIGKILL)

    def _take(self) -> None:
        client, _ = self._listener.accept()
        streams: list[int] = []
        try:
            client.settimeout(_REQUEST_SECONDS)
            request = read_request(client, streams)
            pid = os.fork()
            if pid == 0:
                self._become(request)
        except (BadRequestError, OSError) as error:
            logging.getLogger(__name__).warning("a request is not taken: %s", error)
            client.close()
            return
        finally:
            for descriptor in streams:
                os.close(descriptor)
        try:
            run = _Run(pid, os.pidfd_open(pid), client)
        except OSError:
            # too many open files: the client starts a plain process instead
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            client.close()
            return
        self._runs.append(run)
        with contextlib.suppress(OSError):
            client.sendall(b"+")
        client.settimeout(None)
        self._selector.register(client, selectors.EVENT_READ, run)
        self._selector.register(run.pidfd, selectors.EVENT_READ, run)

    def _look(self, run: _Run, descriptor: int) -> None:
        """The client said something or went away, or the run has ended."""
        if run not in self._runs:
            return
        if descriptor == run.pidfd:
            self._finish(run)
            return
        try:
            said = run.client.recv(16)
        except OSError:
            said = b""
        if not said:
            # killed: the run is not to outlive what stands for it
            self._selector.unregister(run.client)
            _signal(run, signal.SIGKILL)
        for number in range(len(said)):
            if found := _SIGNALS.get(said[number:number + 1]):
                _signal(run, found)

    def _finish(self, run: _Run) -> None:
        _, status = os.waitpid(run.pid, 0)
        with contextlib.suppress(KeyError):
            self._selector.unregister(run.client)
        self._selector.unregister(run.pidfd)
        os.close(run.pidfd)
        with contextlib.suppress(OSError):
            run.client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
        run.client.close()
        self._runs.remove(run)

    def _become(self, request: Request) -> NoReturn:
        """In the fork: be what a process of its own would be."""
        parent = os.getppid()
        try:
            os.setsid()
            die_with_parent(signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(3)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            for target, descriptor in enumerate(request.streams):
                os.dup2(descriptor, target)
            # the socket, the selector, the other clients
            os.closerange(3, _highest_descriptor() + 1)
            os.chdir(request.cwd)
            os.umask(request.umask)
            os.environb.clear()
            os.environb.update(request.environment)
            _open_streams()
            code = _run_command_line(request.words)
        except BaseException as error:
            os.write(2, f"checkotron: bug in the warm runner: {type(error).__name__}: {error}\n".encode())
            code = 70
        os._exit(code)


def read_request(client: socket.socket, streams: list[int]) -> Request:
    """
    Read a request: 4 bytes of length, then fields with a NUL between them.

    `streams` gets every descriptor that came, for the caller to close. Raises BadRequestError, OSError.
    """
    if _uid_of(client) != os.geteuid():
        raise BadRequestError("the client belongs to another user")
    head, found, _, _ = socket.recv_fds(client, 4, 8)
    streams.extend(found)
    while len(head) < 4:
        head += _some(client, 4 - len(head))
    size = int.from_bytes(head, "big")
    if size > _REQUEST_LIMIT_BYTES or len(found) != 3:
        raise BadRequestError(f"a request of {size} bytes with {len(found)} descriptors")
    data = b""
    while len(data) < size:
        data += _some(client, size - len(data))
    try:
        cwd, umask, count, *rest = data.split(b"\0")
        words = tuple(os.fsdecode(word) for word in rest[:int(count)])
        pairs = (pair.split(b"=", 1) for pair in rest[int(count):] if pair)
        given, out, err = found
        return Request(cwd, int(umask), words, {name: value for name, value in pairs if name}, (given, out, err))
    except ValueError as error:
        raise BadRequestError(str(error)) from None


def preload() -> None:
    """Import what runs need, and keep the garbage collector from touching it: forks then share its memory."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def serve(path: Path) -> None:
    """Be a warm runner at that socket, until SIGTERM or the end of standard input."""
    # a group of its own: who kills the worker's lets runs end by themselves
    if os.getpgrp() != os.getpid():
        os.setsid()
    warm = WarmRunner(path)
    preload()
    warm.serve()


def _some(client: socket.socket, size: int) -> bytes:
    got = client.recv(min(size, 1 << 16))
    if not got:
        raise BadRequestError("the client went away in the middle of its request")
    return got


def _uid_of(client: socket.socket) -> int:
    size = struct.calcsize("3i")
    return int(struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))[1])


def _signal(run: _Run, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            # its group too, once it has one
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, number)
        signal.pidfd_send_signal(run.pidfd, number)


def _highest_descriptor() -> int:
    return max((int(name) for name in os.listdir("/proc/self/fd")), default=256)


def _open_streams() -> None:
    """As Python does at its start: output by lines on a terminal, at once where that is asked for."""
    is_unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 (as long as we run)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout.reconfigure(write_through=is_unbuffered)
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr.reconfigure(line_buffering=True)


def _run_command_line(words: tuple[str, ...]) -> int:
    """Return the exit code of `checkotron WORDS`."""
    sys.argv = ["checkotron", *words]
    try:
        importlib.import_module("checkotron").main()
        code: object = 0
    except SystemExit as error:
        code = error.code
    finally:
        logging.shutdown()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
    if isinstance(code, str):
        os.write(2, code.encode() + b"\n")
        return 1
    return code if isinstance(code, int) else 0
