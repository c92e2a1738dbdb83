"""
Which job starts next, also where twenty thousand wait.

Buildbot 4.3 reads all waiting jobs each time that it looks for one to start,
also when no worker is free. Here it reads a window of the first ones, and the
next window where none of these can start; nothing at all while all are busy.
For each new job Buildbot also reads all that wait, to collapse some with it;
not so here where nothing is ever collapsed.
"""
from __future__ import annotations

from typing import Any

from buildbot.data import buildsets, resultspec
from buildbot.process.buildrequest import BuildRequestCollapser
from buildbot.process.buildrequestdistributor import BasicBuildChooser
from buildbot.util.service import BuildbotService
from twisted.internet import defer

#: Jobs that are read at a time.
_WINDOW = 100


class Chooser(BasicBuildChooser):  # type: ignore[misc]
    """One look for jobs to start: highest priority first, oldest first."""

    def __init__(self, builder: Any, master: Any) -> None:
        super().__init__(builder, master)
        #: Jobs that were read and did not start; they are still the first in the database.
        self._passed_over = 0
        self._is_last = False

    @defer.inlineCallbacks
    def popNextBuild(self) -> Any:
        """Return (worker, job), or (None, None)."""
        if not self.workerpool and not self.preferredWorkers:
            self.workerpool = self.bldr.getAvailableWorkers()
        if not self.workerpool and not self.preferredWorkers:
            return None, None
        worker, job = yield super().popNextBuild()
        if worker:
            self._passed_over -= 1
        return worker, job

    @defer.inlineCallbacks
    def _fetchUnclaimedBrdicts(self) -> Any:
        while not self.unclaimedBrdicts:
            if self._is_last:
                return self.unclaimedBrdicts
            found = yield self.master.data.get(
                ("builders", (yield self.bldr.getBuilderId()), "buildrequests"),
                [resultspec.Filter("claimed", "eq", [False])], order=["-priority", "buildrequestid"],
                limit=_WINDOW, offset=self._passed_over)
            self._is_last = len(found) < _WINDOW
            self._passed_over += len(found)
            self.unclaimedBrdicts = found
        return self.unclaimedBrdicts


class Collapser(BuildRequestCollapser):  # type: ignore[misc]
    """Looks at the waiting jobs only where one of the queues collapses any."""

    def collapse(self) -> Any:
        """Return the jobs that were collapsed."""
        queues = self.master.botmaster.builders.values()
        if any(queue.getCollapseRequestsFn() for queue in queues):
            return super().collapse()
        return defer.succeed([])


class Choosing(BuildbotService):  # type: ignore[misc]
    """Puts our way of choosing in place of Buildbot's."""

    name = "choosing"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        self.master.botmaster.brd.BuildChooser = Chooser
        buildsets.BuildRequestCollapser = Collapser

    def stopService(self) -> Any:
        distributor = self.master.botmaster.brd
        if distributor.BuildChooser is Chooser:
            distributor.BuildChooser = BasicBuildChooser
            buildsets.BuildRequestCollapser = BuildRequestCollapser
        return super().stopService()


def sort_builders(master: Any, builders: list[Any]) -> Any:
    """Return the builders in the order of their turn; where there is one, without asking the database."""
    return builders if len(builders) < 2 else master.botmaster.brd._defaultSorter(master, builders)
