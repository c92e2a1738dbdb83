"""Makes the consumer's parts: from options of our command, or from `[consumer_config]` of fedora-messaging's."""
from __future__ import annotations

import difflib
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from checks.addresses import AddressesError, read_addresses
from checks.steady_timers import keep_timers_steady
from trigger.dispatch import Dispatcher
from trigger.ended_here import EndedHere
from trigger.held import HeldJobs
from trigger.holding import Holding
from trigger.journal import Journal
from trigger.keeper import Keeper
from trigger.message import ENVIRONMENTS
from trigger.option import InputError, door_of, folders_of, lookup_of, state_folder, topic_settings
from trigger.parked import ParkedMessages
from trigger.progress import ProgressFolder
from trigger.rulebook import RulebookFile, Surroundings
from trigger.rules import DEFAULT_RULES, RulesError
from trigger.standing import Standing, StandingFile
from trigger.stores.results_database import ResultsDatabaseStore

#: Seconds a message is held while the master is away, or the trigger paused. RabbitMQ closes the channel of a consumer
#: that does not acknowledge within 30 minutes.
HOLD_SECONDS = 25 * 60.0


@dataclass(frozen=True, slots=True)
class ConsumerSettings:
    """What a consumer needs to know; the names are those of `[consumer_config]`."""

    #: Rules file; None: the packaged one.
    rules: Path | None = None
    #: State folder; None: $CHECKOTRON_STATE, or the usual place.
    state: Path | None = None
    #: URL of the master's door, or of each of several masters that share a database; none: as the state folder says.
    door: tuple[str, ...] = ()
    door_token_file: Path | None = None
    #: Further folders of checks.
    checks: tuple[Path, ...] = ()
    environments: tuple[str, ...] = ("prod",)
    koji_instances: tuple[str, ...] = ("primary",)
    #: A Bodhi to ask for the builds of updates.
    bodhi: str | None = None
    #: The results database, for rules with `needs`; None: as the state folder says.
    results: str | None = None
    #: `host:port` of the metrics; None: none.
    metrics: str | None = None
    #: `<queue>/progress` of reporting: say there that a job is queued; None: say nothing.
    progress: Path | None = None
    #: Queue of reporting: say there that a job never runs; None: `<state>/queue`, where it is there.
    reports: Path | None = None
    #: How long a message is held; less than the broker's consumer_timeout.
    hold_seconds: float = HOLD_SECONDS


@dataclass(frozen=True, slots=True)
class ConsumerParts:
    """Everything a consumer works with."""

    dispatcher: Dispatcher
    parked: ParkedMessages
    rulebook: RulebookFile
    journal: Journal
    held: HeldJobs
    holding: Holding
    #: Of the state folder; the file `paused` in it makes the consumer wait.
    state: Path
    hold_seconds: float
    #: Asks the door how it is.
    door_status: Callable[[], dict[str, Any]]
    #: Tells the commands beside us how we stand.
    standing: StandingFile

    def start_holding(self, stopped: threading.Event) -> None:
        """Run the loops beside the consumer: over waiting jobs, and over the rules."""
        threading.Thread(target=self.standing.run, args=(stopped,), name="standing", daemon=True).start()
        threading.Thread(target=self.holding.run, args=(stopped,), name="waiting jobs", daemon=True).start()


def make_consumer_parts(settings: ConsumerSettings) -> ConsumerParts:
    """Return the parts. Raises InputError: rules with faults, no door, ..."""
    state = state_folder(settings.state)
    around = Surroundings(lookup_of(settings.bodhi), environments=settings.environments)
    folders = folders_of(settings.checks)
    try:
        rulebook = RulebookFile(settings.rules or DEFAULT_RULES, folders, around)
    except RulesError as error:
        raise InputError(f"{error}\nthe rules have faults; nothing was started") from None
    journal, held = Journal(state), HeldJobs(state)

    def door() -> Any:
        return door_of(settings.state, settings.door, settings.door_token_file, settings.hold_seconds)

    progress = ProgressFolder(settings.progress) if settings.progress else None
    ended = EndedHere(state, settings.reports)
    keeper = Keeper(journal, held, lambda: rulebook().rules.limit, progress, ended)
    dispatcher = Dispatcher(rulebook, door(), topic_settings(settings.koji_instances), keeper)
    # Its own way through the door: a connection is for one thread.
    holding = Holding(held, door(), journal, limit=lambda: rulebook().rules.limit, ended=ended)
    if results := settings.results or _results_url(state):
        holding.done, holding.success = ResultsDatabaseStore(results), ResultsDatabaseStore(results, only_success=True)
    return ConsumerParts(dispatcher, ParkedMessages(state), rulebook, journal, held, holding, state,
                         settings.hold_seconds, door().status,
                         StandingFile(state, _standing(settings), lambda: _rules_now(rulebook)))


def _standing(settings: ConsumerSettings) -> Standing:
    """Return what we go by, in words that do not depend on our working folder."""
    return Standing(os.getpid(), str(settings.rules.absolute()) if settings.rules else None,
                    tuple(str(folder.absolute()) for folder in settings.checks), tuple(settings.environments),
                    tuple(settings.koji_instances), settings.bodhi)


def _rules_now(rulebook: RulebookFile) -> tuple[int, tuple[str, ...]]:
    return len(rulebook().rules.rules), rulebook.faults


def settings_of_table(table: Mapping[str, Any]) -> ConsumerSettings:
    """Return the settings of a `[consumer_config]` table. Raises click.ClickException: an unknown name."""
    known = [field.name for field in fields(ConsumerSettings)]
    for name in table:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(known)}"
            raise click.ClickException(f"[consumer_config]: unknown setting `{name}`; {hint}")
    values: dict[str, Any] = dict(table)
    for name in ("rules", "state", "door_token_file", "progress", "reports"):
        if values.get(name):
            values[name] = Path(os.path.expanduser(str(values[name])))
    values["checks"] = tuple(Path(folder) for folder in values.get("checks", ()))
    for name in ("environments", "koji_instances", "door"):
        if name in values:
            values[name] = (values[name],) if isinstance(values[name], str) else tuple(values[name])
    wrong = [name for name in values.get("environments", ()) if name not in ENVIRONMENTS.values()]
    if wrong:
        raise click.ClickException(f"[consumer_config] environments: unknown `{wrong[0]}`; expected prod, stg or dev")
    return ConsumerSettings(**values)


def parts_for_fedora_messaging(stop: Callable[[], None]) -> tuple[ConsumerParts, ConsumerSettings]:
    """Return the parts as fedora-messaging's configuration says; `stop` is called when its loop ends."""
    from fedora_messaging.config import conf
    from twisted.internet import reactor

    loop: Any = reactor
    keep_timers_steady(loop)
    loop.addSystemEventTrigger("before", "shutdown", stop)
    settings = settings_of_table(conf["consumer_config"])
    return make_consumer_parts(settings), settings


def _results_url(state: Path) -> str | None:
    try:
        return read_addresses(state).results_url
    except AddressesError:
        return None
