"""
The one command line: hands each sub-command to the folder that owns it.

Only that folder is imported, and only when the sub-command is used, so that
`checkotron --help` and completion answer at once. One-line helps stand here
for the same reason; a test holds them equal to those of the commands.
"""
from __future__ import annotations

import importlib
import os
import sys

import click

#: Sub-command: (module, attribute, the line in `checkotron --help`).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "run": ("runner.cli", "run", "Run a check on an item, here and now."),
    "reproduce": ("runner.reproduce_cli", "reproduce", "Run again exactly what produced a result."),
    "checks": ("runner.checks_cli", "checks", "List, show, validate and create checks."),
    "trigger": ("trigger.cli", "trigger", "Turn bus messages into jobs; explain and replay messages."),
    "results": ("reporting.cli", "results", "Query, deliver and serve results."),
    "gate": ("reporting.gate_cli", "gate", "Decide whether an item may go out."),
    "worker": ("runner.worker_cli", "worker", "Say what this machine offers as a worker."),
    "master": ("buildbot_master.stack.init_cli", "master", "Set up a Buildbot master, and let workers connect to it."),
    "worker-init": ("buildbot_master.stack.init_cli", "worker_init",
                    "Make the folder of a worker, or measure again what it offers."),
    "worker-start": ("buildbot_master.stack.init_cli", "worker_start",
                     "Be the worker that a master has started for a job."),
    "up": ("buildbot_master.stack.cli", "up", "Start everything on this machine and keep it running."),
    "demo": ("buildbot_master.stack.cli", "demo", "Show one message becoming a result, then stop everything."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="checkotron", message="%(prog)s %(version)s")
def cli() -> None:
    """
    Run checks on package events.

    \b
    A check on your machine, with no server:
      checkotron run rpmlint --item xchat-0.5-1.fc20 --item-type koji_build
    Everything on your machine:
      checkotron up
    Completion for your shell (bash, zsh, fish):
      eval "$(_CHECKOTRON_COMPLETE=bash_source checkotron)"
    """


def _open_what_is_closed() -> None:
    """Stand a caller that closed stdin, stdout or stderr: the next file opened would become it."""
    streams = ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w"))
    for number, name, mode in streams:
        if getattr(sys, name) is None:
            descriptor = os.open(os.devnull, os.O_RDWR)  # the lowest free number: most often this one
            os.dup2(descriptor, number)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 (as long as we run)


def main() -> None:
    """Run the command line; Ctrl-C ends with 130 and no traceback."""
    _open_what_is_closed()
    try:
        code = cli.main(prog_name="checkotron", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
