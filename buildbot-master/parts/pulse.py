"""
Notices a PostgreSQL that says nothing at all: stopped in its tracks, or behind a network that swallows.

A question to it fails only after a minute, or never, and the pages that wait for the answer
with it. So one small question a second goes the way of all others, through Buildbot's own
threads; not even that while others are answered. Where nobody has had an answer for some
seconds while it waits, the database is away. A lone long question is no absence.
"""
from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa
from twisted.internet import defer
from twisted.python import log

from buildbot_master.parts.absence_reason import SILENT
from buildbot_master.parts.patience import PatientEngine, patience_of
from buildbot_master.parts.periodic import Periodic

#: Seconds without any answer that are nothing special.
_SILENCE_SECONDS = 5.0


class Pulse(Periodic):
    """Does nothing where the database is no PostgreSQL."""

    name = "pulse"
    interval_seconds = 1.0
    failure = "the database could not be looked at"
    #: When the question was put that has no answer yet, by the monotonic clock.
    _asked_at: float | None = None

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        """Has no settings."""

    @defer.inlineCallbacks
    def stopService(self) -> Any:
        patient = patience_of(self.master)
        if patient is not None and patient.absence.seconds is not None:
            # its threads wait for an answer and would hold the end up
            patient.end_if_told_to_stop()
        yield super().stopService()

    def look(self) -> None:
        """Ask, and see whether somebody has been answered; not waited for."""
        patient = patience_of(self.master)
        if patient is None:
            return
        patient.absence.look()
        if self._asked_at is not None:
            self._watch(patient, time.monotonic(), self._asked_at)
        elif time.monotonic() - patient.answered_at >= self.interval_seconds:
            self._ask()

    def _watch(self, patient: PatientEngine, now: float, asked_at: float) -> None:
        silent_seconds = now - max(patient.answered_at, asked_at)
        if silent_seconds >= _SILENCE_SECONDS and patient.absence.seconds is None:
            patient.absence.begin(SILENT, f"no answer for {silent_seconds:.0f} s", silent_seconds)

    def _ask(self) -> None:
        self._asked_at = time.monotonic()
        asking = self.master.db.pool.do(lambda connection: connection.execute(sa.text("SELECT 1")).scalar())
        asking.addErrback(log.err, self.failure)
        asking.addBoth(self._note_end)

    def _note_end(self, _: Any) -> None:
        self._asked_at = None
