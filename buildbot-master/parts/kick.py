"""Starts waiting builds although new ones keep coming: Buildbot alone waits for a gap of 0.1 s in the stream."""
from __future__ import annotations

from typing import Any

from buildbot.util.service import BuildbotService
from twisted.internet import defer, task
from twisted.python import log

#: Seconds. Also the longest that a delayed second attempt waits too long.
_INTERVAL = 0.3


class Kick(BuildbotService):  # type: ignore[misc]
    """Asks for builds to be started, every 0.3 s (Buildbot pull request 6286 has the starvation)."""

    name = "kick"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    def startService(self) -> Any:
        self._loop = task.LoopingCall(self._kick)
        self._loop.start(_INTERVAL, now=False)
        return super().startService()

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._loop.running:
            self._loop.stop()
        yield super().stopService()

    def _kick(self) -> None:
        try:
            self.master.botmaster.maybeStartBuildsForAllBuilders()
        except Exception:
            # the next one comes in 0.3 s; a loop that ends would stop the master from working
            log.err(None, "waiting builds could not be looked at; tried again at once")
