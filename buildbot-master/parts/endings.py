"""
Jobs that end without a build: cancelled while they waited, or superseded by a newer one.

Each gets its report and its place in reporting's queue, like every other run.
Buildbot announces the end only once, in memory; so at each start the newest
such jobs are looked at again.
"""
from __future__ import annotations

from typing import Any

from buildbot.data import resultspec
from buildbot.process.results import CANCELLED, SKIPPED
from buildbot.util.service import BuildbotService
from twisted.internet import defer, threads
from twisted.python import log

from buildbot_master.parts.build import attempts_of, folders_of
from buildbot_master.parts.check_files import testcase_of
from buildbot_master.parts.hand_over import Ending, Run, hand_over
from buildbot_master.parts.job_properties import facts_of
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings
from checks.build_id import BuildIdError, is_standalone, parse_build_id
from checks.item import ItemError, parse_item

_WORDS = {CANCELLED: "cancelled while it waited for a worker", SKIPPED: "superseded by a newer job for the same item"}
#: Jobs that are looked at again at a start.
_LOOK_BACK = 500


class Endings(BuildbotService):  # type: ignore[misc]
    """Watches for such ends."""

    name = "endings"
    _consumer: Any = None

    def checkConfig(self, settings: Settings) -> None:
        """Nothing to check: the settings were checked when they were read."""

    def reconfigService(self, settings: Settings) -> None:
        self.settings = settings

    @defer.inlineCallbacks
    def startService(self) -> Any:
        yield super().startService()
        self._consumer = yield self.master.mq.startConsuming(self._ended, ("buildrequests", None, "complete"))
        for result in _WORDS:
            rows = yield self.master.data.get(
                ("buildrequests",), limit=_LOOK_BACK, order=("-buildrequestid",), filters=[
                    resultspec.Filter("complete", "eq", [True]), resultspec.Filter("results", "eq", [result])])
            for row in filter(self._is_ours, rows):
                yield self._hand_over(row)

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._consumer is not None:
            yield self._consumer.stopConsuming()
            self._consumer = None
        yield super().stopService()

    def _ended(self, _key: Any, request: Any) -> Any:
        """Called by Buildbot for each job that ends; never raises."""
        if request.get("results") not in _WORDS or not self._is_ours(request):
            return None
        return self._hand_over(request).addErrback(
            lambda failure: log.err(failure, "a job that ended without a build is not handed over; next start it is"))

    def _is_ours(self, request: Any) -> bool:
        """True where this master ended the job: of several, each hears of it, and one hands it over."""
        return bool(request.get("claimed_by_masterid") == self.master.masterid)

    @defer.inlineCallbacks
    def _hand_over(self, request: Any) -> Any:
        builds = yield self.master.data.get(("buildrequests", request["buildrequestid"], "builds"))
        if builds:
            # a build hands itself over
            return
        properties = yield self.master.data.get(("buildsets", request["buildsetid"], "properties"))
        attempts_of(self.master).forget(request["buildrequestid"])
        run = run_of(self.settings, {name: value[0] for name, value in properties.items()})
        if run is None:
            return
        ending = Ending("cancelled", _WORDS[request["results"]], 143, {"buildrequest": request["buildrequestid"]})
        is_new = yield threads.deferToThread(hand_over, folders_of(self.settings), run, ending,
                                             self.settings.log_url(run.build_id))
        if is_new:
            say("job ended without a build", build_id=run.build_id, check=run.taskname, item=run.item,
                why=ending.status)


def run_of(settings: Settings, properties: dict[str, Any]) -> Run | None:
    """Return the run of a job's properties; None for one that a person forced: nobody waits for its result."""
    try:
        build_id = parse_build_id(properties.get("build_id"))
        item = parse_item(properties.get("item", ""), properties.get("item_type", ""))
    except (BuildIdError, ItemError):
        return None
    if is_standalone(build_id):
        return None
    check = str(properties.get("taskname"))
    return Run(item.item, item.item_type, check, str(properties.get("arch")), build_id, testcase_of(settings, check),
               facts_of(properties))
