"""`trigger explain` and `trigger replay`: what stored messages start, and starting it."""
from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from checks.item import shown
from trigger.dispatch import Dispatcher, JobsRefusedError, Plan
from trigger.message import BusMessage
from trigger.option import (
    door_of,
    door_options,
    rulebook_of,
    rules_options,
    topic_settings,
)
from trigger.scheduler import Scheduled, Scheduler
from trigger.schedulers.recording import RecordingScheduler
from trigger.stored import BrokenMessage, stored_messages

_FILES = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")


@dataclass
class _Count:
    """What has been seen so far."""

    messages: int = 0
    broken: int = 0
    events: int = 0
    jobs: int = 0
    new: int = 0
    refused: int = 0


@click.command()
@_FILES
@rules_options
@_JSON
def explain(files: tuple[Path, ...], rules_file: Path | None, check_folders: tuple[Path, ...],
            environments: tuple[str, ...], koji_instances: tuple[str, ...], bodhi_url: str | None,
            as_json: bool) -> None:
    """
    Say, rule by rule, why a message starts what it starts, or nothing.

    FILE is one JSON message, JSON lines, a page of datagrepper, a folder of these, or - for standard input.
    A line that cannot be read is reported with its number and does not stop the rest; the exit code is then 1.

    \b
      checkotron trigger explain message.json
      checkotron trigger explain --rules rules.yml --json month.jsonl
    """
    book = rulebook_of(rules_file, check_folders, environments, bodhi_url)
    dispatcher = Dispatcher(lambda: book, RecordingScheduler(), topic_settings(koji_instances))
    for warning in book.rules.warnings:
        click.echo(f"note: {warning}", err=True)
    count = _Count()
    for message in _readable(files, count):
        plan = dispatcher.plan(message, explain=True)
        _tell(plan, as_json, count)
    _finish(count, as_json)


@click.command()
@_FILES
@rules_options
@door_options
@click.option("--dry-run", is_flag=True, help="Only say what would be scheduled.")
@_JSON
def replay(files: tuple[Path, ...], dry_run: bool, as_json: bool, **options: Any) -> None:
    """
    Schedule the jobs of stored messages.

    FILE is as for `explain`. A job that was scheduled before is not scheduled again: replaying twice is harmless.

    \b
      checkotron trigger replay --dry-run messages.jsonl
      checkotron trigger replay --state ./state message.json
    """
    book = rulebook_of(options["rules_file"], options["check_folders"], options["environments"], options["bodhi_url"])
    scheduler: Scheduler = RecordingScheduler() if dry_run else door_of(
        options["state"], options["door_url"], options["door_token_file"])
    dispatcher = Dispatcher(lambda: book, scheduler, topic_settings(options["koji_instances"]))
    count = _Count()
    for message in _readable(files, count):
        plan = dispatcher.plan(message)
        faults: list[str] = []
        done: list[Scheduled] = []
        try:
            done = dispatcher.carry_out(plan)
        except JobsRefusedError as error:
            faults = [f"refused: {job.label}: {why}" for job, why in error.refused]
        count.refused += len(faults)
        count.new += sum(scheduled.is_new for scheduled in done)
        _tell(plan, as_json, count, faults)
    _finish(count, as_json, "would be scheduled" if dry_run else "scheduled now")


def plan_to_dict(plan: Plan, faults: Iterable[str] = ()) -> dict[str, Any]:
    """Return what `--json` prints of a message."""
    return {
        "id": plan.message.id, "topic": plan.message.topic,
        "events": [event.to_dict() for event in plan.events],
        "jobs": [{**planned.job.to_dict(), "rule": planned.rule} for planned in plan.plans],
        "reasons": [*plan.reasons, *faults],
    }


def _readable(files: tuple[Path, ...], count: _Count) -> Iterable[BusMessage]:
    """Yield the messages that can be read; say at once what is wrong with the others."""
    for path in files:
        for message in stored_messages(path):
            if isinstance(message, BrokenMessage):
                count.broken += 1
                click.echo(str(message), err=True)
            else:
                count.messages += 1
                yield message


def _tell(plan: Plan, as_json: bool, count: _Count, faults: Iterable[str] = ()) -> None:
    count.events += len(plan.events)
    count.jobs += len(plan.jobs)
    if as_json:
        click.echo(json.dumps(plan_to_dict(plan, faults)))
        return
    name = plan.message.place or shown(plan.message.id)
    click.echo(click.style(f"{name}: {shown(plan.message.topic, 120)}", bold=True))
    for line in (*plan.reasons, *faults):
        click.echo(f"  {line}")
    for job in plan.jobs:
        line = f"  -> {job.taskname} on {job.item_type} {job.item}, {job.arch} ({job.build_id})"
        click.echo(click.style(line, fg="green"))


def _finish(count: _Count, as_json: bool, done: str = "would start") -> None:
    """Say the sum on standard error; exit with 1 where something could not be read or was refused."""
    if not as_json:
        scheduled = f"{count.new} of them {done}" if done != "would start" else done
        click.echo(f"{count.messages} messages, {count.events} events, {count.jobs} jobs: {scheduled}"
                   if count.jobs else f"{count.messages} messages, {count.events} events, no job", err=True)
    if count.broken:
        click.echo(f"{count.broken} could not be read", err=True)
    if count.broken or count.refused:
        sys.exit(1)
