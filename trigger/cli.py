"""`checkotron trigger`: the commands, each imported when it is used."""
from __future__ import annotations

import importlib

import click

#: Command: (module, attribute, its line in the help).
COMMANDS: dict[str, tuple[str, str, str]] = {
    "consume": ("trigger.consume_cli", "consume", "Listen to the bus and schedule jobs."),
    "explain": ("trigger.replay_cli", "explain", "Say why messages start what they start, or nothing."),
    "replay": ("trigger.replay_cli", "replay", "Schedule the jobs of stored messages."),
    "rules": ("trigger.rules_cli", "rules", "Check a rules file; try it on stored messages."),
    "status": ("trigger.status_cli", "status", "Say what waits, what is parked, what each rule started."),
    "retrigger": ("trigger.operate_cli", "retrigger", "Schedule jobs again."),
    "cancel": ("trigger.operate_cli", "cancel", "Stop jobs that wait or run."),
    "pause": ("trigger.status_cli", "pause", "Let messages wait in the broker."),
    "resume": ("trigger.status_cli", "resume", "Go on after `pause`."),
    "parked": ("trigger.parked_cli", "parked", "List, replay and drop messages that could not be used."),
}


class TriggerGroup(click.Group):
    """A group that imports a command when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from checks.item import ITEM_TYPES

        with formatter.section("Item types, an example of each"):
            formatter.write_dl([(kind.name, kind.example) for kind in ITEM_TYPES.values()])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=TriggerGroup, context_settings={"help_option_names": ["-h", "--help"]})
def trigger() -> None:
    """
    Turn bus messages into jobs; explain and replay messages.

    \b
    What would start, and why:
      checkotron trigger explain message.json
    Schedule the jobs of stored messages in the running system:
      checkotron trigger replay messages.jsonl
    Listen to a bus:
      checkotron trigger consume --bus amqp://localhost --rules rules.yml
    """
    import logging

    from trigger.log_format import TextFormatter

    if logging.lastResort is not None:
        # A command by hand says on the terminal what it waits for, and why.
        logging.lastResort.setFormatter(TextFormatter())
