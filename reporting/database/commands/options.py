"""Options and errors that several commands share."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from reporting.database.all_storages import DatabaseUrlError, open_storage, sqlite_path
from reporting.database.storage import Storage, StorageError


class DatabaseAwayError(click.ClickException):
    """Raised when the database cannot be used; exit 3: trying again may help."""

    exit_code = 3


def database_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --database."""
    return click.option("--database", "database_url", required=True, metavar="URL", envvar="CHECKOTRON_DATABASE",
                        help="sqlite:///FILE or postgresql://USER@HOST:PORT/NAME; also $CHECKOTRON_DATABASE.")(command)


@contextmanager
def opened(database_url: str, timeout_seconds: float = 0, must_exist: bool = False) -> Iterator[Storage]:
    """
    Open a storage for a command and close it; faults become errors for a person. 0: no limit on a question.

    `must_exist`: a file that is not there is a mistake, not a new database.
    """
    import sqlite3

    from reporting.database.migrations.migrate import NewerDatabaseError

    try:
        if must_exist and database_url.startswith("sqlite") and not sqlite_path(database_url).is_file():
            raise DatabaseUrlError(f"{sqlite_path(database_url)}: there is no such database")
        storage = open_storage(database_url, timeout_seconds)
    except DatabaseUrlError as error:
        raise click.BadParameter(str(error), param_hint="--database") from None
    except (StorageError, sqlite3.Error, OSError, NewerDatabaseError) as error:
        raise DatabaseAwayError(f"database cannot be opened: {error}") from None
    try:
        yield storage
    except StorageError as error:
        raise DatabaseAwayError(f"database: {error}") from None
    finally:
        storage.close()
