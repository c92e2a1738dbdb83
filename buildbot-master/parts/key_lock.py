"""
One look-up of a key at a time: in this master, and with several masters in all of them.

Two doors that take the same message at once must not both find its key new.
PostgreSQL gives up the lock of a master that dies.
"""
from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from twisted.internet import defer, threads

#: Of PostgreSQL's advisory locks; any number that nobody else in that database uses.
_NUMBER = 0x63686B74
#: Milliseconds to wait for another door; it holds the lock for a few hundredths of a second.
_PATIENCE_MS = 10_000


class KeyLock:
    """The lock; `acquire` and `release` in turns, each waits for its Deferred."""

    def __init__(self, engine: Any, *, is_shared: bool) -> None:
        """`is_shared`: several masters have the database, which is a PostgreSQL then."""
        self._engine = engine
        self._is_shared = is_shared
        self._here = defer.DeferredLock()
        self._connection: Any = None

    @defer.inlineCallbacks
    def acquire(self) -> Any:
        """Wait for the lock. Raises the database's error where another master keeps it, or the database is away."""
        yield self._here.acquire()
        if self._is_shared:
            try:
                yield threads.deferToThread(self._take)
            except Exception:
                self._here.release()
                raise

    @defer.inlineCallbacks
    def release(self) -> Any:
        """Give it up. Never raises: a connection that is gone has given it up already."""
        try:
            if self._is_shared:
                yield threads.deferToThread(self._give)
        finally:
            self._here.release()

    @defer.inlineCallbacks
    def close(self) -> Any:
        """Close the connection; it is opened again when needed."""
        yield threads.deferToThread(self._drop)

    def _take(self) -> None:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
                self._connection.execute(sa.text(f"SET lock_timeout = {_PATIENCE_MS}"))
                self._connection.commit()
            # of the session, not of the transaction: the buildset is added over another connection
            self._connection.execute(sa.text("SELECT pg_advisory_lock(:number)"), {"number": _NUMBER})
            self._connection.commit()
        except Exception:
            self._drop()
            raise

    def _give(self) -> None:
        try:
            self._connection.execute(sa.text("SELECT pg_advisory_unlock(:number)"), {"number": _NUMBER})
            self._connection.commit()
        except Exception:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # not back into the pool: its session might still have the lock
            connection.invalidate()
            connection.close()
