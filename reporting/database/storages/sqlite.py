"""SQLite in WAL mode: a reading connection a thread, and one connection that writes (sqlite_commit.py)."""
from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from reporting.database.migrations.migrate import HEAD, migrate
from reporting.database.question import NameFilter, Page, ResultFilter
from reporting.database.records import (
    Group,
    GroupChange,
    IdempotencyKey,
    NewResult,
    Result,
    Testcase,
    TestcaseChange,
)
from reporting.database.sql.candidates import Fetch
from reporting.database.sql.dialect import Dialect, Sql
from reporting.database.sql.reading import NEXT_IDS, Reading
from reporting.database.storage import StorageHurryError
from reporting.database.storages import sqlite_bulk, sqlite_writing
from reporting.database.storages.sqlite_commit import SharedWriter, Work
from reporting.database.storages.sqlite_connection import connect, storage_error
from reporting.database.storages.sqlite_dialect import SqliteDialect

T = TypeVar("T")
#: Virtual machine steps of SQLite between two looks at the clock.
_STEPS = 20_000
#: A hurried question: longest time, and rows that are too many.
_HURRIED_SECONDS = 0.004
_HURRIED_ROWS = 300
#: A statement that could not be hurried is not tried so for the next few questions: what was read would be lost.
_UNHURRIED_QUESTIONS = 8
_HURRIED_TEXTS = 1_000
_READER_CACHE_KIB = 4_096
#: Of the thread that answers nearly all: the upper levels of the indexes of ten million results.
_HURRIED_CACHE_KIB = 32_768


class SqliteStorage:
    """See `Storage`. `timeout_seconds` bounds one question."""

    def __init__(self, path: Path, timeout_seconds: float = 30.0) -> None:
        self._path = path
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()
        self._readers: list[sqlite3.Connection] = []
        #: Statement to questions for which it is not hurried.
        self._unhurried: dict[str, int] = {}
        self._reading = Reading(SqliteDialect(), self._fetch, self._stream)
        self._writer = SharedWriter(path)
        _make_current(path)

    # -- storing
    def add_result(self, new: NewResult, key: IdempotencyKey | None = None, announce: str | None = None) -> Result:
        return self._write(lambda connection: sqlite_writing.add_result(connection, new, key, announce))

    def add_results(self, new: Sequence[NewResult],
                    changes: Sequence[TestcaseChange | GroupChange] = ()) -> list[int]:
        return self._write(lambda connection: sqlite_bulk.insert_results(connection, new, changes))

    def put_testcase(self, change: TestcaseChange) -> Testcase:
        return self._write(lambda connection: sqlite_writing.put_testcase(connection, change))

    def put_group(self, change: GroupChange) -> Group:
        return self._write(lambda connection: sqlite_writing.put_group(connection, change))

    def reset(self) -> None:
        self._write(sqlite_writing.delete_everything)

    # -- asking
    def result(self, result_id: int) -> Result | None:
        return self._reading.result(result_id)

    def testcase(self, name: str) -> Testcase | None:
        return self._reading.testcase(name)

    def group(self, uuid: str) -> Group | None:
        return self._reading.group(uuid)

    def results(self, wanted: ResultFilter, page: Page) -> list[Result]:
        return self._reading.results(wanted, page)

    def latest(self, wanted: ResultFilter, distinct_on: Sequence[str] = ()) -> list[Result]:
        return self._reading.latest(wanted, distinct_on)

    def testcases(self, wanted: NameFilter, page: Page) -> list[Testcase]:
        return self._reading.testcases(wanted, page)

    def groups(self, uuids: tuple[str, ...], descriptions: NameFilter, page: Page) -> list[Group]:
        return self._reading.groups(uuids, descriptions, page)

    def ask(self, question: Callable[[Fetch, Dialect], T]) -> T:
        return question(self._fetch, SqliteDialect())

    def rows(self, question: Sql) -> list[tuple[Any, ...]]:
        return self._fetch(question)

    def settled_id(self, after: int, span: int) -> int | None:
        # writers take turns, so ids are stored in their order
        last: int | None = self._fetch(Sql(NEXT_IDS, (after, span)))[0][0]
        return last

    def change(self, statements: Sequence[Sql], is_alone: bool = False) -> int:
        return self._write(lambda connection: [connection.execute(each.text, each.parameters).rowcount
                                               for each in statements][-1])

    @contextmanager
    def hurried(self) -> Iterator[None]:
        self._local.is_hurried = True
        try:
            yield
        finally:
            self._local.is_hurried = False

    # -- caring
    def check(self) -> None:
        self._fetch(Sql("SELECT 1 FROM testcase LIMIT 1"))

    def close(self) -> None:
        for connection in self._readers:
            connection.close()
        self._writer.close()

    # -- reading connections
    def _fetch(self, question: Sql) -> list[tuple[Any, ...]]:
        if not self._is_hurried:
            return list(self._stream(question))
        if (left := self._unhurried.get(question.text, 0)) > 0:
            self._unhurried[question.text] = left - 1
            raise StorageHurryError
        try:
            cursor = self._reader(_HURRIED_SECONDS).execute(question.text, question.parameters)
            rows: list[tuple[Any, ...]] = cursor.fetchmany(_HURRIED_ROWS)
            cursor.close()
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise storage_error(error, 0) from error
            rows = []
        else:
            if len(rows) < _HURRIED_ROWS:
                return rows
        if len(self._unhurried) >= _HURRIED_TEXTS:
            self._unhurried.clear()
        self._unhurried[question.text] = _UNHURRIED_QUESTIONS
        raise StorageHurryError

    @property
    def _is_hurried(self) -> bool:
        return getattr(self._local, "is_hurried", False)

    def _stream(self, question: Sql) -> Iterator[tuple[Any, ...]]:
        if self._is_hurried:
            yield from self._fetch(question)
            return
        try:
            yield from self._reader(self._timeout_seconds).execute(question.text, question.parameters)
        except sqlite3.OperationalError as error:
            raise storage_error(error, self._timeout_seconds) from error

    def _reader(self, seconds: float) -> sqlite3.Connection:
        """Return this thread's connection, on which the next question may take that long; 0: any time."""
        local = self._local
        local.deadline = time.monotonic() + (seconds or math.inf)
        try:
            connection: sqlite3.Connection = local.connection
        except AttributeError:
            connection = connect(self._path, _HURRIED_CACHE_KIB if self._is_hurried else _READER_CACHE_KIB)
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(lambda: time.monotonic() > local.deadline, _STEPS)
            self._readers.append(connection)
            local.connection = connection
        return connection

    # -- writing
    def _write(self, work: Work[T]) -> T:
        return self._writer.write(work)


def _make_current(path: Path) -> None:
    """Create or migrate the tables where they are not current."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = connect(path, 0)
    try:
        if connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,):
            return
    except sqlite3.OperationalError:
        pass  # a new file
    finally:
        connection.close()
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as alembic_connection:
        # all or nothing, and a second process that starts now waits here and then finds everything done
        alembic_connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrate(alembic_connection)
        alembic_connection.exec_driver_sql("COMMIT")
    engine.dispose()
