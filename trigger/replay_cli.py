"""`trigger explain` and `trigger replay`: what stored messages start, and starting it."""
from __future__ import annotations

import datetime
import itertools
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from checks.item import shown
from checks.kind import nearest
from trigger.dispatch import Dispatcher, JobsRefusedError, Plan
from trigger.job_plan import JobPlan
from trigger.journal import Journal
from trigger.keeper import Keeper
from trigger.lookup import LookupAwayError
from trigger.message import BusMessage
from trigger.option import (
    InputError,
    door_of,
    door_options,
    existing_state_folder,
    rulebook_of,
    rules_as_running,
    rules_options,
    state_folder,
    topic_settings,
)
from trigger.scheduler import Scheduled, Scheduler
from trigger.schedulers.recording import RecordingScheduler
from trigger.stored import BrokenMessage, stored_messages

#: Messages that are no event and are told one by one; a month of a bus has a hundred thousand.
EVENTLESS_TOLD = 5
#: Characters of a line that is told; what a message holds may be long, and hold anything.
_LINE_LIMIT = 4000
_OTHER_TOPIC = re.compile(r"topic `.*` is none of those that are read", re.DOTALL)
#: Reasons in the sum of the others.
_REASONS_TOLD = 8
_FILES = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE...")
_ALL = click.option("--all", "tell_all", is_flag=True,
                    help=f"Tell every message that is no event; else the first {EVENTLESS_TOLD}, the rest in sums.")
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
    #: Why messages are no event: the reason, and of how many messages.
    eventless: Counter[str] = field(default_factory=Counter)
    #: Tell every message, also those that are no event.
    tell_all: bool = False


@click.command()
@_FILES
@rules_options
@click.option("--id", "identifiers", multiple=True, metavar="MESSAGE_ID",
              help="A message that started jobs before, by its id. Repeatable.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER",
              help="State folder: of --id, and of the rules that are running.")
@click.option("--rule", "names", multiple=True, metavar="NAME",
              help="Tell of this rule only; else of those that apply, and of the nearest others. Repeatable.")
@_ALL
@_JSON
def explain(files: tuple[Path, ...], identifiers: tuple[str, ...], state: Path | None, names: tuple[str, ...],
            tell_all: bool, as_json: bool, **options: Any) -> None:
    """
    Say, rule by rule, why a message starts what it starts, or nothing.

    FILE is one JSON message, JSON lines, a page of datagrepper, a folder of these, or - for standard input; packed
    with gzip or not.
    A line that cannot be read is reported with its number and does not stop the rest; the exit code is then 1.
    What --rules, --checks, --environment, --koji-instance and --bodhi do not say is as the trigger of the state
    folder has it.

    \b
      checkotron trigger explain message.json
      checkotron trigger explain --rules rules.yml --json month.jsonl
      checkotron trigger explain --id 2022-7912a0f6-5909-44fc-aac4-d944535e6a53
      checkotron trigger explain --rule "new kernels" message.json
    """
    if not files and not identifiers:
        raise InputError("name a FILE, or a message with --id")
    chosen = rules_as_running(state, options)
    book = rulebook_of(chosen)
    known = [rule.name for rule in book.rules.rules]
    for name in names:
        if name not in known:
            raise InputError(f"--rule: no rule `{shown(name)}` in {book.rules.file}{nearest(name, known)}")
    dispatcher = Dispatcher(lambda: book, RecordingScheduler(), topic_settings(chosen.koji_instances))
    for warning in book.rules.warnings:
        click.echo(f"note: {warning}", err=True)
    count = _Count(tell_all=tell_all)
    for message in itertools.chain(_noted(identifiers, state), _readable(files, count)):
        _tell(_planned(dispatcher, message, count, names), as_json, count)
    _finish(count, as_json)


@click.command()
@_FILES
@rules_options
@door_options
@click.option("--dry-run", is_flag=True, help="Only say what would be scheduled.")
@click.option("--since", metavar="TIME",
              help="Messages the trigger has noted since: 2026-01-31T12:00 (UTC), or 2h, 3d.")
@_ALL
@_JSON
def replay(files: tuple[Path, ...], dry_run: bool, since: str | None, tell_all: bool, as_json: bool,
           **options: Any) -> None:
    """
    Schedule the jobs of stored messages.

    FILE is as for `explain`. A job that was scheduled before is not scheduled again: replaying twice is harmless.
    Nothing waits: `delay`, `needs` and `limits` of the rules are for the bus. What --rules, --checks, --environment,
    --koji-instance and --bodhi do not say is as the trigger of the state folder has it.

    \b
      checkotron trigger replay --dry-run messages.jsonl
      checkotron trigger replay --state ./state message.json
    """
    if not files and not since:
        raise InputError("name a FILE, or a time with --since")
    chosen = rules_as_running(options["state"], options)
    book = rulebook_of(chosen)
    scheduler: Scheduler = RecordingScheduler() if dry_run else door_of(
        options["state"], options["door_urls"], options["door_token_file"])
    journal = Journal(state_folder(options["state"])) if not dry_run or since else None
    dispatcher = Dispatcher(lambda: book, scheduler, topic_settings(chosen.koji_instances),
                            Keeper(journal) if journal and not dry_run else None)
    count = _Count(tell_all=tell_all)
    noted = journal.messages_since(_moment(since)) if since and journal else ()
    for message in itertools.chain(noted, _readable(files, count)):
        plan = _planned(dispatcher, message, count)
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


def _planned(dispatcher: Dispatcher, message: BusMessage, count: _Count,
             explain: tuple[str, ...] | None = None) -> Plan:
    """Return the plan; a system that must be asked and is away costs this message its jobs, and says so."""
    try:
        return dispatcher.plan(message, explain)
    except LookupAwayError as error:
        count.refused += 1
        return Plan(message, (), (), (f"cannot be planned now: {error}",))


def _noted(identifiers: tuple[str, ...], state: Path | None) -> Iterator[BusMessage]:
    """Yield messages of the journal. Raises InputError: one is not there."""
    if not identifiers:
        return
    folder = existing_state_folder(state)
    journal = Journal(folder)
    for identifier in identifiers:
        message = journal.message(identifier)
        if message is None:
            raise InputError(f"message `{shown(identifier)}` is not noted in {folder}; only those that started a job "
                             "are, for a while")
        yield message


def _moment(text: str) -> float:
    """Return seconds since the epoch of a time or an age. Raises InputError."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if text[:-1].isascii() and text[:-1].isdigit() and text[-1:] in units:
        return time.time() - int(text[:-1]) * units[text[-1]]
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--since: `{shown(text)}` is no time; "
                         "expected 2026-01-31T12:00 (UTC), or 90m, 2h, 3d") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


def _readable(files: tuple[Path, ...], count: _Count) -> Iterable[BusMessage]:
    """Yield the messages that can be read; say at once what is wrong with the others."""
    for message in stored_messages(*files):
        if isinstance(message, BrokenMessage):
            count.broken += 1
            click.echo(str(message), err=True)
        else:
            yield message


def _tell(plan: Plan, as_json: bool, count: _Count, faults: Iterable[str] = ()) -> None:
    count.messages += 1
    count.events += len(plan.events)
    count.jobs += len(plan.jobs)
    if as_json:
        click.echo(json.dumps(plan_to_dict(plan, faults)))
        return
    if not plan.events and not faults:
        count.eventless[_alike("; ".join(plan.reasons))] += 1
        if not count.tell_all and count.eventless.total() > EVENTLESS_TOLD:
            return
    name = plan.message.place or shown(plan.message.id)
    click.echo(click.style(f"{name}: {shown(plan.message.topic, 120)}", bold=True))
    for line in (*plan.reasons, *faults):
        click.echo(f"  {shown(line, _LINE_LIMIT)}")
    for planned in plan.plans:
        job = planned.job
        line = f"{job.taskname} on {job.item_type} {job.item}, {job.arch} ({job.build_id})" + _waits(planned)
        click.echo(click.style(f"  -> {shown(line, _LINE_LIMIT)}", fg="green"))


def _alike(reason: str) -> str:
    """Return the reason without what makes it another one for each topic."""
    return "a topic that is none of those that are read" if _OTHER_TOPIC.fullmatch(reason) else reason


def _waits(planned: JobPlan) -> str:
    """Say what a job waits for when its message comes over the bus."""
    waits = [f"{planned.delay_seconds} s"] * bool(planned.delay_seconds)
    waits += [f"{run.check} is {run.after}" for run in planned.needed_runs]
    return f", waits until {' and '.join(waits)}" if waits else ""


def _tell_eventless(count: _Count) -> None:
    """Say what became of the messages that were not told one by one."""
    if count.tell_all or count.eventless.total() <= EVENTLESS_TOLD:
        return
    click.echo(f"{_many(count.eventless.total(), 'message')} are no event (`--all` tells each):", err=True)
    for reason, times in count.eventless.most_common(_REASONS_TOLD):
        click.echo(f"  {times:>6} {shown(reason, _LINE_LIMIT)}", err=True)
    if (rest := len(count.eventless) - _REASONS_TOLD) > 0:
        click.echo(f"         and {_many(rest, 'other reason')}", err=True)


def _many(count: int, word: str) -> str:
    return f"{count} {word}" + "s" * (count != 1)


def _finish(count: _Count, as_json: bool, done: str = "would start") -> None:
    """Say the sum on standard error; exit with 1 where something could not be read or was refused."""
    if not as_json:
        scheduled = f"{count.new} of them {done}" if done != "would start" else done
        found = f"{_many(count.messages, 'message')}, {_many(count.events, 'event')}"
        jobs = f"{_many(count.jobs, 'job')}" + (" " if done == "would start" else ": ") + scheduled
        click.echo(f"{found}, {jobs}" if count.jobs else f"{found}, no job", err=True)
        _tell_eventless(count)
    if count.broken:
        click.echo(f"{count.broken} could not be read", err=True)
    if count.broken or count.refused:
        sys.exit(1)
