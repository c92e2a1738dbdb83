"""One command of a check: what to run, and how it ended. The words between directives and executors."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from runner.process import ABORTED, EXITED, SILENT, STOPPED, TIMED_OUT

__all__ = ["ABORTED", "EXITED", "INTO_LOG", "INTO_NOTHING", "INTO_STDOUT", "SILENT", "STOPPED", "TIMED_OUT",
           "Command", "CommandResult"]

#: Where stderr goes: the command's log, along with stdout, or nowhere.
INTO_LOG, INTO_STDOUT, INTO_NOTHING = "log", "stdout", "null"


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. Paths are those of this machine; an executor translates them where it must."""

    argv: tuple[str, ...]
    cwd: Path
    #: In addition to the executor's own environment.
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: The file that gets stdout; None: stdout goes to the log.
    capture_stdout: Path | None = None
    stderr: str = INTO_LOG
    stdin: Path | None = None
    #: As root; only executors that say so can.
    as_root: bool = False
    timeout_seconds: float | None = None
    silence_seconds: float | None = None
    #: Further folders that the command may write, and read.
    writable: tuple[Path, ...] = ()
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    #: None where it was ended from outside: aborted, out of time, silent.
    returncode: int | None
    #: EXITED, ABORTED, TIMED_OUT, SILENT or STOPPED.
    cause: str
    seconds: float
    #: Bytes of stdout in the captured file, and bytes that were left out there.
    captured_bytes: int = 0
    dropped_bytes: int = 0
    left_behind: int = 0

    @property
    def aborted(self) -> bool:
        """True where an abort ended it."""
        return self.cause == ABORTED

    @property
    def succeeded(self) -> bool:
        """True where it ended by itself and with 0."""
        return self.cause == EXITED and self.returncode == 0

    @property
    def code(self) -> str:
        """The word for programs where it is the end of a run."""
        return {TIMED_OUT: "timed-out", SILENT: "timed-out", ABORTED: "aborted", STOPPED: "limit-reached"}.get(
            self.cause, "check-crashed")

    def in_words(self, timeout_seconds: float | None = None) -> str:
        """Return how it ended, for a sentence: "ended with exit code 3"."""
        if self.cause == TIMED_OUT:
            limit = f" of {timeout_seconds:g} s" if timeout_seconds else ""
            return f"was stopped after {self.seconds:.1f} s: its time{limit} was used up"
        if self.cause == SILENT:
            return f"was stopped after {self.seconds:.1f} s: it printed nothing for too long"
        if self.cause == ABORTED:
            return f"was aborted after {self.seconds:.1f} s"
        if self.cause == STOPPED:
            return f"was stopped after {self.seconds:.1f} s: a limit was reached"
        if self.returncode is not None and self.returncode > 128:
            return f"was ended by signal {self.returncode - 128}"
        return f"ended with exit code {self.returncode}"
