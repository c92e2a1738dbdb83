"""
Since when the database is away, and what the log is told of it.

Where connections are short the database goes and comes many times a minute: the first
time is told, then at most once a minute, with how often it was; that it is back is told of
an absence that was told. One that lasts is told again now and then, and when its reason changes.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable

from buildbot_master.parts.absence_reason import CHANGING, Reason

#: Seconds between two lines that say that the database is or was away.
_QUIET_SECONDS = 60.0
#: Seconds after which the reason that a server gives while it stops is told to have become another one.
_CHANGE_SECONDS = 5.0
#: Seconds after which an absence that lasts is told again.
_REMIND_SECONDS = 600.0


class Absence:
    """Its methods may be called in any thread, and often."""

    def __init__(self, say: Callable[..., None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = say, clock
        self._lock = threading.Lock()
        self._since: float | None = None
        self._reason: Reason | None = None
        #: What the log has of the absence at hand; None: nothing.
        self._told: Reason | None = None
        self._last_line: float | None = None
        #: Absences that the log has nothing of, and their length.
        self._untold, self._untold_seconds = 0, 0.0

    @property
    def seconds(self) -> float | None:
        """How long the database has been away; None while it answers."""
        since = self._since
        return None if since is None else self._clock() - since

    @property
    def reason(self) -> Reason | None:
        """Why it is away, as far as the last question shows; None while it answers."""
        return self._reason

    def begin(self, reason: Reason, why: str, already_seconds: float = 0.0) -> None:
        """Note that a question was not answered; `why` in the words of who did not, for the log."""
        with self._lock:
            now = self._clock()
            if self._since is None:
                self._since, self._told = now - already_seconds, None
            self._reason = reason
            if self._is_due(now, reason):
                self._tell_absence(now, reason, why)

    def end(self) -> None:
        """Note that a question was answered."""
        if self._since is None:
            # nearly always: no lock for each answer
            return
        with self._lock:
            if self._since is None:
                return
            lasted = self._clock() - self._since
            if self._told:
                self._tell("the database is back", seconds=round(lasted, 1))
            else:
                self._untold, self._untold_seconds = self._untold + 1, self._untold_seconds + lasted
            self._since = self._reason = self._told = None

    def look(self) -> None:
        """Tell what is left to tell of absences that are over; called every few seconds."""
        with self._lock:
            now = self._clock()
            if self._untold and self._since is None and self._is_quiet(now):
                self._tell("the database was away for moments", times=self._untold,
                           seconds=round(self._untold_seconds, 1))
                self._note_line(now)

    def _is_due(self, now: float, reason: Reason) -> bool:
        if self._told is reason:
            return now - (self._last_line or 0.0) >= _REMIND_SECONDS
        if self._told is CHANGING:
            # what it said when it ended our sessions: why nobody gets in again is another matter, and what to do, too
            return now - (self._last_line or 0.0) >= _CHANGE_SECONDS
        return self._is_quiet(now)

    def _is_quiet(self, now: float) -> bool:
        return self._last_line is None or now - self._last_line >= _QUIET_SECONDS

    def _tell_absence(self, now: float, reason: Reason, why: str) -> None:
        fields: dict[str, object] = {"why": why, "to_do": reason.advice}
        if self._told:
            fields["seconds"] = round(now - (self._since or now), 1)
        if self._untold:
            # with this one
            fields["times"] = self._untold + 1
        self._tell("the database is still away; builds wait for it" if self._told
                   else "the database is away; builds wait for it", **fields)
        self._told = reason
        self._note_line(now)

    def _note_line(self, now: float) -> None:
        self._last_line, self._untold, self._untold_seconds = now, 0, 0.0
