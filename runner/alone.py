"""Runs a command for a directive that is used alone, without a run: here, with its log in the given folder."""
from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from runner.abort import AbortToken
from runner.command import Command, CommandResult
from runner.command_log import CMD_LOG_FILENAME, CommandLog
from runner.commander import Commander
from runner.executor import Confinement
from runner.executors.local import LocalInstance
from runner.limits import Limits, LimitsReached
from runner.workspace import Workspace


def run_command_here(folder: Path, abort: AbortToken) -> Callable[[Command], CommandResult]:
    """Return what `DirectiveContext.run_command` is for a directive alone; `cmd-output.log` lies in the folder."""
    instance = LocalInstance(Confinement(Workspace(folder), folder))

    def run(command: Command) -> CommandResult:
        reached = LimitsReached()
        log = CommandLog(folder / CMD_LOG_FILENAME, Limits(), reached)
        try:
            return Commander(instance, log, abort, Limits(), reached).run(command)
        finally:
            log.close()

    os.makedirs(folder, exist_ok=True)
    return run
