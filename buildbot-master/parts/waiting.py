"""
Why jobs wait: each waiting job with what stands against each worker.

`/waiting` and `/waiting.json` on Buildbot's pages, `GET /waiting` at the door.
"""
from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from buildbot.data import resultspec
from buildbot.util.service import BuildbotService
from twisted.internet import defer, task
from twisted.python import log
from twisted.web import resource, server

from buildbot_master.parts.matching import Matching, question_of
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.standing import by_reason, refused_after_seconds, standings
from buildbot_master.parts.waiting_job import WaitingJob
from buildbot_master.parts.waiting_page import page_of

#: Jobs that are looked at; the page says how many more there are.
_JOBS_LIMIT = 200


@defer.inlineCallbacks
def waiting_jobs(master: Any, matching: Matching) -> Any:
    """Return ([WaitingJob, ...], how many wait in all)."""
    rows = yield master.data.get(
        ("buildrequests",), limit=_JOBS_LIMIT, order=("-priority", "buildrequestid"), filters=[
            resultspec.Filter("claimed", "eq", [False]), resultspec.Filter("complete", "eq", [False])])
    total = getattr(rows, "total", None) or len(rows)
    found = []
    for row in rows:
        properties = yield master.data.get(("buildsets", row["buildsetid"], "properties"))
        builder = yield master.data.get(("builders", row["builderid"]))
        found.append(_job(master, matching, row, properties, builder["name"] if builder else ""))
    return found, total


def _job(master: Any, matching: Matching, row: Any, properties: Any, builder: str) -> WaitingJob:
    values = {name: str(value[0]) for name, value in properties.items()}
    question = question_of(row["buildrequestid"], values.get)
    stand, waits = standings(master, matching, question, builder), seconds_since(master, row["submitted_at"])
    limit = refused_after_seconds(stand, matching.settings)
    return WaitingJob(
        question.request, values.get("item", ""), values.get("item_type", ""), question.taskname, question.arch,
        values.get("build_id", ""), waits, row["priority"], by_reason(stand),
        None if limit is None else max(0, round(limit - waits)))


def seconds_since(master: Any, moment: Any) -> int:
    """Return how long ago a moment of Buildbot's data is, which has two ways of saying it."""
    seconds = moment.timestamp() if hasattr(moment, "timestamp") else float(moment or 0)
    return max(0, int(master.reactor.seconds() - seconds))


class Waiting(BuildbotService):  # type: ignore[misc]
    """Puts the page among Buildbot's own."""

    name = "waiting"

    def checkConfig(self, settings: Settings, matching: Matching) -> None:
        """Nothing to check: the settings were checked when they were read."""

    def reconfigService(self, settings: Settings, matching: Matching) -> None:
        self.matching = matching
        self._adding = task.LoopingCall(self._add_pages)
        self._adding.start(0.2)

    def _add_pages(self) -> None:
        """Buildbot's own pages come up after the services: wait for them."""
        root = getattr(self.master.www, "root", None)
        if root is None:
            return
        self._adding.stop()
        root.putChild(b"waiting", _Page(self, _html))
        root.putChild(b"waiting.json", _Page(self, _json))

    def stopService(self) -> Any:
        if self._adding.running:
            self._adding.stop()
        return super().stopService()


class _Page(resource.Resource):
    isLeaf = True

    def __init__(self, waiting: Waiting, shown: Any) -> None:
        super().__init__()
        self.waiting, self.shown = waiting, shown

    def render_GET(self, request: Any) -> Any:
        """Answer later: the jobs are in the database."""
        looking = waiting_jobs(self.waiting.master, self.waiting.matching)
        looking.addCallback(lambda found: self._send(request, found))
        looking.addErrback(lambda failure: self._fail(request, failure))
        return server.NOT_DONE_YET

    def _send(self, request: Any, found: tuple[list[WaitingJob], int]) -> None:
        kind, content = self.shown(*found)
        if not request._disconnected:
            request.setHeader("Content-Type", kind)
            request.setHeader("Cache-Control", "no-store")
            request.write(content.encode())
            request.finish()

    def _fail(self, request: Any, failure: Any) -> None:
        log.err(failure, "the waiting jobs cannot be shown")
        if not request._disconnected:
            request.setResponseCode(500)
            request.finish()


def waiting_to_dict(jobs: list[WaitingJob], total: int) -> dict[str, Any]:
    """Return the JSON form; that a job will be refused is also the last of its reasons, for who reads only these."""
    return {"waiting": total, "jobs": [asdict(job) | {"reasons": _all_reasons(job)} for job in jobs]}


def _all_reasons(job: WaitingJob) -> list[str]:
    if job.refused_in_seconds is None:
        return list(job.reasons)
    return [*job.reasons, f"no worker can ever run it; it is refused in {job.refused_in_seconds} s"]


def _json(jobs: list[WaitingJob], total: int) -> tuple[str, str]:
    return "application/json", json.dumps(waiting_to_dict(jobs, total), indent=1) + "\n"


def _html(jobs: list[WaitingJob], total: int) -> tuple[str, str]:
    return "text/html; charset=utf-8", page_of(jobs, total)
