"""
A build that is never lost: what Buildbot would cancel or repeat without end is put right here.

* A master that is told to stop cancels its builds (Buildbot issue 6029): here they are RETRY and run again.
* A lost worker and surroundings that failed are RETRY: here at most `attempts` times, later each time.
* Whatever way a build ends for good, its run is handed over to reporting before Buildbot notes the end.
"""
from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from buildbot.interfaces import ILatentWorker
from buildbot.process.build import Build
from buildbot.process.results import CANCELLED, EXCEPTION, FAILURE, RETRY, Results, worst_status
from twisted.internet import defer, threads
from twisted.python import log

from buildbot_master.parts.check_files import testcase_of
from buildbot_master.parts.hand_over import Ending, Folders, Run, hand_over, is_handed_over
from buildbot_master.parts.job_properties import facts_of
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings
from checks.build_id import parse_build_id
from checks.item import parse_item

#: What Buildbot says to its builds when the master is told to stop.
_SHUTDOWN = "Master Shutdown"
#: Makes the build ids of builds that people started or repeated.
_BY_HAND = uuid.UUID("0b9f3b62-0f7c-5c52-8d9c-3a6f6e1a54c1")


@dataclass
class Attempts:
    """What the running master knows of failed attempts, by build request. Forgotten at its end: then all may try."""

    #: By the monotonic clock.
    not_before: dict[int, float]
    #: Names of the workers on which it failed.
    workers: dict[int, frozenset[str]]

    def forget(self, request: int) -> None:
        """Drop what is known of a request that has ended."""
        self.not_before.pop(request, None)
        self.workers.pop(request, None)


#: Kept outside of the reloaded parts: a reconfig must not forget it. See `attempts_of`.
_ATTRIBUTE = "checkotron_attempts"


def attempts_of(master: Any) -> Attempts:
    """Return the record of failed attempts that belongs to a running master."""
    found: Attempts | None = getattr(master, _ATTRIBUTE, None)
    if found is None:
        found = Attempts({}, {})
        setattr(master, _ATTRIBUTE, found)
    return found


def folders_of(settings: Settings) -> Folders:
    """Return where runs go."""
    return Folders(settings.path(settings.artifacts_folder), settings.path(settings.queue_folder),
                   settings.path("handed-over"))


class CheckBuild(Build):  # type: ignore[misc]
    """One build of one job; `settings` is set by the factory."""

    settings: Settings
    #: How the runner ended, where it ended at all.
    runner_exit_code: int | None = None
    #: One sentence where the master itself ended the run: `no output for 3600 s`.
    runner_trouble: str | None = None
    _run: Run | None = None
    #: A latent worker could not be started: who starts it may be away for a minute.
    _has_no_worker: bool = False

    @property
    def is_interrupted(self) -> bool:
        """True where the master is stopping: the build runs again, so nothing of it is worth keeping."""
        return bool(self.stopped_reason == _SHUTDOWN)

    @defer.inlineCallbacks
    def run_record(self) -> Any:
        """Return the Run; a build that people started or repeated gets a build id of its own, the same on every try."""
        if self._run is None:
            item = parse_item(self.getProperty("item"), self.getProperty("item_type"))
            build_id = yield self._build_id()
            check = self.getProperty("taskname")
            self._run = Run(item.item, item.item_type, check, self.getProperty("arch") or "noarch", build_id,
                            testcase_of(self.settings, check), facts_of(_values(self)))
        return self._run

    @defer.inlineCallbacks
    def _build_id(self) -> Any:
        given = self.getProperty("build_id")
        folders = folders_of(self.settings)
        buildset = self.requests[0].bsid
        if given and not is_handed_over(folders, given):
            return parse_build_id(given)
        if given:
            row = yield self.master.data.get(("buildsets", buildset))
            if row is None or row["rebuilt_buildid"] is None:
                return parse_build_id(given)
        build_id = str(uuid.uuid5(_BY_HAND, f"{given or 'force'}/{buildset}"))
        self.setProperty("build_id", build_id, "Build")
        return build_id

    @defer.inlineCallbacks
    def startBuild(self, workerforbuilder: Any) -> Any:
        """
        Start; where the worker goes away in the middle of it, let the job run again.

        Buildbot 4.3 logs a "serious error" then, and the job stays claimed by a build that never begins nor ends.
        """
        try:
            yield super().startBuild(workerforbuilder)
        except Exception:
            log.err(None, "a build could not start because its worker went away; its job runs again")
            yield self._give_back(workerforbuilder)

    @defer.inlineCallbacks
    def _give_back(self, workerforbuilder: Any) -> Any:
        if self.finished:
            return
        for request in self.requests:
            self.master.botmaster.remove_in_progress_buildrequest(request.id)
        if self.buildid is not None and getattr(self, "stopBuildConsumer", None) is not None:
            yield self.buildFinished(["worker", "lost"], RETRY)
            return
        # Buildbot has no row of this build yet: only the worker and the job have to be free again
        self.finished, self.results = True, RETRY
        workerforbuilder.buildFinished()
        self.builder.buildFinished(self, workerforbuilder)

    def buildPreparationFailure(self, why: Any, state_string: str) -> Any:
        """Note that there is no worker; Buildbot says why on the build's page."""
        self._has_no_worker = ILatentWorker.providedBy(self.workerforbuilder.worker)
        return super().buildPreparationFailure(why, state_string)

    @defer.inlineCallbacks
    def buildFinished(self, text: list[str], results: int) -> Any:
        """Settle the result, hand the run over, then let Buildbot note the end. Never raises."""
        try:
            results = yield self._settle(worst_status(self.results, results), text)
        except OSError:
            # the disk is full: once more, for nobody has heard of this run yet
            log.err(None, "a run could not be handed over; its job runs again")
            results = RETRY
        except Exception:
            # the end of a build must be noted whatever happens, else its worker is never free again
            log.err(None, "the end of a build could not be settled; its run is not handed over")
            results = EXCEPTION
        if results == EXCEPTION and self.workerforbuilder.worker is None:
            # Buildbot 4.3 would put the worker into quarantine, fail because it is gone, and keep the build for ever
            results = FAILURE
        self.results = results
        if self._run is not None:
            say("build ended, its job runs again" if results == RETRY else "build ended", build_id=self._run.build_id,
                check=self._run.taskname, item=self._run.item, result=Results[results], build=self.buildid)
        yield super().buildFinished(text, results)

    @defer.inlineCallbacks
    def _settle(self, results: int, text: list[str]) -> Any:
        request = self.requests[0].id
        if self.is_interrupted:
            return RETRY
        if results == RETRY:
            rows = yield self.master.data.get(("buildrequests", request, "builds"))
            if len(rows) < self.settings.attempts:
                self._delay(request, len(rows))
                return RETRY
            results = EXCEPTION
            text.append(f"gave up after {len(rows)} attempts")
        attempts_of(self.master).forget(request)
        run = yield self.run_record()
        yield threads.deferToThread(hand_over, folders_of(self.settings), run, self._ending(results),
                                    self.settings.log_url(run.build_id))
        return results

    def _delay(self, request: int, attempts: int) -> None:
        """Note when the next attempt may start; a lost worker is no reason to wait, one that cannot be started is."""
        if self.runner_exit_code is None and not self._has_no_worker:
            return
        delay = min(self.settings.retry_delay_seconds * 2 ** (attempts - 1), 3600)
        known = attempts_of(self.master)
        known.not_before[request] = time.monotonic() + delay
        known.workers[request] = known.workers.get(request, frozenset()) | {self.getWorkerName() or ""}

    def _ending(self, results: int) -> Ending:
        details = {"build": self.buildid, "worker": self.getWorkerName() or "", "master_result": results}
        if results == CANCELLED:
            return Ending("aborted", f"stopped: {self.stopped_reason or 'no reason given'}", 143, details)
        if self.runner_trouble:
            code = {1: "timed-out", 2: "wrong-check", 3: "fetch-failed"}.get(self.runner_exit_code or 1, "timed-out")
            return Ending(code, self.runner_trouble, self.runner_exit_code or 1, details)
        if self.runner_exit_code is None:
            return Ending("worker-lost", f"the worker was lost {self.settings.attempts} times, or the build could "
                          "not be started; see the build's page", 3, details)
        return Ending("no-report", f"the runner ended with {self.runner_exit_code} and left no readable report; "
                      "the build's page has its output", self.runner_exit_code, details)


def _values(build: Any) -> dict[str, Any]:
    return {name: value for name, (value, _) in build.getProperties().asDict().items()}
