"""
Brings a database to the current tables; an empty one too, which is then stamped like any other.

Alembic is imported only where there is something to do: a server on a current
database starts without it.
"""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: The newest file in versions/; a test holds it equal.
HEAD = "0004"


class NewerDatabaseError(Exception):
    """Raised when the database was made by a newer version of this program; update the program."""


def migrate(connection: Connection) -> None:
    """
    Run what is missing, each migration in a transaction of its own. `connection` is SQLAlchemy's.

    Raises NewerDatabaseError.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "locate revision" in str(error).lower():
            raise NewerDatabaseError("the database was made by a newer version; update this program") from None
        raise
