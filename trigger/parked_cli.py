"""`trigger parked`: messages that could not be used."""
from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from checks.item import shown
from trigger.lookup import LookupAwayError
from trigger.message import UnreadableMessageError, make_message, parse_body
from trigger.network_error import cause_of
from trigger.option import (
    InputError,
    door_options,
    existing_state_folder,
    rules_as_running,
    rules_options,
    state_folder,
)
from trigger.parked import Parked, ParkedError, ParkedMessages
from trigger.scheduler import SchedulerAwayError

logger = logging.getLogger(__name__)

_STATE = click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER",
                      help="State folder of the consumer; else $CHECKOTRON_STATE.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def parked() -> None:
    """
    List, replay and drop messages that could not be used.

    \b
    Kinds: unreadable (no message at all), refused (the master says the job is
    wrong), bug (ours; please report it), given (up by the broker, see `fetch`).

    \b
      checkotron trigger parked list
      checkotron trigger parked replay --all
    """


@parked.command("list", short_help="Say what is parked and why.")
@_STATE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a message.")
def list_parked(state: Path | None, as_json: bool) -> None:
    """
    Say what is parked and why.

    \b
      checkotron trigger parked list
      checkotron trigger parked list --json
    """
    store = ParkedMessages(existing_state_folder(state))
    count = 0
    for name, message in store.all():
        count += 1
        if isinstance(message, ParkedError):
            click.echo(str(message), err=True)
        elif as_json:
            click.echo(json.dumps({
                "name": name, "kind": message.kind, "topic": message.topic, "id": message.message_id,
                "reason": message.reason, "parked_at": message.parked_at, "bytes": len(message.body)}))
        else:
            click.echo(f"{name}  {message.parked_at}  {shown(message.topic, 100)}\n    {message.reason}")
    if not as_json:
        click.echo(f"{count} parked" if count else "nothing is parked", err=True)


@parked.command(short_help="Try again.")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@rules_options
@door_options
def replay(names: tuple[str, ...], everything: bool, state: Path | None, **options: Any) -> None:
    """
    Try again; a message whose jobs are all scheduled now is no longer parked.

    What --rules, --checks, --environment, --koji-instance and --bodhi do not say is as the trigger of the state folder
    has it.

    \b
      checkotron trigger parked replay refused-0123456789abcdef
      checkotron trigger parked replay --all
    """
    from trigger.consumer_settings import ConsumerSettings, make_consumer_parts
    from trigger.dispatch import JobsRefusedError

    chosen = rules_as_running(state, options)
    parts = make_consumer_parts(ConsumerSettings(
        chosen.rules_file, existing_state_folder(state), options["door_urls"], options["door_token_file"],
        chosen.check_folders, chosen.environments, chosen.koji_instances, chosen.bodhi_url))
    dispatcher, store = parts.dispatcher, parts.parked
    failed = 0
    for name in _chosen(store, names, everything):
        try:
            plan = dispatcher.plan(_message(store.get(name)))
            scheduled = dispatcher.carry_out(plan)
        except (ParkedError, UnreadableMessageError, JobsRefusedError, LookupAwayError, SchedulerAwayError) as error:
            failed += 1
            click.echo(f"{name}: {error}", err=True)
            continue
        except Exception as error:
            # it is parked because of a bug, perhaps; the others must not wait for that
            logger.debug("a parked message still stops us", exc_info=True)
            failed += 1
            click.echo(f"{name}: still a bug: {type(error).__name__}: {shown(str(error), 200)}", err=True)
            continue
        if not plan.plans:
            failed += 1
            click.echo(f"{name}: asks for no job now, and stays parked (`checkotron trigger parked drop {name}`): "
                       + "; ".join(plan.reasons), err=True)
            continue
        store.remove(name)
        click.echo(f"{name}: {len(scheduled)} jobs, {sum(job.is_new for job in scheduled)} of them new")
    sys.exit(1 if failed else 0)


@parked.command(short_help="Forget messages for good.")
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@_STATE
def drop(names: tuple[str, ...], everything: bool, state: Path | None) -> None:
    """
    Forget messages for good.

    \b
      checkotron trigger parked drop unreadable-0123456789abcdef
      checkotron trigger parked drop --all
    """
    store = ParkedMessages(existing_state_folder(state))
    for name in _chosen(store, names, everything):
        store.remove(name)
        click.echo(f"{name}: dropped")


@parked.command(short_help="Take what the broker has given up on.")
@click.option("--bus", "url", required=True, metavar="URL", envvar="CHECKOTRON_BUS",
              help="The broker; else $CHECKOTRON_BUS.")
@click.option("--queue", default="checkotron.trigger", show_default=True, help="Name of the queue.")
@_STATE
def fetch(url: str, queue: str, state: Path | None) -> None:
    """
    Take what the broker has given up on into the state folder, where `list` and `replay` see it.

    \b
      checkotron trigger parked fetch --bus amqp://localhost
    """
    import pika.exceptions

    from trigger.bus import BusSettings, take_given_up

    store = ParkedMessages(state_folder(state))
    try:
        count = take_given_up(BusSettings(url, queue), store.add)
    except (pika.exceptions.AMQPError, OSError) as error:
        raise InputError(f"the broker cannot be asked: {cause_of(error)}") from None
    click.echo(f"{count} taken" if count else "the broker has given up on nothing")


def _chosen(store: ParkedMessages, names: tuple[str, ...], everything: bool) -> list[str]:
    known = store.names()
    if everything:
        return known
    if not names:
        raise InputError("name the messages, or use --all; `checkotron trigger parked list` shows their names")
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InputError(f"not parked: {', '.join(unknown)}; `checkotron trigger parked list` shows what is")
    return list(names)


def _message(parked_message: Parked) -> Any:
    return make_message(parked_message.topic, parse_body(parked_message.body), parked_message.message_id)
