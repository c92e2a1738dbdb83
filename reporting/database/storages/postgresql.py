"""
PostgreSQL through psycopg: a connection a thread, prepared statements, upserts.

The question's own values are planned with (`plan_cache_mode`), because a pair may have
one result or ten million; hash and merge joins are off, because every question
here reads few rows through an index.
"""
from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, errors

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
from reporting.database.storage import StorageBusyError, StorageError, StorageTimeoutError
from reporting.database.storages import postgresql_bulk, postgresql_writing
from reporting.database.storages.postgresql_dialect import PostgresqlDialect
from reporting.database.storages.postgresql_statements import Statements

T = TypeVar("T")
Row = tuple[Any, ...]

_CONNECT_SECONDS = 5
#: A reset or a migration may hold a lock this long.
_LOCK_SECONDS = 30
#: Two writers that wait for each other: PostgreSQL ends one of them, which then tries again.
_TRIES = 5
#: A follower's request waits so long for running writers, and then answers that there is nothing yet.
_SETTLE_SECONDS = 2.0
#: Rows fetched at a time from a long answer.
_STREAM_ROWS = 2000
#: Held while tables are made, so that two processes that start together do not both make them.
_MIGRATION_LOCK = 0x636865636B6F
#: Shared by everyone who writes; taken alone to delete pairs that a writer might be about to use.
_WRITERS_LOCK = _MIGRATION_LOCK + 1
_PASSING_ERRORS = (errors.AdminShutdown, errors.CrashShutdown, errors.CannotConnectNow, errors.TooManyConnections,
                   errors.LockNotAvailable, errors.DiskFull, errors.ReadOnlySqlTransaction, errors.UndefinedTable)


class PostgresqlStorage:
    """See `Storage`. `timeout_seconds` bounds one statement."""

    def __init__(self, url: str, timeout_seconds: float = 30.0) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._local = threading.local()
        self._databases: list[Statements] = []
        self._reading = Reading(PostgresqlDialect(), self._fetch, self._stream)
        try:
            _make_current(url)
        except psycopg.OperationalError as error:
            raise StorageBusyError(str(error).strip()) from None

    # -- storing
    def add_result(self, new: NewResult, key: IdempotencyKey | None = None, announce: str | None = None) -> Result:
        return self._write(lambda database: postgresql_writing.add_result(database, new, key, announce))

    def add_results(self, new: Sequence[NewResult],
                    changes: Sequence[TestcaseChange | GroupChange] = ()) -> list[int]:
        return self._write(lambda database: postgresql_bulk.insert_results(database, new, changes))

    def put_testcase(self, change: TestcaseChange) -> Testcase:
        return self._write(lambda database: postgresql_writing.put_testcase(database, change))

    def put_group(self, change: GroupChange) -> Group:
        return self._write(lambda database: postgresql_writing.put_group(database, change))

    def reset(self) -> None:
        def work(database: Statements) -> None:
            # after the writers that are at work: each holds some of the tables and waits for others
            database.connection.execute(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
            postgresql_writing.delete_everything(database)

        self._write(work)

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
        return question(self._fetch, PostgresqlDialect())

    def rows(self, question: Sql) -> list[Row]:
        return self._fetch(question)

    def settled_id(self, after: int, span: int) -> int | None:
        # Every writer has its transaction number before its first id (see _in_transaction), and ours here is given
        # after the look: whoever holds an id below what we saw has a smaller one. When all of those have ended,
        # nothing can come before what we saw. (A snapshot's xmax will not do: it is one past the last that ended.)
        last, ours = self._fetch(Sql(f"SELECT ({NEXT_IDS}), pg_current_xact_id()::text::bigint", (after, span)))[0]
        deadline = time.monotonic() + _SETTLE_SECONDS
        while last is not None and time.monotonic() < deadline:
            if self._fetch(Sql("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"))[0][0] >= ours:
                return int(last)
            time.sleep(0.005)
        return None

    def change(self, statements: Sequence[Sql], is_alone: bool = False) -> int:
        def work(database: Statements) -> int:
            connection = database.connection
            if is_alone:
                connection.execute(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")
            return [connection.execute(each.text.replace("?", "%s"), each.parameters).rowcount
                    for each in statements][-1]

        return self._write(work)

    def hurried(self) -> None:
        return None

    # -- caring
    def check(self) -> None:
        self._fetch(Sql("SELECT 1 FROM testcase LIMIT 1"))

    def close(self) -> None:
        for database in self._databases:
            database.connection.close()

    # -- connections
    def _fetch(self, question: Sql) -> list[Row]:
        return self._with_database(lambda database: database.run(question.text, question.parameters), 2)

    def _stream(self, question: Sql) -> Iterator[Row]:
        text = question.text.replace("?", "%s")
        cursor = self._with_database(lambda database: database.connection.execute(text, question.parameters), 2)
        while rows := cursor.fetchmany(_STREAM_ROWS):
            yield from rows

    def _write(self, work: Callable[[Statements], T]) -> T:
        def in_transaction(database: Statements) -> T:
            for _ in range(_TRIES - 1):
                try:
                    return _in_transaction(database, work)
                except (errors.DeadlockDetected, errors.SerializationFailure):
                    continue
            return _in_transaction(database, work)

        # one try: after a lost connection nobody knows whether the commit took place
        return self._with_database(in_transaction, 1)

    def _with_database(self, work: Callable[[Statements], T], tries: int) -> T:
        try:
            return work(self._database())
        except errors.QueryCanceled:
            raise StorageTimeoutError(f"no answer within {self._timeout_seconds:g} seconds; ask for less, "
                                      "for example with `since`") from None
        except (*_PASSING_ERRORS, psycopg.OperationalError) as error:
            fault = error
        self._forget_lost_connection()
        if tries > 1:  # the connection may have been lost while nobody used it
            return self._with_database(work, tries - 1)
        raise StorageBusyError(str(fault).strip()) from fault

    def _database(self) -> Statements:
        """Return this thread's connection with its statements."""
        database: Statements | None = getattr(self._local, "database", None)
        if database is None:
            database = self._local.database = Statements(connect(self._url, self._timeout_seconds))
            self._databases.append(database)
        return database

    def _forget_lost_connection(self) -> None:
        database: Statements | None = getattr(self._local, "database", None)
        if database is not None and database.is_lost:
            self._databases.remove(database)
            database.connection.close()
            self._local.database = None


def _in_transaction(database: Statements, work: Callable[[Statements], T]) -> T:
    # one round trip for all, and before the first snapshot: what prune deletes while we wait is then not seen
    database.command(f"BEGIN; SELECT pg_advisory_xact_lock_shared({_WRITERS_LOCK}), pg_current_xact_id()")
    try:
        value = work(database)
        database.command("COMMIT")
        return value
    except BaseException:
        if not database.is_lost:
            database.command("ROLLBACK")
        raise


def connect(url: str, timeout_seconds: float = 0) -> Connection[Row]:
    """Return a connection of ours, in autocommit. `timeout_seconds` for one statement, 0: no limit."""
    options = " ".join(f"-c {name}={value}" for name, value in {
        "statement_timeout": int(timeout_seconds * 1000), "lock_timeout": _LOCK_SECONDS * 1000, "jit": "off",
        "plan_cache_mode": "force_custom_plan", "enable_hashjoin": "off", "enable_mergejoin": "off",
        "random_page_cost": "1.1", "synchronous_commit": "on", "timezone": "UTC"}.items())
    return psycopg.connect(url, autocommit=True, connect_timeout=_CONNECT_SECONDS, options=options,
                           application_name="checkotron-results", prepare_threshold=None)


def _make_current(url: str) -> None:
    """Create or migrate the tables where they are not current. Raises StorageError: its text is not UTF-8."""
    with connect(url) as connection:
        if (encoding := connection.info.parameter_status("server_encoding")) != "UTF8":
            raise StorageError(f"it is made for texts in {encoding}, expected UTF8: make a new one with "
                               "`createdb --encoding=UTF8 --template=template0 NAME`")
        try:
            if connection.execute("SELECT version_num FROM alembic_version").fetchone() == (HEAD,):
                return
        except errors.UndefinedTable:
            pass  # a new database
    from sqlalchemy import create_engine, text

    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(url))
    with engine.connect() as guard, engine.connect() as alembic_connection:
        guard.execute(text(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})"))
        migrate(alembic_connection)
    engine.dispose()
