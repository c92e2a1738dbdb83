"""
A database that is away, full or crowded holds the master up, and breaks nothing.

Buildbot gives a build up in the middle when the database refuses a question: it
never ends, and its worker is never free again. Buildbot's own patience with a
database that is locked (tries again, later each time, for a day) is extended
here to a full disk, and to a PostgreSQL that is restarted, ends sessions or has
no connection left: all builds wait, the checks run on, and go on where they were.

A question is put again only where nothing of it was committed (commits.py). Where
that cannot be had the process ends: who watches processes starts it again, and its
builds run again, as after a kill.
"""
from __future__ import annotations

import os
import time
from typing import Any

import sqlalchemy as sa
from buildbot.util.service import BuildbotService
from twisted.internet import defer

from buildbot_master.parts.absence import Absence
from buildbot_master.parts.absence_reason import code_of, reason_of, said_by
from buildbot_master.parts.commits import Commits, prepare_commits
from buildbot_master.parts.database import asking_engine
from buildbot_master.parts.full_disk import is_full_disk
from buildbot_master.parts.repeating import make_questions_repeatable
from buildbot_master.parts.saying import say

#: Seconds between two tries to connect.
_PAUSE_SECONDS = 0.5
#: Seconds; Buildbot's own patience is a day, and then breaks builds.
_LONGEST_SECONDS = 23 * 3600.0
#: Exit code of a master that cannot go on (EX_TEMPFAIL).
_DATABASE_GONE = 75
#: Of PostgreSQL's error codes: the connection failed, the server rolled back by itself, it lacks something, it was
#: told to end the session.
_CLASSES = ("08", "40", "53", "57")
#: On an engine that is patient.
_ATTRIBUTE = "checkotron_patience"


class Patience(BuildbotService):  # type: ignore[misc]
    """Makes the database patient; once, for a reconfig keeps the engine."""

    name = "patience"

    def checkConfig(self) -> None:
        """Has no settings."""

    @defer.inlineCallbacks
    def reconfigService(self) -> Any:
        make_questions_repeatable()
        pool = self.master.db.pool
        if hasattr(pool.engine, _ATTRIBUTE):
            return
        if pool.engine.dialect.name == "postgresql":
            yield pool.do(prepare_commits)
            setattr(pool.engine, _ATTRIBUTE, PatientEngine(pool.engine, self.master))
        else:
            own = pool.engine.should_retry
            setattr(pool.engine, _ATTRIBUTE, None)
            pool.engine.should_retry = lambda error: is_full_disk(error) or own(error)


def patience_of(master: Any) -> PatientEngine | None:
    """Return what makes the master's engine patient; None where the database is no PostgreSQL."""
    found: PatientEngine | None = getattr(master.db.pool.engine, _ATTRIBUTE, None)
    return found


def absence_of(master: Any) -> Absence | None:
    """Return the absence at hand; None while questions to the database are answered."""
    patient = patience_of(master)
    return patient.absence if patient is not None and patient.absence.seconds is not None else None


def is_passing(error: Any) -> bool:
    """True where PostgreSQL did nothing of a transaction, and may do it when it is asked again."""
    return error.connection_invalidated or code_of(error).startswith(_CLASSES) or is_full_disk(error)


class PatientEngine:
    """What is put around one engine of PostgreSQL. Its methods are called in the threads of Buildbot's pool."""

    def __init__(self, engine: Any, master: Any) -> None:
        self._master = master
        self.absence = Absence(self._say)
        #: By the monotonic clock: when a question was answered last.
        self.answered_at = time.monotonic()
        self._commits = Commits(engine, asking_engine(engine.url), self._wait)
        self._own_connect, engine.connect = engine.connect, self._connect
        engine.should_retry = self._should_retry
        sa.event.listen(engine, "handle_error", _as_operational_error)
        sa.event.listen(engine, "after_cursor_execute", lambda *_: self._note_answer())

    def _connect(self) -> Any:
        """Return a connection as soon as there is one."""
        self._commits.begin_try()
        while True:
            connection = None
            try:
                connection = self._own_connect()
                if self.absence.seconds is not None:
                    # one that comes back without our tables is not it: dropped, or not restored yet
                    connection.execute(sa.text("SELECT 1 FROM checkotron_commits LIMIT 1"))
                    connection.rollback()
                return connection
            except (sa.exc.OperationalError, sa.exc.ProgrammingError, sa.exc.TimeoutError) as error:
                if connection is not None:
                    connection.close()
                self._wait(error)

    def _should_retry(self, error: Any) -> bool:
        """Called with each OperationalError; False lets it through."""
        if not is_passing(error):
            return False
        self._note_absence(error)
        if self._commits.in_this_try:
            self._end("the database went away between two transactions of one question")
            return False
        return not self._is_over()

    def end_if_told_to_stop(self) -> None:
        """End the process where it was told to stop; for who notices that nobody answers."""
        self._is_over()

    def _wait(self, error: Exception) -> None:
        """Wait a moment. Raises the error where that has no use any more."""
        self._note_absence(error)
        if self._is_over():
            raise error
        time.sleep(_PAUSE_SECONDS)

    def _is_over(self) -> bool:
        """True where this process does not wait for the database any longer, and ends."""
        if self._master._got_sigterm or self._master.reactor._stopped:
            self._end("told to stop while the database is away")
            return True
        if (self.absence.seconds or 0.0) > _LONGEST_SECONDS:
            self._end("the database has been away for a day")
            return True
        return False

    def _note_absence(self, error: Exception) -> None:
        self.absence.begin(reason_of(error), said_by(error))

    def _note_answer(self) -> None:
        self.answered_at = time.monotonic()
        self.absence.end()

    def _say(self, sentence: str, **fields: object) -> None:
        self._master.reactor.callFromThread(say, sentence, **fields)

    def _end(self, why: str) -> None:
        self._say("this master ends, and should be started again; its builds run again then", why=why)
        self._master.reactor.callFromThread(os._exit, _DATABASE_GONE)


def _as_operational_error(context: Any) -> Exception | None:
    """Let every lost connection be the error that Buildbot looks for, whatever the driver calls it."""
    known = context.sqlalchemy_exception
    if not context.is_disconnect or isinstance(known, sa.exc.OperationalError):
        return None
    return sa.exc.OperationalError(context.statement, context.parameters, context.original_exception,
                                   connection_invalidated=True)
