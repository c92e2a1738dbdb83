"""The local executor: commands run on this machine as this user, with nothing between. For checks that are trusted."""
from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.abort import AbortToken
from runner.command import EXITED, Command, CommandResult
from runner.executor import Confinement, ExecutorError, Sinks
from runner.process import ProcessRequest, run_process

#: Never handed to a check, whatever the name before them: `GITHUB_TOKEN`, `PGPASSWORD`, `AWS_SECRET_ACCESS_KEY`.
SECRET_ENDINGS = ("TOKEN", "PASSWORD", "PASSWD", "SECRET", "_KEY", "CREDENTIALS", "APIKEY")


class LocalExecutor:
    """Runs commands as they are."""

    name = "local"
    confines = False
    can_be_root = os.geteuid() == 0

    def problems(self) -> tuple[str, ...]:
        """Nothing is needed."""
        return ()

    def analyse(self) -> Mapping[str, Any]:
        """Return whether commands can run as root."""
        return {"root": self.can_be_root}

    def start(self, confinement: Confinement) -> LocalInstance:
        """Return the surroundings: this machine."""
        return LocalInstance(confinement)


class LocalInstance:
    """This machine, for one run."""

    def __init__(self, confinement: Confinement) -> None:
        self._confinement = confinement
        self._stopped = False

    @property
    def python(self) -> str:
        """This process's own interpreter, with everything installed beside it."""
        return sys.executable

    @property
    def notes(self) -> tuple[str, ...]:
        """Say which limits the check asked for and nobody holds."""
        asked = self._confinement.resources
        names = [name for name in asked.__dataclass_fields__ if getattr(asked, name) is not None]
        words = ", ".join(name.split("_")[0] for name in names)
        return (f"executor `local` holds no limit on {words}",) if names else ()

    def path(self, path: Path) -> Path:
        """Paths are the same."""
        return path

    def run(self, command: Command, sinks: Sinks, abort: AbortToken) -> CommandResult:
        """Run one command to its end."""
        if self._stopped:
            raise ExecutorError("executor `local` was stopped before this command; start it again")
        if command.as_root and os.geteuid() != 0:
            raise ExecutorError("`as_root` needs an executor that can be root; run as root, or choose another executor")
        request = ProcessRequest(
            command.argv, command.cwd, inherited(os.environ) | dict(command.environment), command.timeout_seconds,
            command.silence_seconds, self._confinement.grace_seconds, command.stdin, stop=sinks.stop)
        end = run_process(request, sinks.stdout, sinks.stderr, abort)
        return CommandResult(end.returncode if end.cause == EXITED else None, end.cause, end.seconds,
                             left_behind=end.left_behind)

    def stop(self) -> None:
        """Nothing is left to remove."""
        self._stopped = True


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without what looks like a credential."""
    return {name: value for name, value in environ.items() if not name.upper().endswith(SECRET_ENDINGS)}
