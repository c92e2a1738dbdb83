"""The recording executor: writes down each command and answers as it was told. For tests and for `--dry-run`."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.abort import AbortToken
from runner.command import ABORTED, EXITED, Command, CommandResult
from runner.executor import Confinement, ExecutorError, Sinks


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recorded command prints, and how it ends."""

    stdout: bytes = b""
    stderr: bytes = b""
    returncode: int = 0


@dataclass
class RecordingExecutor:
    """Keeps every command of every run; answers by the name of the program, else with success and silence."""

    answers: Mapping[str, Answer] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    started: int = 0
    stopped: int = 0
    name: str = "recording"
    confines: bool = True
    can_be_root: bool = True

    def problems(self) -> tuple[str, ...]:
        """Nothing is needed."""
        return ()

    def analyse(self) -> Mapping[str, Any]:
        """There is nothing to say."""
        return {}

    def start(self, confinement: Confinement) -> RecordingInstance:
        """Count the start."""
        self.started += 1
        return RecordingInstance(self)


class RecordingInstance:
    """One run that is only written down."""

    notes: tuple[str, ...] = ()
    python = "python3"

    def __init__(self, executor: RecordingExecutor) -> None:
        self._executor = executor
        self._stopped = False

    def path(self, path: Path) -> Path:
        """Paths are the same."""
        return path

    def run(self, command: Command, sinks: Sinks, abort: AbortToken) -> CommandResult:
        """Write the command down and answer."""
        if self._stopped:
            raise ExecutorError("executor `recording` was stopped before this command; start it again")
        self._executor.commands.append(command)
        if abort.is_aborted:
            return CommandResult(None, ABORTED, 0.0)
        answer = self._executor.answers.get(Path(command.argv[0]).name, Answer())
        for sink, data in ((sinks.stdout, answer.stdout), (sinks.stderr or sinks.stdout, answer.stderr)):
            if data:
                sink(data)
        return CommandResult(answer.returncode, EXITED, 0.0)

    def stop(self) -> None:
        """Count the stop, once."""
        if not self._stopped:
            self._stopped = True
            self._executor.stopped += 1
