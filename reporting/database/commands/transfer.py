"""`checkotron results export`, `import` and `backup`."""
from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import click

from reporting.database.commands.options import DatabaseAwayError, database_option, opened

_SETTINGS = {"help_option_names": ["-h", "--help"]}
#: A wrong byte makes a wrong line, which is named, not a traceback.
_TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "replace"}


@click.command(context_settings=_SETTINGS)
@database_option
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), default="-")
def export(database_url: str, file: str) -> None:
    """
    Write everything as JSON lines to FILE, or to standard output.

    A FILE that ends in .gz is compressed.

    \b
    Example:
      checkotron results export results.jsonl.gz --database sqlite:///results.db
    """
    from reporting.database.commands.progress import progress
    from reporting.database.transfer import count_results, exported_lines

    with opened(database_url, must_exist=True) as storage, progress("exporting", count_results(storage)) as advance:
        part = Path(file + ".part")
        out: IO[str] = sys.stdout if file == "-" else _text_file(part, "w", file.endswith(".gz"))
        waiting = 0
        for line in exported_lines(storage):
            out.write(line + "\n")
            waiting += line.startswith('{"data"')  # a result
            if waiting >= 1000:
                advance(waiting)
                waiting = 0
        advance(waiting)
        if file != "-":
            out.close()
            os.replace(part, file)


@click.command("import", context_settings=_SETTINGS)
@database_option
@click.argument("source")
@click.option("--since", metavar="TIME", help="From another server: only results since then, 2024-05-01.")
@click.option("--append", is_flag=True, help="Also into a database that has results; whatever is there already is "
                                             "stored a second time.")
@click.option("--skip", type=click.IntRange(0), default=0, metavar="LINES", help="Leave out lines imported before.")
def import_command(database_url: str, source: str, since: str | None, append: bool, skip: int) -> None:
    """
    Read JSON lines from SOURCE: a file, `-`, or the API of another ResultsDB.

    Results get new ids in the order of the old ones; from an API in the order
    of time, with their testcases and groups. A file may be compressed (.gz).

    \b
    Examples:
      checkotron results import results.jsonl --database sqlite:///new.db
      checkotron results import https://resultsdb.example.org/api/v2.0 --since 2024-05 --database sqlite:///new.db
    """
    from itertools import islice

    from reporting.database.api_source import ApiSourceError
    from reporting.database.commands.progress import progress
    from reporting.database.transfer import TransferError, count_results, import_lines

    done = skip

    with opened(database_url) as storage, _lines(source, since) as lines:
        if not append and not skip and count_results(storage):
            raise click.UsageError("the database has results already; --append stores these beside them")
        with progress("importing", _line_count(source)) as advance:
            def told(more: int) -> None:
                nonlocal done
                done += more
                advance(more)

            advance(skip)
            try:
                stored = import_lines(storage, islice(lines, skip, None), told, skip + 1)
            except TransferError as error:
                raise click.ClickException(f"{source}: {error}; {done} lines are stored: mend it and go on with "
                                           f"--skip {done}") from None
            except (OSError, ApiSourceError, ValueError, KeyError) as error:
                raise DatabaseAwayError(f"{source}: {error}; {done} lines are stored, go on with "
                                        f"--skip {done}") from None
    click.echo(f"{stored} results imported")


class _lines:
    """The lines of the source, closed at the end."""

    def __init__(self, source: str, since: str | None) -> None:
        self._source, self._since = source, since
        self._file: IO[str] | None = None

    def __enter__(self) -> Iterator[str]:
        if self._source.startswith(("http://", "https://")):
            from reporting.database.api_source import asker, lines_of_api

            return lines_of_api(asker(self._source, lambda said: click.echo(said, err=True)), self._since)
        if self._since:
            raise click.UsageError("--since is for the API of another server; a file is imported whole")
        if self._source == "-":
            return iter(sys.stdin)
        try:
            self._file = _text_file(Path(self._source), "r", self._source.endswith(".gz"))
        except OSError as error:
            raise click.BadParameter(f"{self._source}: {error.strerror}", param_hint="SOURCE") from None
        return iter(self._file)

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()


def _text_file(path: Path, mode: str, is_compressed: bool) -> IO[str]:
    return cast(IO[str], gzip.open(path, f"{mode}t", **_TEXT) if is_compressed else path.open(mode, **_TEXT))


def _line_count(source: str) -> int | None:
    """Return the number of lines of a file, None where it is not one that can be read quickly."""
    if not Path(source).is_file() or source.endswith(".gz"):
        return None
    with open(source, "rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))


@click.command(context_settings=_SETTINGS)
@database_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(database_url: str, file: Path) -> None:
    """
    Copy the whole database to FILE while it is in use.

    SQLite: a database file that can be served as it is. PostgreSQL: an archive
    for pg_restore.

    \b
    Example:
      checkotron results backup results-backup.db --database sqlite:///results.db
    """
    from reporting.database.all_storages import DatabaseUrlError, sqlite_path
    from reporting.database.backup import BackupError, backup_postgresql, backup_sqlite
    from reporting.database.commands.progress import progress

    try:
        with progress("copying (kB)", None) as advance:
            if database_url.startswith("sqlite"):
                backup_sqlite(sqlite_path(database_url), file, advance)
            else:
                backup_postgresql(database_url, file, advance)
    except DatabaseUrlError as error:
        raise click.BadParameter(str(error), param_hint="--database") from None
    except (BackupError, OSError) as error:
        raise DatabaseAwayError(f"no backup: {error}") from None
    click.echo(f"backup: {file} ({file.stat().st_size / 1e6:.1f} MB)")
