"""
Gives jobs back that this master claimed and does not run.

Buildbot 4.3 claims a job before it makes the build; a worker that goes away in
between leaves the job claimed, without a build, until the master starts again.
Should a job be given back that was only slow to start, its second run hands
nothing over: runs are handed over once a build id.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any

from buildbot.data import resultspec
from buildbot.util.service import BuildbotService
from twisted.internet import defer, task
from twisted.python import log

#: Seconds between two looks.
_INTERVAL = 4.0
#: Looks in a row at which a job must be without a build.
_LOOKS = 3


class Claims(BuildbotService):  # type: ignore[misc]
    """Looks every few seconds."""

    name = "claims"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    def startService(self) -> Any:
        #: Build request -> at how many looks it had no build.
        self._without: dict[int, int] = {}
        self._loop = task.LoopingCall(self._look)
        self._loop.start(_INTERVAL, now=False)
        return super().startService()

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._loop.running:
            self._loop.stop()
        yield super().stopService()

    @defer.inlineCallbacks
    def _look(self) -> Any:
        try:
            rows = yield self.master.data.get(("buildrequests",), filters=[
                resultspec.Filter("claimed", "eq", [True]), resultspec.Filter("complete", "eq", [False])])
            ours = [row["buildrequestid"] for row in rows if row["claimed_by_masterid"] == self.master.masterid]
            running = _running(self.master)
            self._without = {one: self._without.get(one, 0) + 1 for one in ours if one not in running}
            stuck = [one for one, looks in self._without.items() if looks >= _LOOKS]
            if stuck:
                log.msg("jobs without a build are given back", buildrequests=stuck)
                yield self.master.data.updates.unclaimBuildRequests(stuck)
        except Exception:
            # the next look comes soon; a loop that ends would leave jobs behind
            log.err(None, "claimed jobs could not be looked at")


def _running(master: Any) -> Collection[int]:
    """Return the build requests of all builds under way."""
    return {request.id for builder in master.botmaster.builders.values()
            for build in builder.building for request in build.requests}
