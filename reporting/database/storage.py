"""
The seam to a database: what the API asks of SQLite and of PostgreSQL.

Life cycle: `all_storages.open_storage(url)` gives a storage whose tables exist and
are current. Then any thread may call any method at any time, calls overlap.
`close` is called once, when no call is running; nothing is called after it.

A method that stores returns when the rows are durable: a kill -9 or a power
cut afterwards loses nothing. If it raises, nothing of that call is stored.
No method keeps knowledge of rows between calls, so another process may write
or reset the same database meanwhile.

Errors: StorageBusyError (try again later) and StorageTimeoutError (the
question takes too long); every other exception is a bug.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

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

T = TypeVar("T")


class StorageError(Exception):
    """Raised when the database cannot answer; the text says why."""


class StorageBusyError(StorageError):
    """Raised when the database is away or locked; the same call may work later."""


class StorageTimeoutError(StorageError):
    """Raised when a question took longer than allowed; a narrower one may work."""


class StorageHurryError(StorageError):
    """Raised instead of answering at length while `hurried`; the same question without hurry gets its answer."""


class Storage(Protocol):
    """See the module."""

    # -- storing -----------------------------------------------------------------------------------------------------
    def add_result(self, new: NewResult, key: IdempotencyKey | None = None, announce: str | None = None) -> Result:
        """
        Store the result; create or change its testcase and groups in the same transaction.

        With `announce`, the base URL for its links, a message is put into the outbox in that transaction too.

        With a key that was used before: store nothing, return the result of then.
        Raises IdempotencyConflictError: used before with another body.
        """
        ...

    def add_results(self, new: Sequence[NewResult],
                    changes: Sequence[TestcaseChange | GroupChange] = ()) -> list[int]:
        """
        Make the changes, then store the results, all in one transaction; return the ids of the results in order.

        For bulk work: no answer is made.
        """
        ...

    def put_testcase(self, change: TestcaseChange) -> Testcase:
        """Create or change a testcase."""
        ...

    def put_group(self, change: GroupChange) -> Group:
        """Create or change a group."""
        ...

    # -- asking ------------------------------------------------------------------------------------------------------
    def result(self, result_id: int) -> Result | None:
        """Return the result, None where there is none."""
        ...

    def testcase(self, name: str) -> Testcase | None:
        """Return the testcase, None where there is none."""
        ...

    def group(self, uuid: str) -> Group | None:
        """Return the group, None where there is none."""
        ...

    def results(self, wanted: ResultFilter, page: Page) -> list[Result]:
        """Return the page, sorted by submit_time, then by id. Each result stands once."""
        ...

    def latest(self, wanted: ResultFilter, distinct_on: Sequence[str] = ()) -> list[Result]:
        """
        Return the newest result of each testcase among those that pass, newest first.

        Without `distinct_on` all that share a testcase's newest submit_time. With
        it the newest of each (testcase, value of key 1, ...), a missing key
        being a value of its own, the higher id where times are equal.
        `outcomes` of the filter count: the newest that has one of them.
        """
        ...

    def testcases(self, wanted: NameFilter, page: Page) -> list[Testcase]:
        """Return the page, sorted by the name's code points."""
        ...

    def groups(self, uuids: tuple[str, ...], descriptions: NameFilter, page: Page) -> list[Group]:
        """Return the page, newest first; no uuids: of every uuid."""
        ...

    def ask(self, question: Callable[[Fetch, Dialect], T]) -> T:
        """
        Answer a question that only the pages have; they stand in `sql/page_*.py`, one text for both databases.

        `question` gets a function that runs one reading statement and the database's dialect.
        """
        ...

    # -- what tokens, outbox, pruning, ... build on --------------------------------------------------------------------
    def rows(self, question: Sql) -> list[tuple[Any, ...]]:
        """Return all rows of one statement."""
        ...

    def settled_id(self, after: int, span: int) -> int | None:
        """
        Return the largest of the next `span` ids after one, None where there is none yet.

        No result with a smaller id will be stored any more.
        """
        ...

    def change(self, statements: Sequence[Sql], is_alone: bool = False) -> int:
        """
        Run the statements in one transaction; return how many rows the last one touched.

        `is_alone`: while no other transaction stores anything.
        """
        ...

    def hurried(self) -> AbstractContextManager[None] | None:
        """
        Return a context in which this thread's questions end within milliseconds, by StorageHurryError if they must.

        None where a question may wait for somebody else, so that no thread can promise that.
        """
        ...

    # -- caring ------------------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise StorageError unless the database answers."""
        ...

    def reset(self) -> None:
        """Delete every row; ids start at 1 again."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
