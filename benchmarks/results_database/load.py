"""
Fills an empty results database with realistic rows, made by the database itself; indexes are made at the end, once.

  python -m benchmarks.results_database.load sqlite:///large.db --results 10000000

Each build is an item that 30 testcases look at, in a group of its own; packages take
turns, so an item is rare and a testcase, a type or an arch is frequent. The rows
are those that the server would have stored (a test compares them).
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from benchmarks.results_database import rows
from reporting.database.all_storages import open_storage, sqlite_path

#: Results made by one statement.
_CHUNK = 1_000_000


def load(url: str, count: int, told: Callable[[str], None] = print) -> float:
    """Store that many results; return the seconds it took."""
    open_storage(url).close()
    started = time.monotonic()
    run, close = _sqlite(url) if url.startswith("sqlite") else _postgresql(url)
    run("INSERT INTO testcase (name, ref_url) VALUES ({})", rows.testcases())
    run("INSERT INTO pair (digest, key, value, last_hour) VALUES ({})", rows.shared_pairs(count))
    for first in range(0, count, _CHUNK):
        last = min(first + _CHUNK, count)
        run("INSERT INTO pair (digest, key, value, last_hour) VALUES ({})", rows.item_pairs(first, last))
        for statement in rows.chunk(first, last, is_postgresql=not url.startswith("sqlite")):
            run(statement, None)
        told(f"{last} results, {last / (time.monotonic() - started):.0f} a second")
    close()
    return time.monotonic() - started


def _sqlite(url: str) -> tuple[Callable[..., None], Callable[[], None]]:
    import sqlite3

    connection = sqlite3.connect(sqlite_path(url), isolation_level=None)
    connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; BEGIN")

    indexes = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'result'"
                                 ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")

    def run(statement: str, values: list[tuple[object, ...]] | None) -> None:
        if values is None:
            connection.execute(statement)
        elif values:
            connection.executemany(statement.format(", ".join("?" * len(values[0]))), values)

    def close() -> None:
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("ANALYZE")
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.close()

    return run, close


def _postgresql(url: str) -> tuple[Callable[..., None], Callable[[], None]]:
    import psycopg

    connection = psycopg.connect(url, autocommit=True, options="-c synchronous_commit=off -c work_mem=256MB "
                                                               "-c maintenance_work_mem=512MB")

    indexes = connection.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'result' "
                                 "AND indexname <> 'result_pkey'").fetchall()
    keys = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'p' AND conrelid IN ('posting'::regclass, 'group_member'::regclass)").fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")  # type: ignore[arg-type]
    for table, name, _ in keys:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")  # type: ignore[arg-type]

    def run(statement: str, values: list[tuple[object, ...]] | None) -> None:
        if values is None:
            connection.execute(statement)  # type: ignore[arg-type]
            return
        with connection.cursor().copy(f"COPY {statement[12:statement.index(' VALUES')]} FROM STDIN") as copy:  # type: ignore[arg-type]
            for value in values:
                copy.write_row(value)

    def close() -> None:
        for table, name, definition in keys:
            connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")  # type: ignore[arg-type]
        for _, definition in indexes:
            connection.execute(definition)
        connection.execute("VACUUM ANALYZE")
        connection.close()

    return run, close


def main() -> None:
    """Read the command line and load."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--results", type=int, default=100_000)
    arguments = parser.parse_args()
    seconds = load(arguments.url, arguments.results)
    print(f"{arguments.results} results in {seconds:.1f} s")


if __name__ == "__main__":
    main()
