"""Copies of a whole database while it is in use: SQLite's own backup, PostgreSQL's pg_dump."""
from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

_PAGES = 2_000
_ENVIRONMENT = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
                "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


class BackupError(Exception):
    """Raised when no copy could be made; nothing is left behind."""


def backup_sqlite(source: Path, target: Path, told: Callable[[int, int], None]) -> None:
    """Copy the file page by page; `told` gets (pages done, pages in all). The copy appears when it is whole."""
    if not source.exists():
        raise BackupError(f"{source}: no such database")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    writing = sqlite3.connect(part)
    try:
        reading.backup(writing, pages=_PAGES, progress=lambda _, left, total: told(total - left, total))
        # a copy that stands alone: no -wal file beside it
        writing.execute("PRAGMA journal_mode = DELETE")
        writing.close()
        part.replace(target)
    except sqlite3.Error as error:
        raise BackupError(str(error)) from None
    finally:
        reading.close()
        writing.close()
        part.unlink(missing_ok=True)


def backup_postgresql(url: str, target: Path) -> None:
    """Write an archive for pg_restore."""
    from psycopg.conninfo import conninfo_to_dict

    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError("pg_dump is not installed (Debian: apt-get install postgresql-client); "
                          "`checkotron results export` works without it")
    # in the environment, not in the arguments: those can be read by every user of the machine
    settings = {_ENVIRONMENT[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in _ENVIRONMENT}
    part = target.with_name(target.name + ".part")
    done = subprocess.run([program, "--format=custom", f"--file={part}"], env={**os.environ, **settings},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        part.unlink(missing_ok=True)
        raise BackupError(f"pg_dump: {done.stderr.strip()[-500:]}")
    part.replace(target)
