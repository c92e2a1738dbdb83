"""
The command `checkotron results` and what belongs to it.

Each sub-command is imported when it is used. The results database brings its
own (`serve`, `reset`, ...) in `reporting.database.cli.COMMANDS`.
"""
from __future__ import annotations

import importlib
import importlib.util

import click

#: Sub-command: (module, attribute, the line in `checkotron results --help`).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "query": ("reporting.query_cli", "query", "Find results in a results database."),
    "report": ("reporting.deliver_cli", "report", "Report the results of one run, now."),
    "deliver": ("reporting.deliver_cli", "deliver", "Deliver the results of finished runs from a queue."),
    "announce": ("reporting.announce_cli", "announce", "Say that a run is queued or running."),
    "undelivered": ("reporting.undelivered_cli", "undelivered", "Show what waits to be delivered, and why."),
    "decisions": ("reporting.decisions_cli", "decisions", "Serve gate decisions over HTTP, as Greenwave does."),
}
_DATABASE = "reporting.database.cli"


class LazyGroup(click.Group):
    """Our commands, then those of the results database."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._all())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = COMMANDS.get(cmd_name) or self._all().get(cmd_name)
        if found is None:
            return None
        command: click.Command = getattr(importlib.import_module(found[0]), found[1])
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in self._all().items()])

    def _all(self) -> dict[str, tuple[str, str, str]]:
        if importlib.util.find_spec(_DATABASE) is None:
            return COMMANDS
        return {**COMMANDS, **importlib.import_module(_DATABASE).COMMANDS}


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]},
             short_help="Query, deliver and serve results.")
def results() -> None:
    """
    Query, deliver and serve results.

    \b
    What is known of a build, here and at Fedora:
      checkotron results query --item xchat-0.5-1.fc20
      checkotron results query --item xchat-0.5-1.fc20 --url https://resultsdb.fedoraproject.org
    Report a run by hand:
      checkotron results report ./artifacts --to http://127.0.0.1:5001
    """
