"""`checkotron results report` and `checkotron results deliver`: results to whoever waits for them."""
from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from reporting.places import TroubleError, UsageError, queue_folder, secrets

if TYPE_CHECKING:
    from reporting.namespaces import Namespaces
    from reporting.reporter import Reporter

logger = logging.getLogger(__name__)

#: Seconds between two looks for a queue that is not there yet.
_QUEUE_PAUSE = 0.5
_TO_HELP = ("Where the results go; may be given several times. http(s)://... is a results database; "
            "`console` prints. Also $CHECKOTRON_DESTINATIONS, several with spaces between, which `ps` does not show. "
            "See `checkotron results deliver --list-destinations`.")
_TO_VARIABLE = "CHECKOTRON_DESTINATIONS"


def _to_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option("--to", "destinations", multiple=True, metavar="DESTINATION", envvar=_TO_VARIABLE,
                        help=_TO_HELP)(command)


def _common(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--token-file", type=click.Path(path_type=Path, dir_okay=False),
                     help="Holds the token for writing; else $CHECKOTRON_RESULTS_TOKEN."),
        click.option("--namespaces", "namespaces_file", type=click.Path(path_type=Path, dir_okay=False),
                     help="Which repositories of checks may report under which name."),
        click.option("-v", "--verbose", is_flag=True, help="Also say what goes well."),
    ):
        command = option(command)
    return command


@click.command(short_help="Report the results of one run, now.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_to_option
@click.option("--log-url", help="Where people can read the folder.")
@click.option("--keep-in", type=click.Path(path_type=Path, file_okay=False),
              help="Queue in which to keep what cannot be delivered now [default: that of the state folder].")
@_common
def report(folder: Path, destinations: tuple[str, ...], log_url: str | None, keep_in: Path | None,
           token_file: Path | None, namespaces_file: Path | None, verbose: bool) -> None:
    """
    Report the results of one run, now.

    FOLDER is the artifacts folder of a run: `results.tap` and `execution.json`.
    What cannot be delivered is kept; `checkotron results deliver` tries it again.

    \b
      checkotron run rpmlint --item xchat-0.5-1.fc20 --item-type koji_build --artifacts out
      checkotron results report out --to http://127.0.0.1:5001
    """
    from checks.contracts import FinishedRun
    from reporting.report import report as report_to
    from reporting.run_folder import RunFolderError, read_run
    from reporting.undelivered import RunFile

    _log(verbose)
    reporters = open_reporters(destinations or ("console",), token_file)
    try:
        finished = FinishedRun(_build_id(folder), str(folder.resolve()), log_url)
        run = read_run(finished, namespaces=_namespaces(namespaces_file))
    except RunFolderError as error:
        raise UsageError(str(error)) from None
    if not run.results:
        click.echo("no results: the check has nothing to report")
        return
    run_file = RunFile.create(queue_folder(keep_in, None) / "undelivered", run)
    turns = report_to(run_file, reporters)
    for turn in turns:
        said = f"{turn.delivered} of {_results(turn.delivered + turn.missing)} delivered to {turn.destination}"
        if turn.why or turn.destination != "console":
            click.echo(said if not turn.why else f"{said}: {turn.why}", err=bool(turn.why))
    if any(turn.why for turn in turns):
        raise TroubleError(f"what is missing is kept in {run_file.path}\n"
                           f"try again: checkotron results deliver --queue {run_file.path.parent.parent} "
                           + " ".join(f"--to {name}" for name in destinations))
    run_file.remove()


@click.command(short_help="Deliver the results of finished runs from a queue.")
@click.option("--queue", type=click.Path(path_type=Path, file_okay=False),
              help="The folder that the master fills [default: that of the state folder].")
@_to_option
@click.option("--follow", is_flag=True, help="Stay, and deliver what comes; stops on Ctrl-C and SIGTERM.")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="State folder of `checkotron up`.")
@click.option("--list-destinations", is_flag=True, help="Say what --to understands.")
@click.option("--check", is_flag=True, help="Only say whether the destinations and files can be used.")
@_common
def deliver(queue: Path | None, destinations: tuple[str, ...], follow: bool, state: Path | None,
            list_destinations: bool, check: bool, token_file: Path | None, namespaces_file: Path | None,
            verbose: bool) -> None:
    """
    Deliver the results of finished runs from a queue.

    Without --follow everything is tried once; what remains is kept for the next time (exit 3).

    \b
      checkotron results deliver --queue state/queue --to http://127.0.0.1:5001 --follow
    """
    from reporting.deliverer import Deliverer, QueueError

    if list_destinations:
        _list_destinations()
        return
    if not destinations:
        raise UsageError("no destination; name at least one: --to http://127.0.0.1:5001")
    reporters, namespaces = open_reporters(destinations, token_file), _namespaces(namespaces_file)
    if check:
        return
    _log(verbose or follow)
    folder, stopped = queue_folder(queue, state), _stop_signal() if follow else None
    deliverer = Deliverer(folder, reporters, namespaces)
    if stopped and not _wait_for(folder, stopped):
        return
    try:
        deliverer.start()
    except QueueError as error:
        raise UsageError(str(error)) from None
    if stopped:
        deliverer.follow(stopped)
        return
    turns = deliverer.pass_once()
    delivered = sum(turn.delivered for turn in turns)
    click.echo(f"{_results(delivered)} delivered; {deliverer.waiting} run{'s' * (deliverer.waiting != 1)} "
               f"wait{'s' * (deliverer.waiting == 1)}")
    if deliverer.waiting:
        reasons = dict.fromkeys(f"{turn.destination}: {turn.why}" for turn in turns if turn.why)
        raise TroubleError("not everything could be delivered\n" + "\n".join(reasons)
                           + "\nsee: checkotron results undelivered --queue " + str(deliverer.queue))


def _wait_for(queue: Path, stopped: Callable[[], bool]) -> bool:
    """Wait until the master has made its queue; False where somebody wants us to stop before."""
    if not queue.is_dir():
        logger.warning("waiting for the queue of the master, which is not there yet", extra={"queue": str(queue)})
    while not queue.is_dir() and not stopped():
        time.sleep(_QUEUE_PAUSE)
    return queue.is_dir()


def open_reporters(destinations: tuple[str, ...], token_file: Path | None) -> list[Reporter]:
    """Return the reporter of each address, once. Raises UsageError: an address is wrong."""
    from reporting.all_reporters import reporter_for

    try:
        known = secrets(token_file)
        return [reporter_for(address, known) for address in dict.fromkeys(destinations)]
    except ValueError as error:
        raise UsageError(str(error)) from None


def _namespaces(path: Path | None) -> Namespaces:
    from reporting.namespaces import DEFAULT_NAMESPACES, NamespacesError, load_namespaces

    if path is None:
        return DEFAULT_NAMESPACES
    try:
        return load_namespaces(path)
    except (NamespacesError, OSError, UnicodeDecodeError) as error:
        raise UsageError(str(error)) from None


def _build_id(folder: Path) -> str:
    """Return the build id that the run itself names; whether the rest is right is looked at later."""
    import json

    from checks.build_id import STANDALONE, BuildIdError, parse_build_id

    try:
        data = json.loads((folder / "execution.json").read_text(encoding="utf-8"))
        return parse_build_id(data.get("build_id"))
    except (OSError, ValueError, RecursionError, AttributeError, BuildIdError):
        return STANDALONE


def _list_destinations() -> None:
    from reporting.all_reporters import KINDS

    width = max(len(kind.example) for kind in KINDS.values())
    for kind in KINDS.values():
        click.echo(f"{kind.example:<{width}}  {kind.line}")


def _stop_signal() -> Callable[[], bool]:
    """Return what says whether somebody wants us to stop; the result under way is finished first."""
    stopped: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        stopped.append(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    return lambda: bool(stopped)


def _results(count: int) -> str:
    return f"{count} result{'s' * (count != 1)}"


def _log(verbose: bool) -> None:
    from reporting.logs import to_stderr

    to_stderr(logging.INFO if verbose else logging.WARNING)
    if not verbose:  # what it says is said at the end, in words for a person
        logging.getLogger("reporting.report").setLevel(logging.CRITICAL)
