"""`checkotron results migrate`: brings the tables up to date."""
from __future__ import annotations

import click

from reporting.database.commands.options import database_option, opened


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@database_option
def migrate(database_url: str) -> None:
    """
    Bring the tables of a results database up to date.

    Creates them in an empty database. `serve` does the same when it starts.

    \b
    Example:
      checkotron results migrate --database postgresql:///results
    """
    from reporting.database.migrations.migrate import HEAD

    with opened(database_url):
        click.echo(f"the tables are at version {HEAD}")
