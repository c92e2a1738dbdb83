"""`trigger status`, `pause` and `resume`: how the trigger is, and making it wait."""
from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from checks.item import shown
from trigger.consumer import PAUSED
from trigger.held import Held, HeldJobs
from trigger.journal import Journal, JournalJob
from trigger.network_error import cause_of
from trigger.option import InputError, door_of, door_options, existing_state_folder
from trigger.parked import ParkedMessages
from trigger.standing import is_running, read_standing, told

_STATE = click.option("--state", type=click.Path(path_type=Path), metavar="FOLDER",
                      help="State folder of the consumer; else $CHECKOTRON_STATE.")


@click.command()
@door_options
@click.option("--bus", "bus_url", metavar="URL", envvar="CHECKOTRON_BUS", help="Also ask this broker for its queues.")
@click.option("--queue", default="checkotron.trigger", show_default=True, help="Name of the queue.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(state: Path | None, door_urls: tuple[str, ...], door_token_file: Path | None, bus_url: str | None,
           queue: str, as_json: bool) -> None:
    """
    Say how the trigger is: what waits and why, what is parked, what each rule started.

    \b
      checkotron trigger status
      checkotron trigger status --bus amqp://localhost --json
    """
    folder = existing_state_folder(state)
    journal = Journal(folder)
    held = list(HeldJobs(folder).all())
    standing = read_standing(folder)
    data: dict[str, Any] = {
        "paused": (folder / PAUSED).exists(),
        "consumer": {"runs": is_running(folder), **asdict(standing)} if standing else None,
        "parked": _parked(ParkedMessages(folder)),
        "held": [_held(one) for one in held],
        "rules": journal.counts(),
        **_master(state, door_urls, door_token_file),
        "newest": [_newest(job) for job in journal.newest(5)],
    }
    if bus_url:
        data["queue"] = _queue(bus_url, queue)
    if as_json:
        click.echo(json.dumps(data))
        return
    for line in told(standing, is_running(folder)):
        click.echo(line)
    _print(data)


@click.command()
@_STATE
def pause(state: Path | None) -> None:
    """
    Let messages wait in the broker until `resume`.

    Jobs that are scheduled already go on. A pause outlives restarts.

    \b
      checkotron trigger pause
      checkotron trigger pause --state /var/lib/checkotron
    """
    (existing_state_folder(state) / PAUSED).touch()
    click.echo("paused; messages wait in the broker until `checkotron trigger resume`")


@click.command()
@_STATE
def resume(state: Path | None) -> None:
    """
    Go on after `pause`.

    \b
      checkotron trigger resume
    """
    paused = existing_state_folder(state) / PAUSED
    click.echo("goes on" if paused.exists() else "was not paused")
    paused.unlink(missing_ok=True)


def _parked(store: ParkedMessages) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in store.names():
        kind = name.partition("-")[0]
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def _held(one: Held) -> dict[str, Any]:
    return {"build_id": one.job.build_id, "job": one.job.label, "rule": one.rule_name, "merged": one.merged,
            "seconds": round(max(0.0, one.not_before - time.time())), "needs": [run.check for run in one.needed_runs]}


def _newest(one: JournalJob) -> dict[str, Any]:
    return {"job": one.job.label, "build_id": one.job.build_id, "state": one.state, "rule": one.rule,
            "age_seconds": round(max(0.0, time.time() - one.noted))}


def _master(state: Path | None, urls: tuple[str, ...], token_file: Path | None) -> dict[str, Any]:
    """Return what the door says of itself, and the reasons for which jobs wait there, with how many each."""
    try:
        door = door_of(state, urls, token_file)
    except InputError as error:
        return {"door": {"error": error.message}, "pending": {}}
    said = door.status()
    if "error" in said and not said["error"].startswith("answered "):
        said = {"error": f"does not answer: {said['error']}"}
    return {"door": said, "pending": _why_pending(door.waiting()) if said.get("pending") else {}}


def _why_pending(jobs: list[dict[str, Any]]) -> dict[str, int]:
    """Return how many jobs wait for each reason; seconds that run down make no reason another one."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for job in jobs:
        reasons = job.get("reasons")
        for reason in reasons if isinstance(reasons, list) else ():
            alike = re.sub(r"\d+ s\b", "N s", shown(str(reason), 200))
            counts[first.setdefault(alike, shown(str(reason), 200))] += 1
    return dict(counts.most_common())


def _queue(url: str, queue: str) -> dict[str, Any]:
    import pika.exceptions

    from trigger.bus import BusSettings, connect

    settings = BusSettings(url, queue)
    try:
        with connect(settings) as connection:
            found = connection.channel().queue_declare(queue, passive=True).method
            parked = connection.channel().queue_declare(settings.parked_queue, passive=True).method
    except pika.exceptions.ChannelClosedByBroker as error:
        return {"error": cause_of(error)}
    except (pika.exceptions.AMQPError, OSError) as error:
        return {"error": f"does not answer: {cause_of(error)}"}
    return {"waiting": found.message_count, "consumers": found.consumer_count, "given_up": parked.message_count}


def _print(data: dict[str, Any]) -> None:
    door = data["door"]
    if data["paused"]:
        click.echo(click.style("paused: messages wait in the broker until `checkotron trigger resume`", fg="yellow"))
    click.echo("master:  " + (_refusal(door["error"]) if "error" in door else
                              f"{door.get('pending')} {'job waits' if door.get('pending') == 1 else 'jobs wait'}, " +
                              ("takes more" if door.get("accepting") else "takes no more now")))
    if "queue" in data:
        queue = data["queue"]
        click.echo("bus:     " + (queue["error"] if "error" in queue else
                                  f"{queue['waiting']} messages wait, {queue['consumers']} consumers, "
                                  f"{queue['given_up']} given up by the broker"
                                  + ("  (`checkotron trigger parked fetch`)" if queue["given_up"] else "")))
    for reason, count in list(data["pending"].items())[:10]:
        click.echo(f"  {count} {'job' if count == 1 else 'jobs'}: {reason}")
    parked = ", ".join(f"{count} {kind}" for kind, count in data["parked"].items())
    click.echo(f"parked:  {parked or 'nothing'}" + ("  (`checkotron trigger parked list`)" if parked else ""))
    click.echo(f"held:    {len(data['held'])} jobs" if data["held"] else "held:    no job")
    for one in data["held"][:20]:
        why = f"needs {', '.join(one['needs'])}" if one["needs"] else f"{one['seconds']} s to go"
        click.echo(f"  {one['job']}: {why}" + (f", {one['merged']} messages merged" if one["merged"] else ""))
    click.echo("rules:" if data["rules"] else "rules:   no job yet")
    for rule, counts in data["rules"].items():
        click.echo(f"  {rule}: " + ", ".join(f"{count} {state}" for state, count in counts.items()))
    for one in data["newest"]:
        click.echo(f"newest:  {one['job']}\n         {one['build_id']}, {one['state']} {_ago(one['age_seconds'])}")


def _refusal(error: str) -> str:
    """Return the first line of what the door said, with what to do about it."""
    if error == "answered 401":
        return "answered 401: it does not know our token; name its file with --door-token-file"
    return error.splitlines()[0]


def _ago(seconds: int) -> str:
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit} ago"
    return f"{seconds} s ago"
