"""Copies of a whole database while it is in use: SQLite's own backup, PostgreSQL's pg_dump."""
from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

_PAGES = 2_000
#: Between two looks at how far pg_dump is.
_LOOK_SECONDS = 0.5
_ENVIRONMENT = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
                "dbname": "PGDATABASE", "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}


class BackupError(Exception):
    """Raised when no copy could be made; nothing is left behind."""


def backup_sqlite(source: Path, target: Path, told: Callable[[int], None], pages: int = _PAGES) -> None:
    """
    Copy the file, `pages` at a time; `told` gets the kilobytes copied since the last call.

    The copy is that of one moment, and appears when it is whole.
    """
    if not source.exists():
        raise BackupError(f"{source}: no such database")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    reading = sqlite3.connect(f"file:{source}?mode=ro", uri=True)
    writing = sqlite3.connect(part)
    done = 0

    def progress(_: int, left: int, total: int) -> None:
        nonlocal done
        told((total - left - done) * page_bytes // 1024)
        done = total - left

    try:
        # held open: else the copy begins again with each result that is stored meanwhile, and may never end
        reading.execute("BEGIN")
        page_bytes, = reading.execute("PRAGMA page_size").fetchone()
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        reading.backup(writing, pages=pages, progress=progress)
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


def backup_postgresql(url: str, target: Path, told: Callable[[int], None]) -> None:
    """Write an archive for pg_restore; `told` gets the kilobytes written since the last call."""
    from psycopg.conninfo import conninfo_to_dict

    program = shutil.which("pg_dump")
    if program is None:
        raise BackupError("pg_dump is not installed (Debian: apt-get install postgresql-client); "
                          "`checkotron results export` works without it")
    # in the environment, not in the arguments: those can be read by every user of the machine
    settings = {_ENVIRONMENT[key]: str(value) for key, value in conninfo_to_dict(url).items() if key in _ENVIRONMENT}
    part = target.with_name(target.name + ".part")
    with tempfile.TemporaryFile("w+") as faults:
        dump = subprocess.Popen([program, "--format=custom", f"--file={part}"], env={**os.environ, **settings},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=faults)
        try:
            _tell_growth(dump, part, told)
            faults.seek(0)
            if dump.returncode:
                raise BackupError(f"pg_dump: {faults.read().strip()[-500:]}")
            part.replace(target)
        finally:
            dump.kill()
            dump.wait()
            part.unlink(missing_ok=True)


def _tell_growth(dump: subprocess.Popen[bytes], part: Path, told: Callable[[int], None]) -> None:
    """Wait for the end; say meanwhile how the file grows."""
    written = 0
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            dump.wait(_LOOK_SECONDS)
        size = part.stat().st_size // 1024 if part.exists() else 0
        told(max(size - written, 0))
        written = max(size, written)
        if dump.returncode is not None:
            return
