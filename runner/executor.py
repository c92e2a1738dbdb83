"""
The seam of executors: what runs the commands of a check, and what keeps them in.

Life cycle, in this order:

1. `problems()` says whether this machine has what the executor needs. It may
   be called at any time and starts nothing that stays.
2. `start(confinement)` prepares the surroundings of one run and returns an
   `Instance`. Before it: the workspace exists. After a failure nothing is left
   behind; it raises ExecutorError.
3. `Instance.run(command, ...)` runs one command at a time, any number of times.
   When it returns, nothing that the command started is alive: also after an
   abort, a time-out, or a command that became a daemon. Output goes to the
   sinks while it runs. It raises ExecutorError where the surroundings fail,
   and CommandNotFoundError where the command cannot be started.
4. `Instance.stop()` removes the surroundings. It is called exactly once for
   each `start`, also after failures and aborts, and is safe when called twice.
   After it every `run` raises ExecutorError.

Calls for one instance never overlap. Different instances share nothing.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from checks.description import Resources
from runner.abort import AbortToken
from runner.command import Command, CommandResult
from runner.workspace import Workspace


class ExecutorError(Exception):
    """Raised when the surroundings of a command fail; not the check's fault, and another try may work."""


@dataclass(frozen=True, slots=True)
class Confinement:
    """What one run is given and allowed."""

    workspace: Workspace
    #: The check's folder, to be read only.
    check_folder: Path
    #: True gives the commands the network.
    network: bool = False
    resources: Resources = field(default_factory=Resources)
    #: The name of the root or image; None: the executor's own.
    image: str | None = None
    #: Seconds between TERM and KILL.
    grace_seconds: float = 5.0
    #: Named caches: the name, and the folder to write.
    caches: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))
    #: Secrets: the name, and the file to read.
    secrets: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Sinks:
    """Where the output of one command goes; without `stderr` both streams go to `stdout`."""

    stdout: Callable[[bytes], None]
    stderr: Callable[[bytes], None] | None
    #: Asked after each piece of output: a text ends the command, for the reason it gives.
    stop: Callable[[], str | None] = field(default=lambda: None)


class Instance(Protocol):
    """The surroundings of one run."""

    def path(self, path: Path) -> Path:
        """Return where the command finds a path of the workspace or of the check's folder."""

    def run(self, command: Command, sinks: Sinks, abort: AbortToken) -> CommandResult:
        """Run one command to its end."""

    def stop(self) -> None:
        """Remove the surroundings."""

    @property
    def python(self) -> str:
        """The Python interpreter that commands find there."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be held on this machine, in sentences: "memory is limited for each process only"."""


class Executor(Protocol):
    """One way of running commands."""

    #: As in `--executor`.
    name: str
    #: True where it keeps code in that is not trusted.
    confines: bool
    #: True where it can run a command as root (of the machine, or of the root it runs in).
    can_be_root: bool

    def problems(self) -> tuple[str, ...]:
        """Return why it cannot work on this machine, each with what to do; empty: it can."""

    def analyse(self) -> Mapping[str, Any]:
        """Return further facts for the worker's capabilities, keys without a prefix."""

    def start(self, confinement: Confinement) -> Instance:
        """Prepare the surroundings of one run."""
