"""Whether the master's database is there, before Buildbot is asked to use it: its own answer is a page of traceback."""
from __future__ import annotations

from pathlib import Path

from buildbot_master.stack.state import StateError

_SQLITE = "sqlite:///"


def has_tables(folder: Path, database_url: str) -> bool:
    """
    Return whether Buildbot's tables are in the database of the master in `folder`.

    Raises StateError: a PostgreSQL that cannot be asked, in its own words and with what to do.
    """
    if database_url.startswith(_SQLITE):
        # as Buildbot has it: a relative path is one in the master's folder
        return (folder / database_url.removeprefix(_SQLITE)).is_file()
    import sqlalchemy as sa

    from buildbot_master.parts.absence_reason import reason_of, said_by
    from buildbot_master.parts.database import asking_engine

    try:
        with asking_engine(sa.make_url(database_url)).connect() as connection:
            return bool(sa.inspect(connection).has_table("buildrequests"))
    except (sa.exc.ArgumentError, ValueError, ImportError):
        raise StateError(f"{folder}: `database_url` is no address of a database that a master can use; expected "
                         "something like postgresql+psycopg://buildbot@db.example.org/buildbot") from None
    except sa.exc.DBAPIError as error:
        raise StateError(f"{folder}: the master's database cannot be used: {said_by(error)}\n"
                         f"What to do: {reason_of(error).advice}") from None
