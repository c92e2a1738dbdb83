"""
Whether a commit whose answer was lost has happened, so that a transaction is repeated only where it surely did not.

A PostgreSQL that dies while it commits leaves the asker without an answer. So each
connection has a row of its own in a table of ours, and a transaction that wrote
anything notes its number there right before its commit; afterwards the row tells.
A transaction's id would not do: after a crash PostgreSQL gives out again the ids of
which nothing had come to the disk. Where the old session still lives (a network
that was cut), the question waits for its end, because it holds the row.
"""
from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

#: Days after which the row of a connection goes.
_KEEP_DAYS = 7
#: In `info` of a connection.
_NAME, _NUMBER = "checkotron_connection", "checkotron_commit"
#: What PostgreSQL says where a transaction has failed and can only be rolled back.
_FAILED_TRANSACTION = "25P02"

_TABLE = """CREATE TABLE IF NOT EXISTS checkotron_commits (
    connection text PRIMARY KEY, number bigint NOT NULL, at timestamptz NOT NULL)"""
#: Writes nothing where the transaction has not. In the driver's words, not in SQLAlchemy's.
_NOTE = """INSERT INTO checkotron_commits (connection, number, at)
    SELECT %s, %s, now() WHERE txid_current_if_assigned() IS NOT NULL
    ON CONFLICT (connection) DO UPDATE SET number = excluded.number, at = excluded.at"""
#: A write, so that it waits for a session that still has the row.
_ASK = sa.text("""INSERT INTO checkotron_commits (connection, number, at) VALUES (:connection, -1, now())
    ON CONFLICT (connection) DO UPDATE SET at = now() RETURNING number""")


def prepare_commits(connection: Any) -> None:
    """Make the table and forget connections of long ago. For PostgreSQL only; safe to call twice."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(1667851892)"))
    connection.execute(sa.text(_TABLE))
    connection.execute(sa.text("DELETE FROM checkotron_commits WHERE at < now() - make_interval(days => :days)"),
                       {"days": _KEEP_DAYS})
    connection.commit()


class Commits:
    """Stands in for the way in which an engine commits and rolls back, for good."""

    def __init__(self, engine: Any, asking: Any, wait: Callable[[Exception], None]) -> None:
        """`asking`: an engine without a pool; `wait` is called while it gets no connection, and may raise."""
        self._dialect, self._asking, self._wait = engine.dialect, asking, wait
        self._here = threading.local()
        self._own, self._own_rollback = engine.dialect.do_commit, engine.dialect.do_rollback
        engine.dialect.do_commit, engine.dialect.do_rollback = self._commit, self._rollback

    @property
    def in_this_try(self) -> int:
        """How many transactions that wrote something this thread has committed since `begin_try`."""
        return int(getattr(self._here, "commits", 0))

    def begin_try(self) -> None:
        """Called by each thread before it tries anything."""
        self._here.commits = 0

    def _commit(self, connection: Any) -> None:
        """Commit; where the answer is lost find out. Raises the driver's error where nothing was committed."""
        name = connection.info.setdefault(_NAME, uuid.uuid4().hex)
        number = connection.info[_NUMBER] = connection.info.get(_NUMBER, 0) + 1
        has_written = self._note(connection, name, number)
        try:
            self._own(connection)
        except self._dialect.loaded_dbapi.Error as error:
            is_lost = self._dialect.is_disconnect(error, connection.dbapi_connection, None)
            if not has_written or not is_lost or not self._has_happened(name, number):
                raise
        if has_written:
            self._here.commits = self.in_this_try + 1

    def _rollback(self, connection: Any) -> None:
        """Roll back; a connection that is lost has. Buildbot does so after each answer, which would be lost with it."""
        try:
            self._own_rollback(connection)
        except self._dialect.loaded_dbapi.Error as error:
            if not self._dialect.is_disconnect(error, connection.dbapi_connection, None):
                raise
            # the pool makes a new one for the next who asks
            connection.invalidate(soft=True)

    def _note(self, connection: Any, name: str, number: int) -> bool:
        """Note the number in the transaction at hand; False where that has written nothing."""
        cursor = connection.cursor()
        try:
            cursor.execute(_NOTE, (name, number))
            return bool(cursor.rowcount)
        except self._dialect.loaded_dbapi.Error as error:
            if (getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)) == _FAILED_TRANSACTION:
                # its commit is a rollback
                return False
            raise
        finally:
            cursor.close()

    def _has_happened(self, name: str, number: int) -> bool:
        """Ask, as soon as somebody answers."""
        while True:
            try:
                with self._asking.begin() as connection:
                    return bool(connection.execute(_ASK, {"connection": name}).scalar_one() == number)
            except sa.exc.OperationalError as error:
                self._wait(error)
