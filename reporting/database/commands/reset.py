"""`checkotron results reset`: empties a database in place, also while a server works on it."""
from __future__ import annotations

import click

from reporting.database.commands.options import database_option, opened


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@database_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(database_url: str, yes: bool) -> None:
    """
    Delete everything in a results database.

    Results, testcases and groups are gone for good; ids start at 1 again. A
    running server goes on with the empty database.

    \b
    Example:
      checkotron results reset --database sqlite:///results.db --yes
    """
    if not yes:
        click.confirm("Delete every result, testcase and group?", abort=True)
    with opened(database_url) as storage:
        storage.reset()
    click.echo("the database is empty")
