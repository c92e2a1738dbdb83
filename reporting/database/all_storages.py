"""The literal list of storages, by the scheme of the database URL."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reporting.database.storage import Storage


class DatabaseUrlError(ValueError):
    """Raised when a database URL names no database we know."""


def open_storage(url: str, timeout_seconds: float = 30.0) -> Storage:
    """
    Return the storage at `sqlite:///FILE` or `postgresql://...`; makes or migrates its tables.

    `timeout_seconds` bounds one question, 0: no bound. Raises DatabaseUrlError, StorageBusyError.
    """
    scheme = url.partition(":")[0].partition("+")[0]
    if scheme not in ALL_STORAGES:
        raise DatabaseUrlError(f"database `{url.partition(':')[0][:40]}:...` is not known; expected "
                               "sqlite:///FILE or postgresql://USER@HOST:PORT/NAME")
    return ALL_STORAGES[scheme](url, timeout_seconds)


def sqlite_path(url: str) -> Path:
    """Return the file of a `sqlite:///FILE` URL (four slashes: an absolute path). Raises DatabaseUrlError."""
    path = url.partition("?")[0].removeprefix("sqlite:///")
    if not url.startswith("sqlite:///") or path in ("", ":memory:"):
        raise DatabaseUrlError(f"database `{url[:80]}` names no file; expected sqlite:///FILE")
    return Path(path)


def _sqlite(url: str, timeout_seconds: float) -> Storage:
    from reporting.database.storages.sqlite import SqliteStorage

    return SqliteStorage(sqlite_path(url), timeout_seconds)


def _postgresql(url: str, timeout_seconds: float) -> Storage:
    from reporting.database.storages.postgresql import PostgresqlStorage

    return PostgresqlStorage("postgresql" + url[url.index(":"):], timeout_seconds)


#: Scheme to (url, timeout_seconds) -> Storage; the driver is imported when it is used.
ALL_STORAGES: dict[str, Callable[[str, float], Storage]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "postgres": _postgresql,
}
