"""`checkotron results prune`: deletes old results while the server works."""
from __future__ import annotations

import time

import click

from reporting.database.commands.options import database_option, opened

_MICROSECONDS_A_DAY = 24 * 3600 * 1_000_000


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@database_option
@click.option("--older-than", "days", type=click.FloatRange(min=0), metavar="DAYS",
              help="Only results older than this.")
@click.option("--keep", type=click.IntRange(1), metavar="N",
              help="Keep the newest N of each testcase, whatever their age.")
@click.option("--testcase", "testcases", multiple=True, metavar="PATTERN",
              help="Only these testcases; `*` is any text.")
@click.option("--dry-run", is_flag=True, help="Say how many would go.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def prune(database_url: str, days: float | None, keep: int | None, testcases: tuple[str, ...], dry_run: bool,
          yes: bool) -> None:
    """
    Delete old results.

    Works in small batches beside a running server. A group goes with its last
    result; testcases stay. The space is used again; a file does not shrink.

    \b
    Examples:
      checkotron results prune --older-than 365 --keep 10 --database sqlite:///results.db
      checkotron results prune --testcase 'scratch.*' --older-than 7 --yes --database sqlite:///results.db
    """
    from reporting.database.commands.progress import progress
    from reporting.database.pruning import PruneRule, count_prunable
    from reporting.database.pruning import prune as delete

    if days is None and keep is None:
        raise click.UsageError("nothing says what may go; give --older-than DAYS, --keep N or both")
    before = None if days is None else int(time.time() * 1e6 - days * _MICROSECONDS_A_DAY)
    rule = PruneRule(before, keep, testcases)
    with opened(database_url, must_exist=True) as storage:
        total = count_prunable(storage, rule)
        if dry_run or not total:
            click.echo(f"{total} results would go" if total else "nothing to delete")
            return
        if not yes:
            click.confirm(f"Delete {total} results?", abort=True)
        with progress("deleting", total) as advance:
            gone = delete(storage, rule, advance)
    click.echo(f"{gone} results deleted")
