"""
One connection that writes to SQLite for all threads, and commits what they ask together (group commit).

Each caller is told after the commit that holds its rows has reached the disk
(`synchronous=FULL`), so many clients share one fsync.
"""
from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from reporting.database.storages.sqlite_connection import LOCK_SECONDS, connect, storage_error

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

#: Works committed together at most: bounds how long the first of them waits.
_BATCH = 128
_CACHE_KIB = 24_576


class SharedWriter:
    """Any thread may call it; the connection is made when it is first needed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: deque[tuple[Work[Any], Future[Any]]] = deque()
        #: Held by the one who uses the connection.
        self._writing = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def write(self, work: Work[T]) -> T:
        """
        Have the work done and committed.

        Whoever gets the connection does the work of all who wait for it, so
        nobody changes threads while there is no crowd.
        """
        done: Future[T] = Future()
        self._waiting.append((work, done))
        with self._writing:
            if not done.done():
                self._commit_waiting()
        return done.result()

    def _commit_waiting(self) -> None:
        works: list[tuple[Work[Any], Future[Any]]] = []

        def coming() -> Iterator[tuple[Work[Any], Future[Any]]]:
            # also what comes while others are done: the more share a commit, the more are stored in a second
            while self._waiting and len(works) < _BATCH:
                works.append(self._waiting.popleft())
                yield works[-1]

        try:
            if self._connection is None:
                self._connection = connect(self._path, _CACHE_KIB)
            _commit_together(self._connection, coming(), works)
        except BaseException as error:
            fault = storage_error(error, LOCK_SECONDS) if isinstance(error, sqlite3.OperationalError) else error
            deque(coming(), maxlen=0)
            for _, done in works:
                if not done.done():
                    done.set_exception(fault)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()


def _commit_together(connection: sqlite3.Connection, coming: Iterator[tuple[Work[Any], Future[Any]]],
                     works: list[tuple[Work[Any], Future[Any]]]) -> None:
    """Do what comes in one transaction; tell the callers after the commit. `works`: all that came."""
    told: list[Callable[[], None]] = []
    try:
        connection.execute("BEGIN IMMEDIATE")
        for work, done in coming:
            # the first: nothing else to keep when it fails, and a savepoint would only copy pages
            told.append(_do(connection, work, done) if told else _telling(done, work(connection)))
        connection.execute("COMMIT")
    except Exception as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        fault: Exception = error
        if isinstance(error, sqlite3.OperationalError):
            fault = storage_error(error, LOCK_SECONDS)
            deque(coming, maxlen=0)  # locked, full: whoever waits would only wait for the same
        told = [_failing(done, fault) for _, done in works]
    for tell in told:
        tell()


def _do(connection: sqlite3.Connection, work: Work[Any], done: Future[Any]) -> Callable[[], None]:
    connection.execute("SAVEPOINT one")
    try:
        value = work(connection)
    except sqlite3.OperationalError:
        raise  # disk full, I/O error: the whole transaction is in doubt
    except Exception as error:
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return _failing(done, error)
    connection.execute("RELEASE one")
    return _telling(done, value)


def _telling(done: Future[T], value: T) -> Callable[[], None]:
    return lambda: done.set_result(value)


def _failing(done: Future[Any], error: Exception) -> Callable[[], None]:
    return lambda: done.set_exception(error)
