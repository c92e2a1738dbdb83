"""More than one master on one database: they tell each other what happens through a router (crossbar)."""
from __future__ import annotations

import os
import time
from typing import Any

import buildbot.data.masters
import sqlalchemy as sa
from twisted.internet import defer, task

from buildbot_master.parts.periodic import Periodic
from buildbot_master.parts.saying import say
from buildbot_master.parts.settings import Settings, SettingsError

#: Seconds between two signs of life, at most; Buildbot's own.
_HEARTBEAT_SECONDS = 60.0
#: Seconds for the other services to stop, before a master without a router ends.
_LAST_SECONDS = 5.0
#: Exit code of a master that the others have lost, or soon will (EX_TEMPFAIL).
_LOST = 75
#: Of the time after which the others take over: a master that cannot be heard for so long ends before.
_LEASE = 0.8


def several_masters(settings: Settings) -> dict[str, Any]:
    """Return the keys of the configuration that several masters need; none for a single one."""
    if not settings.multi_master:
        return {}
    if settings.database_url.startswith("sqlite") or not settings.wamp_url:
        raise SettingsError("multi_master: several masters need a PostgreSQL `database_url` that they share, and the "
                            "`wamp_url` of a router; see docs/master.md")
    return {"multiMaster": True, "mq": {"type": "wamp", "router_url": settings.wamp_url, "realm": "buildbot"}}


class OtherMasters(Periodic):
    """
    Takes over the jobs of a master that is gone, and ends a master that has lost the router.

    How soon one that says nothing is taken for dead is a setting here; Buildbot 4.3 has ten minutes in its code. It
    then ends the builds of the dead one as RETRY, but leaves their jobs claimed: nobody would run them before that
    master is back.

    A master that has lost the router stops its services and stays alive, doing nothing: here its process ends, so
    that who watches processes starts it again. So it does where it could not reach the database for nearly as long as
    the others wait before they take its builds: else these would run twice.
    """

    name = "other-masters"
    _is_ending = False
    _watching: Any = None
    failure = "the jobs of masters that are gone could not be looked at"

    def checkConfig(self, settings: Settings) -> None:
        """Nothing to check: the settings were checked when they were read."""

    def reconfigService(self, settings: Settings) -> None:
        self.settings = settings
        self.interval_seconds = min(_HEARTBEAT_SECONDS, settings.master_lost_seconds / 10)
        buildbot.data.masters.EXPIRE_MINUTES = settings.master_lost_seconds / 60  # type: ignore[assignment]
        # its timer starts after the services
        self.master.masterHeartbeatService.step = self.interval_seconds

    def startService(self) -> Any:
        self._heard = time.monotonic()
        self._watching = task.LoopingCall(self._watch)
        self._watching.start(self.interval_seconds, now=False)
        return super().startService()

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        if self._watching is not None and self._watching.running:
            self._watching.stop()
        is_told_to_stop = self.master._got_sigterm or self.master.reactor._stopped
        if self.settings.multi_master and not is_told_to_stop:
            self._end()
        yield super().stopService()

    def _watch(self) -> None:
        silent_seconds = time.monotonic() - self._heard
        if self.settings.multi_master and silent_seconds > self.settings.master_lost_seconds * _LEASE:
            say("the database could not be reached for so long that the others may take this master's builds; it ends, "
                "and should be started again", seconds=round(silent_seconds, 1))
            os._exit(_LOST)

    def _end(self) -> None:
        """End the process soon, where that is not under way; a stop of the reactor would wait for ever."""
        if not self._is_ending:
            self._is_ending = True
            say("the router of the masters is gone; this master ends, and should be started again")
            self.master.reactor.callLater(_LAST_SECONDS, os._exit, _LOST)

    @defer.inlineCallbacks
    def look(self) -> Any:
        """Give the jobs of masters that are gone to whoever is free; end where the router is gone."""
        if self.settings.multi_master:
            session = self.master.wamp.service
            if session is not None and not session.is_attached():
                # Buildbot stops its services then, mostly
                self._end()
                return
            before = self.master.reactor.seconds() - self.settings.master_lost_seconds
            taken = yield self.master.db.pool.do(_take_over, self.master.db.model, int(before))
            self._heard = time.monotonic()
            if taken:
                say("jobs of masters that are gone are taken over", jobs=taken)


def _take_over(connection: Any, model: Any, before: int) -> int:
    """
    Remove what masters that are gone hold; return how many jobs are free now.

    Only claims of before that moment: a master that has just come back is not noted as active at once.
    """
    gone = sa.select(model.masters.c.id).where(model.masters.c.active == 0)
    claims, requests, connected = model.buildrequest_claims, model.buildrequests, model.connected_workers
    open_jobs = sa.select(requests.c.id).where(requests.c.complete == 0)
    done = connection.execute(claims.delete().where(
        claims.c.masterid.in_(gone), claims.c.claimed_at < before, claims.c.brid.in_(open_jobs)))
    connection.execute(connected.delete().where(connected.c.masterid.in_(
        gone.where(model.masters.c.last_active < before))))
    connection.commit()
    return int(done.rowcount)
