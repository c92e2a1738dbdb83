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
from twisted.internet import defer

from buildbot_master.parts.periodic import Periodic
from buildbot_master.parts.saying import say

#: Looks in a row at which a job must be without a build.
_LOOKS = 3


class Claims(Periodic):
    """Looks every few seconds."""

    name = "claims"
    interval_seconds = 4.0
    failure = "claimed jobs could not be looked at"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    def startService(self) -> Any:
        #: Build request -> at how many looks it had no build.
        self._without: dict[int, int] = {}
        return super().startService()

    @defer.inlineCallbacks
    def look(self) -> Any:
        """Count the looks at each, and give back those that had enough."""
        rows = yield self.master.data.get(("buildrequests",), filters=[
            resultspec.Filter("claimed", "eq", [True]), resultspec.Filter("complete", "eq", [False])])
        ours = [row["buildrequestid"] for row in rows if row["claimed_by_masterid"] == self.master.masterid]
        running = _running(self.master)
        self._without = {one: self._without.get(one, 0) + 1 for one in ours if one not in running}
        stuck = [one for one, looks in self._without.items() if looks >= _LOOKS]
        if stuck:
            say("jobs without a build are given back", buildrequests=",".join(map(str, stuck)))
            yield self.master.data.updates.unclaimBuildRequests(stuck)


def _running(master: Any) -> Collection[int]:
    """Return the build requests of all builds under way."""
    return {request.id for builder in master.botmaster.builders.values()
            for build in builder.building for request in build.requests}
