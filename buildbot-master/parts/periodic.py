"""A service of the master that looks at something every few seconds."""
from __future__ import annotations

from typing import Any

from buildbot.util.service import BuildbotService
from twisted.internet import defer, task
from twisted.python import log


class Periodic(BuildbotService):  # type: ignore[misc]
    """
    Calls `look` every `interval_seconds` while the master runs; never twice at once.

    A look that fails is logged and tried again at the next one: a loop that ends would leave jobs behind.
    """

    interval_seconds = 5.0
    #: Logged when a look fails: what did not happen.
    failure = "a look failed; tried again soon"
    #: A method; may return a Deferred.
    look: Any
    _loop: Any = None

    def startService(self) -> Any:
        self._loop = task.LoopingCall(self._look)
        self._loop.start(self.interval_seconds, now=False)
        return super().startService()

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._loop is not None and self._loop.running:
            self._loop.stop()
        yield super().stopService()

    @defer.inlineCallbacks
    def _look(self) -> Any:
        try:
            yield self.look()
        except Exception:
            log.err(None, self.failure)
