"""
Ends the jobs that no worker can ever run, with a report that says why: a result that never comes is a riddle.

A job is refused when each worker of its queue is connected and cannot run it,
and, much later, when the only ones that might are gone for days. While no
worker at all is there nothing is refused: then it is not the job's fault.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any

from buildbot.data import resultspec
from buildbot.process.results import EXCEPTION
from twisted.internet import defer, threads

from buildbot_master.parts.build import attempts_of, folders_of
from buildbot_master.parts.endings import run_of
from buildbot_master.parts.hand_over import Ending, hand_over
from buildbot_master.parts.matching import Matching, question_of
from buildbot_master.parts.periodic import Periodic
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.standing import by_reason, refused_after_seconds, standings
from buildbot_master.parts.waiting import seconds_since

#: Jobs that are looked at in one look, the oldest first.
_JOBS_LIMIT = 500
#: Characters of the reasons in the report.
_WORDS_LIMIT = 2000


class Refusals(Periodic):
    """Looks at the oldest jobs."""

    name = "refusals"
    failure = "waiting jobs could not be looked at; none is refused"

    def checkConfig(self, settings: Settings, matching: Matching) -> None:
        """Nothing to check: the settings were checked when they were read."""

    def reconfigService(self, settings: Settings, matching: Matching) -> None:
        self.settings, self.matching = settings, matching
        self.interval_seconds = max(0.2, min(30.0, settings.refuse_after_seconds / 2 or 30.0))

    @defer.inlineCallbacks
    def look(self) -> Any:
        """Refuse those that are hopeless."""
        rows = yield self.master.data.get(("buildrequests",), limit=_JOBS_LIMIT, order=("buildrequestid",), filters=[
            resultspec.Filter("claimed", "eq", [False]), resultspec.Filter("complete", "eq", [False])])
        elsewhere = yield self._connected_elsewhere()
        for row in rows:
            waits = seconds_since(self.master, row["submitted_at"])
            if 0 < self.settings.refuse_after_seconds <= waits:
                yield self._look_at(row, waits, elsewhere)

    @defer.inlineCallbacks
    def _look_at(self, row: Any, waits_seconds: int, elsewhere: Collection[str]) -> Any:
        builder = yield self.master.data.get(("builders", row["builderid"]))
        found = yield self.master.data.get(("buildsets", row["buildsetid"], "properties"))
        properties = {name: value[0] for name, value in found.items()}
        run = run_of(self.settings, properties)
        if run is None or builder is None:
            return
        question = question_of(row["buildrequestid"], properties.get)
        stand = standings(self.master, self.matching, question, builder["name"])
        limit = refused_after_seconds(stand, self.settings)
        if limit is None or waits_seconds < limit or any(one.worker in elsewhere for one in stand):
            return
        if not (yield self.master.data.updates.claimBuildRequests([question.request])):
            return
        words = "; ".join(by_reason(stand))[:_WORDS_LIMIT]
        ending = Ending("no-worker", f"no worker can run it: {words}", 3, {"buildrequest": question.request})
        yield threads.deferToThread(hand_over, folders_of(self.settings), run, ending,
                                    self.settings.log_url(run.build_id))
        attempts_of(self.master).forget(question.request)
        say("job refused, no worker can run it", build_id=run.build_id, check=run.taskname, item=run.item, why=words)
        yield self.master.data.updates.completeBuildRequests([question.request], EXCEPTION)

    @defer.inlineCallbacks
    def _connected_elsewhere(self) -> Any:
        """Return the workers that other masters have: what they offer is not known here."""
        if not self.settings.multi_master:
            return frozenset()
        rows = yield self.master.data.get(("workers",))
        return frozenset(row["name"] for row in rows
                         if any(one["masterid"] != self.master.masterid for one in row["connected_to"]))
