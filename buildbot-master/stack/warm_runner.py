"""
The worker's warm runner: a process that has imported the runner and forks for each run, kept beside the worker.

Buildbot's command stays what it was, `checkotron run ...`: `<worker>/bin` goes
first in PATH, and the `checkotron` there asks the warm runner, or starts a
plain process where that is away. CHECKOTRON_WARM_RUNNER=no turns it off.
"""
from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from twisted.application import service
from twisted.internet import error, protocol
from twisted.python import log

from buildbot_master.stack.master_folder import own_command
from buildbot_master.stack.worker_folder import write_command

#: As in runner/warm_client.py.
VARIABLE = "CHECKOTRON_WARM_RUNNER"
#: Seconds before it is started again, and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0


class WarmRunner(service.Service):  # type: ignore[misc]
    """Keeps the process running as long as the worker does."""

    def __init__(self, worker: str) -> None:
        self._worker = Path(worker)
        self._process: Any = None
        self._pause = _FIRST_PAUSE
        self._waiting: Any = None

    def startService(self) -> None:
        """Start it; commands find it by the environment."""
        super().startService()
        # anew at each start: as this version wants it, and there whatever somebody cleaned
        command = write_command(self._worker)
        os.environ["PATH"] = os.pathsep.join((str(command.parent), os.environ.get("PATH", os.defpath)))
        if os.environ.get(VARIABLE) == "no":
            return
        # a short path, as sockets want it, and one that no sandbox shows
        folder = tempfile.mkdtemp(prefix="checkotron-warm-", dir="/tmp")
        os.environ[VARIABLE] = os.path.join(folder, "socket")
        self._start()

    def stopService(self) -> None:
        """
        Start it no more. It ends when our process has ended, and its runs with it.

        Not before: the master would hear of runs that were terminated, and take that for how their checks end.
        """
        super().stopService()
        if self._waiting is not None:
            self._waiting.cancel()

    def ended(self, reason: Any) -> None:
        """Start it again, a little later each time; meanwhile runs are plain processes."""
        from twisted.internet import reactor

        self._process = None
        if not self.running:
            return
        log.msg(f"the warm runner ended ({reason.getErrorMessage()}); starts again in {self._pause:g} s")
        loop: Any = reactor
        self._waiting = loop.callLater(self._pause, self._start)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _start(self) -> None:
        from twisted.internet import reactor

        self._waiting = None
        words = [*own_command(), "worker", "warm", os.environ[VARIABLE]]
        loop: Any = reactor
        # it ends at the end of its standard input, however we end; a folder that somebody cleaned is made again
        Path(os.environ[VARIABLE]).parent.mkdir(mode=0o700, exist_ok=True)
        self._process = loop.spawnProcess(_Watcher(self), words[0], words, env=None, childFDs={0: "w", 1: 1, 2: 2})


class _Watcher(protocol.ProcessProtocol):  # type: ignore[misc]
    """Tells of the end."""

    def __init__(self, owner: WarmRunner) -> None:
        self._owner = owner

    def processEnded(self, reason: Any) -> None:
        """Called by Twisted."""
        if not reason.check(error.ProcessDone) or self._owner.running:
            self._owner.ended(reason)
