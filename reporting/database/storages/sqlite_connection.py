"""Connections to SQLite, and what their faults mean."""
from __future__ import annotations

import sqlite3
from pathlib import Path

from reporting.database.storage import StorageBusyError, StorageError, StorageTimeoutError

#: Seconds another process may hold the write lock (a backup, prune or reset).
LOCK_SECONDS = 30.0
#: Pages of 4 KiB in the log before they are copied into the database: more are copied together, but take longer.
_CHECKPOINT_PAGES = 4_000


def connect(path: Path, cache_kib: int) -> sqlite3.Connection:
    """Return a connection of ours; transactions are begun by hand."""
    connection = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False,
                                 cached_statements=256)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{cache_kib}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return connection


def storage_error(error: sqlite3.OperationalError, seconds: float) -> StorageError | sqlite3.OperationalError:
    """Return what the error means to a caller; the error itself where it is a bug."""
    text = str(error)
    if "interrupted" in text:
        return StorageTimeoutError(f"no answer within {seconds:g} seconds; ask for less, for example with `since`")
    if any(word in text for word in ("locked", "busy", "full", "I/O", "unable to open", "readonly", "no such table")):
        return StorageBusyError(text)
    return error
