"""Brings a check that lives in a repository to the worker: from the master's mirror, never from the hosting site."""
from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from buildbot.process.remotecommand import RemoteCommand
from buildbot.process.remotetransfer import FileReader
from buildbot.process.results import SUCCESS
from twisted.internet import defer, threads

from buildbot_master.parts.hand_over import Run
from buildbot_master.parts.mirrors import Mirrors, Wanted
from buildbot_master.parts.settings import Settings

#: Bytes a message of the transfer.
_BLOCK_BYTES = 256 * 1024


def wanted_repository(settings: Settings, build: Any, run: Run) -> Wanted | None:
    """Return where the check lives: the job says it (a discovered check), or the settings; None for the library."""
    repository = build.getProperty("check_repository")
    if repository:
        return Wanted(str(repository), str(build.getProperty("check_revision") or "HEAD"),
                      str(build.getProperty("check_folder") or "").strip("/"))
    named = settings.repositories.get(run.taskname)
    return Wanted(named) if named else None


@defer.inlineCallbacks
def fetch_check(step: Any, settings: Settings, wanted: Wanted, target: str) -> Any:
    """
    Put the check into `target` on the worker (relative to the build's folder); return True where that worked.

    Raises MirrorError. The revision that is run becomes the build's property.
    """
    mirrors = Mirrors(settings.path(settings.mirrors_folder), settings.repository_prefixes)
    mirrors.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".archive-", dir=mirrors.folder) as folder:
        archive = Path(folder) / "check.tar"
        revision = yield threads.deferToThread(mirrors.archive, wanted, archive)
        step.setProperty("check_revision", revision, "Mirror")
        with archive.open("rb") as file:
            done = yield _send(step, file, f"{target}.tar")
    if not done:
        return False
    command = yield step.makeRemoteShellCommand(
        stdioLogName="fetch check", timeout=60, maxTime=120,
        command=["sh", "-c", 'mkdir -p "$1" && tar --no-same-owner --no-same-permissions -xf "$1.tar" -C "$1" '
                 '&& rm -f "$1.tar"', "sh", target])
    yield step.runCommand(command)
    return command.rc == 0


@defer.inlineCallbacks
def _send(step: Any, file: Any, target: str) -> Any:
    command = RemoteCommand("downloadFile", {
        "workdir": step.build.workdir, "workerdest": target, "reader": FileReader(file), "maxsize": None,
        "blocksize": _BLOCK_BYTES, "mode": 0o600}, decodeRC={0: SUCCESS, None: SUCCESS})
    yield step.runCommand(command)
    return command.rc in (0, None)
