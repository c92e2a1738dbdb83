"""The commands `checkotron up` and `checkotron demo`."""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from checks.addresses import default_state_folder

_SETTINGS = {"help_option_names": ["-h", "--help"]}


class StackFailed(click.ClickException):
    """Raised when the stack cannot be started: the surroundings failed."""

    exit_code = 3


@click.command(context_settings=_SETTINGS)
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="Folder that holds everything. "
              "[default: $CHECKOTRON_STATE, else ~/.local/state/checkotron]")
@click.option("--bus", metavar="URL", envvar="CHECKOTRON_BUS", help="Listen to this RabbitMQ, "
              "amqp://user:password@host:5672/vhost; also $CHECKOTRON_BUS, which `ps` does not show. Without it, "
              "feed messages with `checkotron trigger replay FILE`.")
@click.option("--rules", type=click.Path(path_type=Path, exists=True, dir_okay=False),
              help="Which event starts which check. [default: the rules that are shipped]")
@click.option("--checks", "checks", type=click.Path(path_type=Path, exists=True, file_okay=False), multiple=True,
              metavar="FOLDER", help="A further folder of checks, beside the library. Repeatable.")
@click.option("--to", "destinations", metavar="DESTINATION", multiple=True, envvar="CHECKOTRON_DESTINATIONS",
              help="Send results there, too, beside the results database; `checkotron results deliver "
              "--list-destinations` says what there is. Repeatable; also $CHECKOTRON_DESTINATIONS.")
@click.option("--namespaces", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Which repositories of checks may report under which name.")
@click.option("--token-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="Holds the token for --to; else $CHECKOTRON_RESULTS_TOKEN.")
@click.option("--progress/--no-progress", default=True, show_default=True,
              help="Put QUEUED and RUNNING into the results database, until there is a result.")
@click.option("--port", type=click.IntRange(1024, 65530), help="Use this and the next five ports. "
              "[default: free ones, the same at each start]")
@click.option("--slots", type=click.IntRange(1, 64), help="Builds at a time. [default: one a processor, at most 4]")
@click.option("--koji-store", metavar="FOLDER|URL", envvar="CHECKOTRON_KOJI_STORE",
              help="Where checks find packages, laid out as Koji's.")
def up(state: Path | None, port: int | None, slots: int | None, koji_store: str | None, bus: str | None,
       rules: Path | None, checks: tuple[Path, ...], progress: bool, **reports: Any) -> None:
    """
    Start everything on this machine and keep it running.

    \b
    Results database, Buildbot master, worker, deliverer, and with --bus the
    trigger. Ctrl-C stops all of it; a second `up` on the same folder goes on
    where it stopped.

    \b
      checkotron up
      checkotron up --bus amqp://guest:guest@localhost:5672/%2F --rules rules.yml
      checkotron up --to mailto:qa@example.org?smtp=localhost:25 --to junit:/srv/junit
      checkotron trigger replay message.json     (in another terminal)
    """
    from buildbot_master.stack.parts_list import ReportOptions, StackOptions
    from buildbot_master.stack.running import Wishes, default_slots
    from buildbot_master.stack.up import run_up

    folder = state or default_state_folder(os.environ)
    asked = ReportOptions(tuple(map(_absolute_destination, reports["destinations"])), _absolute(reports["namespaces"]),
                          _absolute(reports["token_file"]))
    options = StackOptions(bus, _absolute(rules), tuple(one.absolute() for one in checks), progress, asked)
    _stopping_with_a_message(lambda: run_up(Wishes(
        folder, port, slots or default_slots(), _absolute_store(koji_store), options)))


@click.command(context_settings=_SETTINGS)
@click.option("--state", type=click.Path(path_type=Path, file_okay=False),
              help="Folder that holds everything; emptied first. [default: ~/.local/state/checkotron-demo]")
@click.option("--keep-running", is_flag=True, help="Stay until Ctrl-C, to look around in the pages.")
def demo(state: Path | None, keep_running: bool) -> None:
    """
    Show one message becoming a result, then stop everything.

    \b
    Starts everything in a folder of its own, feeds the message that a Koji
    hub sends about a finished build, waits for the result, and prints it. The
    package is small and shipped with us; no network is used.

    \b
      checkotron demo
      checkotron demo --keep-running
    """
    from buildbot_master.stack.demonstration import run_demo

    _stopping_with_a_message(lambda: run_demo(state, keep_running))


def _absolute(path: Path | None) -> Path | None:
    return path.absolute() if path else None


def _absolute_destination(address: str) -> str:
    """A folder of files is named from here, but written by the deliverer, which works elsewhere."""
    kind, _, folder = address.partition(":")
    return f"{kind}:{Path(folder).absolute()}" if kind in ("junit", "html") and folder else address


def _absolute_store(store: str | None) -> str | None:
    """A folder is named from here, but used from a worker's folder."""
    return store if not store or "://" in store else str(Path(store).absolute())


def _stopping_with_a_message(act: object) -> None:
    from buildbot_master.stack.state import StateError
    from buildbot_master.stack.supervisor import StartError

    try:
        act()  # type: ignore[operator]
    except StateError as error:
        raise click.UsageError(str(error)) from None
    except StartError as error:
        raise StackFailed(str(error)) from None
