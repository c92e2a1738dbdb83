"""
The trigger's way into the master: a small HTTP service beside Buildbot's own.

`POST /schedule` and `GET /status` as ARCHITECTURE.md has them. Every answer is
JSON. Bound to the loopback interface; every request needs the bearer token.
"""
from __future__ import annotations

import hmac
import json
from typing import Any

from buildbot.util.service import BuildbotService
from twisted.internet import defer
from twisted.python import log
from twisted.web import resource, server

from buildbot_master.parts.job_properties import faults_of_extra
from buildbot_master.parts.listening import Listening, SmallRequest
from buildbot_master.parts.matching import Matching
from buildbot_master.parts.patience import absence_of
from buildbot_master.parts.scheduling import BusyError, Scheduling
from buildbot_master.parts.secret_file import kept_secret
from buildbot_master.parts.settings import Settings
from buildbot_master.parts.waiting import waiting_jobs, waiting_to_dict
from checks.build_id import build_id_for
from checks.contracts import ContractError, Job

#: Bytes of a request; a job has at most a few thousand.
_BODY_LIMIT_BYTES = 256 * 1024
#: Seconds after which a sender should try again.
_RETRY_AFTER = {429: "2", 503: "3"}


class Door(BuildbotService):  # type: ignore[misc]
    """The service; lives as long as the configuration names it."""

    name = "door"

    def checkConfig(self, settings: Settings, matching: Matching) -> None:
        """Nothing to check: the settings were checked when they were read."""

    @defer.inlineCallbacks
    def reconfigService(self, settings: Settings, matching: Matching) -> Any:
        self.settings, self.matching = settings, matching
        self.token = kept_secret(settings.path(settings.door_token_file))
        # kept over a reconfig: a request that is under way must not meet one that has another lock
        self.lock = getattr(self, "lock", None) or defer.DeferredLock()
        self.scheduling = Scheduling(self.master, settings, self.lock)
        self.is_stopping = False
        yield self.scheduling.prepare()
        site = server.Site(_Root(self), requestFactory=_DoorRequest)
        self.listening = getattr(self, "listening", None) or Listening()
        yield self.listening.listen(settings.door_interface, settings.door_port, site)

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        self.is_stopping = True
        yield self.listening.close()
        yield super().stopService()

    def is_allowed(self, header: str | None) -> bool:
        """True where the header carries the token; takes the same time for every wrong one."""
        kind, _, given = (header or "").partition(" ")
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self.token.encode())
        return kind.lower() == "bearer" and same

    @defer.inlineCallbacks
    def schedule(self, body: bytes) -> Any:
        """Return (status, answer) for the body of a request."""
        try:
            job = Job.from_dict(json.loads(body))
        except ContractError as error:
            return 400, {"faults": list(error.faults)}
        except (ValueError, RecursionError) as error:
            return 400, {"faults": [f"the body is not JSON: {error}"]}
        if faults := faults_of_job(job):
            return 400, {"faults": faults}
        try:
            scheduled = yield self.scheduling.schedule(job)
        except BusyError as error:
            return 429, {"faults": [str(error)]}
        return 201 if scheduled.is_new else 200, {"buildset": scheduled.buildset, "build_id": scheduled.build_id}

    @defer.inlineCallbacks
    def status(self) -> Any:
        """Return (status, answer): how many jobs wait, and whether one more is taken."""
        pending = yield self.scheduling.pending()
        return 200, {"pending": pending, "accepting": pending < self.settings.pending_limit and not self.is_stopping}

    @defer.inlineCallbacks
    def waiting(self) -> Any:
        """Return (status, answer): each waiting job, and why."""
        jobs, total = yield waiting_jobs(self.master, self.matching)
        return 200, waiting_to_dict(jobs, total)


def faults_of_job(job: Job) -> list[str]:
    """Return what is wrong with a job beyond its form."""
    faults = faults_of_extra(job)
    if not job.key.strip():
        faults.append("`key` is empty; expected what happened and which check")
    if job.build_id != build_id_for(job.key):
        # else two keys could share the folder and the results of one run
        faults.append(f"`build_id` is `{job.build_id}`, the key's is `{build_id_for(job.key)}`; expected that one")
    return faults


class _DoorRequest(SmallRequest):
    body_limit_bytes = _BODY_LIMIT_BYTES


class _Root(resource.Resource):
    """Takes every path: who has no token does not learn which exist."""

    isLeaf = True

    def __init__(self, door: Door) -> None:
        super().__init__()
        self.door = door

    def render(self, request: Any) -> Any:
        """Answer later, always, and always with JSON."""
        answering = self._answer(request)
        answering.addErrback(lambda failure: self._bug(failure))
        answering.addCallback(lambda answer: _send(request, *answer))
        return server.NOT_DONE_YET

    @defer.inlineCallbacks
    def _answer(self, request: Any) -> Any:
        if request.is_too_large:
            return 413, {"faults": [f"the body has more than {_BODY_LIMIT_BYTES} bytes"]}
        given = request.requestHeaders.getRawHeaders(b"authorization", [b""])[0]
        if not self.door.is_allowed(given.decode("utf-8", "replace")):
            return 401, {"faults": ["the bearer token is missing or wrong; it is in the door's token file"]}
        if self.door.is_stopping:
            return 503, {"faults": ["the master is stopping"]}
        if absence_of(self.door.master) is not None:
            return 503, {"faults": ["the master's database is away"]}
        routes = {("POST", b"/schedule"): lambda: self.door.schedule(request.content.read()),
                  ("GET", b"/status"): self.door.status, ("GET", b"/waiting"): self.door.waiting}
        method = request.method.decode("ascii", "replace")
        act = routes.get((method, request.path))
        if act is None:
            return 404, {"faults": [f"`{method} {request.path.decode('ascii', 'replace')[:80]}` is not known; "
                                    f"known: {', '.join(f'{m} {p.decode()}' for m, p in routes)}"]}
        return (yield act())

    def _bug(self, failure: Any) -> tuple[int, dict[str, Any]]:
        # the sender keeps the job and tries again: a database that is away, a disk that is full
        log.err(failure, "the door could not answer; the sender will try again")
        return 503, {"faults": ["the master cannot take jobs now; its log says why"]}


def _send(request: Any, status: int, answer: dict[str, Any]) -> None:
    if request._disconnected:
        return
    request.setResponseCode(status)
    request.setHeader("Content-Type", "application/json")
    if status in _RETRY_AFTER:
        request.setHeader("Retry-After", _RETRY_AFTER[status])
    if status == 401:
        request.setHeader("WWW-Authenticate", 'Bearer realm="door"')
    request.write(json.dumps(answer).encode() + b"\n")
    request.finish()
