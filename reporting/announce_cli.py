"""`checkotron results announce`: say that a run is on its way."""
from __future__ import annotations

from pathlib import Path

import click

from reporting.places import TroubleError, UsageError


@click.command(short_help="Say that a run is queued or running.")
@click.argument("status", type=click.Choice(["queued", "running"]))
@click.option("--item", required=True, help="What is checked.")
@click.option("--item-type", required=True, help="koji_build, bodhi_update, ...")
@click.option("--testcase", required=True, help="The full name of the check, `dist.rpmlint`.")
@click.option("--arch", default="noarch", show_default=True, help="The architecture, if it is about one.")
@click.option("--build-id", help="Names the run in its results.")
@click.option("--log-url", help="Where the run can be watched.")
@click.option("--to", "destinations", multiple=True, required=True, metavar="DESTINATION",
              help="Who is told; may be given several times.")
@click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False),
              help="Holds the token for writing; else $CHECKOTRON_RESULTS_TOKEN.")
def announce(status: str, destinations: tuple[str, ...], token_file: Path | None, **fields: str | None) -> None:
    """
    Say that a run is queued or running.

    Results databases that take QUEUED and RUNNING get a row, the bus a CI message; others do not care.

    \b
      checkotron results announce running --item xchat-0.5-1.fc20 --item-type koji_build \\
          --testcase dist.rpmlint --to http://127.0.0.1:5001
    """
    from reporting.deliver_cli import open_reporters
    from reporting.progress import Progress, ProgressError
    from reporting.progress import announce as announce_to

    try:
        progress = Progress.from_dict({**fields, "status": status})
    except ProgressError as error:
        raise UsageError(str(error)) from None
    said = announce_to(progress, open_reporters(destinations, token_file))
    for destination, what in said.items():
        click.echo(f"{destination}: {what}")
    if any(what.startswith("failed: ") for what in said.values()):
        raise TroubleError("not everybody was told")
