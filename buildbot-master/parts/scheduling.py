"""
From a job to a buildset, exactly once: what the door does once a request has been understood.

A key that Buildbot has seen is looked up, and the database refuses a second one
(keys.py), so two deliveries of one message give one buildset. `addBuildset` returns
after the commit, so an answer means "on disk".
"""
from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from buildbot.data import resultspec
from twisted.internet import defer

from buildbot_master.parts.job_properties import properties_of
from buildbot_master.parts.keys import Key, keep_keys_apart, make_indexes
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings
from checks.contracts import Job

#: Buildbot's column.
_TEXT_LIMIT = 256
#: Shown as the source of the properties.
_SOURCE = "Trigger"
#: A buildset needs a source stamp; ours says nothing, because a check is found by name.
_SOURCE_STAMP = {"codebase": "", "repository": "", "branch": None, "revision": None, "project": ""}


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Where a job is in Buildbot."""

    buildset: int
    build_id: str
    is_new: bool


class BusyError(Exception):
    """Raised when enough jobs wait already: the sender keeps the job and tries again."""


class Scheduling:
    """Turns jobs into buildsets of one master."""

    def __init__(self, master: Any, settings: Settings, lock: defer.DeferredLock) -> None:
        self.master = master
        self.settings = settings
        self._lock = lock
        self._pending: tuple[float, int] | None = None

    @defer.inlineCallbacks
    def prepare(self) -> Any:
        """Let the database have each key once; that makes looking it up fast, too."""
        keep_keys_apart(self.master.db.buildsets)
        yield self.master.db.pool.do(make_indexes)

    @defer.inlineCallbacks
    def schedule(self, job: Job) -> Any:
        """Return Scheduled. Raises BusyError."""
        yield self._lock.acquire()
        try:
            known = yield self._find(job.key)
            if known is not None:
                return Scheduled(known, job.build_id, is_new=False)
            pending = yield self.pending()
            if pending >= self.settings.pending_limit:
                raise BusyError(f"{pending} jobs wait; at most {self.settings.pending_limit} may")
            try:
                buildset = yield self._add(job)
            except sa.exc.IntegrityError:
                # another master's door was faster
                known = yield self._find(job.key)
                if known is None:
                    raise
                return Scheduled(known, job.build_id, is_new=False)
            self._pending = (time.monotonic(), pending + 1)
            say("job scheduled", build_id=job.build_id, check=job.taskname, item=job.item, arch=job.arch,
                buildset=buildset)
            return Scheduled(buildset, job.build_id, is_new=True)
        finally:
            self._lock.release()

    @defer.inlineCallbacks
    def pending(self) -> Any:
        """Return how many jobs wait for a worker; counted at most twice a second."""
        now = time.monotonic()
        if self._pending is None or now - self._pending[0] > 0.5:
            self._pending = (now, (yield self.master.db.pool.do(_count_unclaimed, self.master.db.model)))
        return self._pending[1]

    @defer.inlineCallbacks
    def _find(self, key: str) -> Any:
        rows = yield self.master.data.get(
            ("buildsets",), filters=[resultspec.Filter("external_idstring", "eq", [key])])
        first = [row["bsid"] for row in rows if (row["external_idstring"], row["rebuilt_buildid"]) == (key, None)]
        return first[0] if first else None

    @defer.inlineCallbacks
    def _add(self, job: Job) -> Any:
        builder = builder_for(self.settings, job.item_type)
        builder_id = yield self.master.data.updates.findBuilderId(builder)
        buildset, _ = yield self.master.data.updates.addBuildset(
            waited_for=False, scheduler="trigger", sourcestamps=[_SOURCE_STAMP], reason=job.reason[:_TEXT_LIMIT],
            properties={name: (value, _SOURCE) for name, value in properties_of(job).items()},
            builderids=[builder_id], external_idstring=Key(job.key[:_TEXT_LIMIT]), priority=job.priority)
        return buildset


def builder_for(settings: Settings, item_type: str) -> str:
    """Return the queue of that item type: the first that names it, else the first that names none, else the first."""
    named = [one.name for one in settings.builders if item_type in one.item_types]
    others = [one.name for one in settings.builders if not one.item_types]
    return (named or others or [settings.builders[0].name])[0]


def _count_unclaimed(connection: Any, model: Any) -> int:
    requests, claims = model.buildrequests, model.buildrequest_claims
    waiting = requests.outerjoin(claims, requests.c.id == claims.c.brid)
    query = sa.select(sa.func.count()).select_from(waiting).where(requests.c.complete == 0, claims.c.brid.is_(None))
    return int(connection.execute(query).scalar_one())
