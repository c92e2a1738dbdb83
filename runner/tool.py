"""
A program of the runner's own: it fetches or builds, outside the surroundings of the check.

For git and sbuild; it gets nothing of the runner's environment but the way to
the network. Commands of a check go through `DirectiveContext.run_command`,
never through this.
"""
from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from runner.abort import AbortToken
from runner.directive import DirectiveError, SurroundingsError
from runner.process import ABORTED, EXITED, STOPPED, CommandNotFoundError, ProcessRequest, run_process

#: Passed on from the runner's environment; nothing else is.
PASSED_ON = ("PATH", "http_proxy", "https_proxy", "no_proxy", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE",
             "SSL_CERT_DIR")
#: Kept of the end of what it printed, for the error.
TAIL_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What to run."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    timeout_seconds: float | None = None
    #: Asked after each piece of output: a text ends the program, and is the reason.
    stop: Callable[[], str | None] = field(default=lambda: None)
    #: For messages, where the first word of `argv` only leads to the program.
    name: str = "program"


@dataclass(frozen=True, slots=True)
class ToolEnd:
    """How it ended."""

    returncode: int
    #: The end of what it printed on both streams.
    tail: str

    @property
    def last_line(self) -> str:
        """The last line that says something, for a sentence."""
        lines = [line.strip() for line in self.tail.replace("\r", "\n").splitlines() if line.strip()]
        return lines[-1][:300] if lines else "it printed nothing"


def run_tool(call: ToolCall, abort: AbortToken, sink: Callable[[bytes], None] | None = None) -> ToolEnd:
    """
    Run the program to its end, whatever its exit code.

    `sink` gets all it prints. Raises DirectiveError: aborted, or stopped for the reason that `stop` gave;
    SurroundingsError: out of time, or it cannot be started.
    """
    tail: deque[bytes] = deque()
    held = 0
    why: list[str] = []

    def take(data: bytes) -> None:
        nonlocal held
        if sink is not None:
            sink(data)
        tail.append(data[-TAIL_BYTES:])
        held += len(tail[-1])
        while held - len(tail[0]) >= TAIL_BYTES:
            held -= len(tail.popleft())

    def stop() -> str | None:
        reason = call.stop()
        if reason:
            why.append(reason)
        return reason

    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    request = ProcessRequest(call.argv, call.cwd, {"LANG": "C.UTF-8", "HOME": str(call.cwd)} | passed_on
                             | dict(call.environment), call.timeout_seconds, stop=stop)
    try:
        end = run_process(request, take, None, abort)
    except CommandNotFoundError as error:
        raise SurroundingsError(f"{error}; install it on this machine", "command-not-found") from None
    if end.cause == ABORTED:
        raise DirectiveError("aborted", "aborted")
    if end.cause == STOPPED:
        raise DirectiveError(why[0], "limit-reached")
    if end.cause != EXITED:
        raise SurroundingsError(f"`{call.name}` was stopped after {end.seconds:.0f} s: its time was used up",
                                "timed-out")
    return ToolEnd(end.returncode, b"".join(tail).decode("utf-8", "replace"))
