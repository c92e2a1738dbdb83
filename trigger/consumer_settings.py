"""Makes the consumer's parts: from options of our command, or from `[consumer_config]` of fedora-messaging's."""
from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from trigger.consumer import HOLD_SECONDS
from trigger.dispatch import Dispatcher
from trigger.job_plan import JobPlanner
from trigger.matching import Matcher
from trigger.option import catalogue_of, door_of, rules_of, state_folder, topic_settings
from trigger.parked import ParkedMessages


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What a consumer needs to know; the names are those of `[consumer_config]`."""

    #: Rules file; None: the packaged one.
    rules: Path | None = None
    #: State folder; None: $CHECKOTRON_STATE, or the usual place.
    state: Path | None = None
    #: URL of the master's door; None: as the state folder says.
    door: str | None = None
    door_token_file: Path | None = None
    #: Further folders of checks.
    checks: tuple[Path, ...] = ()
    environments: tuple[str, ...] = ("prod",)
    koji_instances: tuple[str, ...] = ("primary",)


def make_consumer_parts(settings: ConsumerSettings) -> tuple[Dispatcher, ParkedMessages]:
    """Return dispatcher and parked messages. Raises InputError: rules with faults, no door, ..."""
    catalogue = catalogue_of(settings.checks)
    matcher = Matcher(rules_of(settings.rules, catalogue), settings.environments)
    scheduler = door_of(settings.state, settings.door, settings.door_token_file, HOLD_SECONDS)
    dispatcher = Dispatcher(lambda: matcher, JobPlanner(catalogue), scheduler, topic_settings(settings.koji_instances))
    return dispatcher, ParkedMessages(state_folder(settings.state))


def settings_of_table(table: Mapping[str, Any]) -> ConsumerSettings:
    """Return the settings of a `[consumer_config]` table. Raises click.ClickException: an unknown name."""
    known = [field.name for field in fields(ConsumerSettings)]
    for name in table:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"
            raise click.ClickException(f"[consumer_config]: unknown setting `{name}`; {hint}")
    values: dict[str, Any] = dict(table)
    for name in ("rules", "state", "door_token_file"):
        if values.get(name):
            values[name] = Path(os.path.expanduser(str(values[name])))
    values["checks"] = tuple(Path(folder) for folder in values.get("checks", ()))
    for name in ("environments", "koji_instances"):
        if name in values:
            values[name] = tuple(values[name])
    return ConsumerSettings(**values)


def parts_for_fedora_messaging(stop: Callable[[], None]) -> tuple[Dispatcher, ParkedMessages]:
    """Return the parts as fedora-messaging's configuration says; `stop` is called when its loop ends."""
    from fedora_messaging.config import conf
    from twisted.internet import reactor

    loop: Any = reactor
    loop.addSystemEventTrigger("before", "shutdown", stop)
    return make_consumer_parts(settings_of_table(conf["consumer_config"]))
