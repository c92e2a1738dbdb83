"""Options that several commands share, and what is made of them: rules, catalogue, the door."""
from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from checks.addresses import AddressesError, default_state_folder, read_addresses
from checks.catalogue import Catalogue, library_folder, load_catalogue
from trigger.lookup import Lookup
from trigger.lookups.bodhi import BodhiLookup
from trigger.lookups.recording import RecordingLookup
from trigger.rulebook import Rulebook, Surroundings, make_rulebook
from trigger.rules import DEFAULT_RULES, RulesError, RuleSet, load_rules
from trigger.schedulers.buildbot import BuildbotScheduler, Door
from trigger.standing import is_running, read_standing
from trigger.topic import TopicSettings

Command = TypeVar("Command", bound=Callable[..., Any])


class InputError(click.ClickException):
    """A mistake of the user: exit code 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message as it is; it says its place itself."""
        click.echo(self.format_message(), err=True)


def rules_options(command: Command) -> Command:
    """Add what decides which jobs a message starts."""
    for option in reversed((
        click.option("--rules", "rules_file", type=click.Path(path_type=Path), metavar="FILE",
                     help="Rules file; the packaged one (rpmlint on each Koji build) where not given."),
        click.option("--checks", "check_folders", type=click.Path(path_type=Path), multiple=True, metavar="FOLDER",
                     help="A further folder of checks. Repeatable."),
        click.option("--environment", "environments", multiple=True, default=("prod",), show_default=True,
                     type=click.Choice(["prod", "stg", "dev"]), help="What rules hear that do not say. Repeatable."),
        click.option("--koji-instance", "koji_instances", multiple=True, default=("primary",), show_default=True,
                     metavar="NAME", help="Koji instances to listen to. Repeatable."),
        click.option("--bodhi", "bodhi_url", metavar="URL",
                     help="Ask this Bodhi for the builds of an update where a message does not name them."),
    )):
        command = option(command)
    return command


def door_options(command: Command) -> Command:
    """Add where the master takes jobs."""
    for option in reversed((
        click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER",
                     help="State folder of a running `checkotron up`; else $CHECKOTRON_STATE."),
        click.option("--door", "door_urls", metavar="URL", multiple=True, envvar="CHECKOTRON_DOOR",
                     help="The master's door, in place of what the state folder says; else $CHECKOTRON_DOOR. "
                          "Repeatable, for masters that share a database: the next is asked where one is away."),
        click.option("--door-token-file", type=click.Path(path_type=Path), metavar="FILE",
                     envvar="CHECKOTRON_DOOR_TOKEN_FILE",
                     help="Holds the doors' token; else $CHECKOTRON_DOOR_TOKEN_FILE."),
    )):
        command = option(command)
    return command


def state_folder(state: Path | None) -> Path:
    """Return the state folder that is meant."""
    return state or default_state_folder(os.environ)


def existing_state_folder(state: Path | None) -> Path:
    """Return the state folder that is meant. Raises InputError: it is not there, so nothing ever ran with it."""
    folder = state_folder(state)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such state folder; name it with --state")
    return folder


def door_of(state: Path | None, urls: Sequence[str], token_file: Path | None,
            patience_seconds: float = math.inf) -> BuildbotScheduler:
    """Return the scheduler for the doors that the options name. Raises InputError: no door is known."""
    if not urls or token_file is None:
        try:
            addresses = read_addresses(state_folder(state))
        except AddressesError as error:
            raise InputError(f"{error} (--door and --door-token-file)") from None
        urls = urls or ([addresses.door_url] if addresses.door_url else [])
        token_file = token_file or (Path(addresses.door_token_file) if addresses.door_token_file else None)
    if not urls or token_file is None:
        raise InputError(f"{state_folder(state)}: no door runs there; name it with --door and --door-token-file")
    for url in urls:
        if not url.startswith(("http://", "https://")):
            raise InputError(f"--door: `{url}` is no URL; expected something like http://127.0.0.1:8011")
    if not token_file.is_file():
        raise InputError(f"--door-token-file: `{token_file}` is not there")
    first, *others = (url.rstrip("/") for url in urls)
    return BuildbotScheduler(Door(first, token_file, tuple(others)), patience_seconds)


@dataclass(frozen=True, slots=True)
class RulesOptions:
    """The options of `rules_options`, together."""

    rules_file: Path | None
    check_folders: tuple[Path, ...]
    environments: tuple[str, ...]
    koji_instances: tuple[str, ...]
    bodhi_url: str | None


def rules_as_running(state: Path | None, options: Mapping[str, Any]) -> RulesOptions:
    """
    Return the options of `rules_options`; those that were not given are those of the consumer of the state folder.

    Where none runs: those of `checkotron up` there, else of the last consumer.
    """
    folder = state_folder(state)
    standing, given = read_standing(folder), _given(options)
    found: dict[str, Any] = {} if standing is None else {
        "rules_file": Path(standing.rules) if standing.rules else None,
        "check_folders": tuple(map(Path, standing.checks)), "environments": standing.environments,
        "koji_instances": standing.koji_instances, "bodhi_url": standing.bodhi}
    if not is_running(folder):
        with contextlib.suppress(AddressesError):
            up = read_addresses(folder)
            found |= {"rules_file": Path(up.rules_file) if up.rules_file else None,
                      "check_folders": tuple(map(Path, up.check_folders))} if up.rules_file or up.check_folders else {}
    mine = {field.name: options[field.name] for field in fields(RulesOptions)}
    return RulesOptions(**mine | {name: value for name, value in found.items() if name not in given})


def _given(options: Mapping[str, Any]) -> set[str]:
    """Return the names of the options that the user gave."""
    context = click.get_current_context()
    return {name for name in options if context.get_parameter_source(name) not in (None, ParameterSource.DEFAULT)}


def folders_of(folders: Sequence[Path]) -> list[Path]:
    """Return further folders of checks, then the library's. Raises InputError: no such folder."""
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"--checks: `{folder}` is no folder")
    return [*folders, library_folder()]


def rules_of(path: Path | None, catalogue: Catalogue) -> RuleSet:
    """Return the rules. Raises InputError with every fault."""
    try:
        return load_rules(path or DEFAULT_RULES, catalogue.checks)
    except RulesError as error:
        many = "s" * (len(error.faults) != 1)
        raise InputError(f"{error}\n{len(error.faults)} fault{many} in the rules; nothing was done") from None


def lookup_of(bodhi_url: str | None) -> Lookup:
    """Return who is asked about items. Raises InputError: no URL."""
    if bodhi_url is None:
        return RecordingLookup()
    if not bodhi_url.startswith(("http://", "https://")):
        raise InputError(f"--bodhi: `{bodhi_url}` is no URL; expected something like https://bodhi.example.org")
    return BodhiLookup(bodhi_url)


def rulebook_of(options: RulesOptions) -> Rulebook:
    """Return the rules, read once. Raises InputError with every fault."""
    catalogue = load_catalogue(folders_of(options.check_folders))
    return make_rulebook(rules_of(options.rules_file, catalogue), catalogue,
                         Surroundings(lookup_of(options.bodhi_url), environments=tuple(options.environments)))


def topic_settings(koji_instances: Sequence[str]) -> TopicSettings:
    """Return how topics are read."""
    return TopicSettings(tuple(koji_instances))
