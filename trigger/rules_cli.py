"""`trigger rules`: check a rules file, and try it on stored messages before it goes live."""
from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from checks.contracts import Job
from trigger.dispatch import Dispatcher
from trigger.message import BusMessage
from trigger.option import InputError, RulesOptions, rulebook_of, rules_as_running, rules_options, topic_settings
from trigger.rules import DEFAULT_RULES
from trigger.schedulers.recording import RecordingScheduler
from trigger.stored import BrokenMessage, stored_messages

#: Differences that are printed; more are counted.
SHOWN = 200


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def rules() -> None:
    """Check a rules file, and try it on stored messages before it goes live."""


@rules.command(short_help="Say every fault of a rules file.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--checks", "check_folders", type=click.Path(path_type=Path), multiple=True, metavar="FOLDER",
              help="A further folder of checks. Repeatable.")
def check(file: Path, check_folders: tuple[Path, ...]) -> None:
    """
    Say every fault of a rules file; exit code 2 where there is one.

    \b
      checkotron trigger rules check rules.yml
      checkotron trigger rules check rules.yml --checks /srv/checks
    """
    book = rulebook_of(RulesOptions(file, check_folders, ("prod",), ("primary",), None))
    for note in (*book.check_faults, *book.rules.warnings):
        click.echo(f"note: {note}", err=True)
    disabled = sum(rule.disabled for rule in book.rules.rules)
    off = f", {disabled} of them disabled" if disabled else ""
    click.echo(f"{file}: {len(book.rules.rules)} rules{off}, no fault")


@dataclass
class _Tally:
    """What one rules file starts."""

    messages: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    by_rule: dict[str, int] = field(default_factory=dict)
    #: key -> message that asked first.
    message_of: dict[str, str] = field(default_factory=dict)

    def add(self, dispatcher: Dispatcher, message: BusMessage) -> None:
        plan = dispatcher.plan(message)
        self.messages += 1
        for planned in plan.plans:
            if planned.job.key not in self.jobs:
                self.jobs[planned.job.key] = planned.job
                self.message_of[planned.job.key] = message.place or str(message.id)
                self.by_rule[planned.rule_name] = self.by_rule.get(planned.rule_name, 0) + 1


@rules.command("test", short_help="Say what rules would start for stored messages.")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@rules_options
@click.option("--against", type=click.Path(path_type=Path), metavar="FILE",
              help="Another rules file, usually the one in force: show what would start besides, and no longer.")
@click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER",
              help="State folder of the trigger whose options count where none are given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def test_rules(files: tuple[Path, ...], rules_file: Path | None, against: Path | None, as_json: bool,
               state: Path | None, **options: Any) -> None:
    """
    Say what a rules file would start for stored messages, a month of them perhaps.

    With --against it also compares; the exit code is then 1 where anything differs. What --rules, --checks,
    --environment, --koji-instance and --bodhi do not say is as the trigger of the state folder has it.

    \b
      checkotron trigger rules test --rules new.yml --against rules.yml month.jsonl
    """
    given = rules_as_running(state, {"rules_file": rules_file, **options})
    new, new_tally = _dispatcher(given), _Tally()
    old, old_tally = (_dispatcher(replace(given, rules_file=against)) if against else None), _Tally()
    broken = 0
    for message in stored_messages(*files):
        if isinstance(message, BrokenMessage):
            broken += 1
            click.echo(str(message), err=True)
            continue
        new_tally.add(new, message)
        if old:
            old_tally.add(old, message)
    added = [key for key in new_tally.jobs if key not in old_tally.jobs] if old else []
    gone = [key for key in old_tally.jobs if key not in new_tally.jobs] if old else []
    name = str(given.rules_file or DEFAULT_RULES)
    if as_json:
        click.echo(json.dumps({
            "messages": new_tally.messages, "jobs": len(new_tally.jobs), "by_rule": new_tally.by_rule, "broken": broken,
            "added": [new_tally.jobs[key].to_dict() for key in added],
            "gone": [old_tally.jobs[key].to_dict() for key in gone]}))
    else:
        _tell(name, new_tally)
        if old:
            _tell(str(against), old_tally)
            _differences("+", added, new_tally)
            _differences("-", gone, old_tally)
            differs = f"{_jobs(len(added))} more, {_jobs(len(gone))} fewer"
            click.echo(differs if added or gone else "both start the same")
    if broken or added or gone:
        sys.exit(1)


def _dispatcher(given: RulesOptions) -> Dispatcher:
    if given.rules_file is not None and not given.rules_file.is_file():
        raise InputError(f"{given.rules_file}: no such file")
    book = rulebook_of(given)
    return Dispatcher(lambda: book, RecordingScheduler(), topic_settings(given.koji_instances))


def _tell(name: str, tally: _Tally) -> None:
    click.echo(click.style(f"{name}: {tally.messages} messages start {len(tally.jobs)} jobs", bold=True))
    for rule, count in sorted(tally.by_rule.items(), key=lambda pair: -pair[1]):
        click.echo(f"{count:8}  {rule}")


def _differences(sign: str, keys: list[str], tally: _Tally) -> None:
    colour = "green" if sign == "+" else "red"
    for key in keys[:SHOWN]:
        job = tally.jobs[key]
        click.echo(click.style(f"{sign} {job.label}", fg=colour) + f"  ({tally.message_of[key]})")
    if len(keys) > SHOWN:
        click.echo(f"{sign} and {len(keys) - SHOWN} more")
    checks = Counter(tally.jobs[key].taskname for key in keys)
    if len(keys) > 1:
        click.echo(f"{sign} in all: " + ", ".join(f"{count} {check}" for check, count in checks.most_common()))


def _jobs(count: int) -> str:
    return f"{count} job{'s' * (count != 1)}"
