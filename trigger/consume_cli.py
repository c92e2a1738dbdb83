"""`trigger consume`: listen to the bus and schedule jobs."""
from __future__ import annotations

import logging.config
import os
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from trigger.option import InputError, door_options, rules_options
from trigger.standing import StandingFile


@click.command()
@click.option("--bus", "url", required=True, metavar="URL", envvar="CHECKOTRON_BUS",
              help="amqp://user:password@host:port/vhost or amqps://...; also $CHECKOTRON_BUS, which `ps` hides.")
@rules_options
@door_options
@click.option("--queue", default="checkotron.trigger", show_default=True, help="Name of the queue.")
@click.option("--exchange", default="amq.topic", show_default=True, help="Exchange that the queue is bound to.")
@click.option("--routing-key", "routing_keys", multiple=True, metavar="KEY",
              help="Bind the queue to this alone; else to all topics that are understood. Repeatable.")
@click.option("--ca-cert", type=click.Path(path_type=Path), help="Authority of the broker's certificate (amqps).")
@click.option("--certfile", type=click.Path(path_type=Path), help="Our certificate (amqps with login by certificate).")
@click.option("--keyfile", type=click.Path(path_type=Path), help="Its key.")
@click.option("--no-dead-letters", is_flag=True,
              help="Use a plain queue: for brokers that allow no quorum queues, such as a public one.")
@click.option("--results", "results_url", metavar="URL",
              help="Results database, for rules with `needs`; else what the state folder says.")
@click.option("--metrics", "metrics_address", metavar="HOST:PORT", help="Serve Prometheus metrics there.")
@click.option("--progress", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Say QUEUED there for each job: <queue>/progress of `checkotron results deliver`.")
@click.option("--reports", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Say there that a job never runs: <queue> of `results deliver`; else <state>/queue, if it is there.")
@click.option("--hold-seconds", type=float, default=1500.0, show_default=True,
              help="How long a message is held while the master is away; less than the broker's consumer_timeout.")
@click.option("--log-level", type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"]), default="INFO",
              show_default=True)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def consume(url: str, queue: str, exchange: str, routing_keys: tuple[str, ...], no_dead_letters: bool,
            log_level: str, log_format: str, **options: Any) -> None:
    """
    Listen to the bus and schedule jobs, until SIGTERM or Ctrl-C.

    A message is acknowledged when Buildbot has its jobs on disk. While the master is away, messages wait in the
    broker. What cannot be used is kept in <state>/parked (see `checkotron trigger parked`).

    \b
      checkotron trigger consume --bus amqp://localhost --rules rules.yml
    """
    from trigger.bus import BusRefusedError, BusSettings, declare, listen
    from trigger.consumer import AWAY, WAITS, Consumer, wait_until_ready
    from trigger.consumer_settings import ConsumerSettings, make_consumer_parts
    from trigger.log_format import log_config
    from trigger.metrics import serve

    if not url.startswith(("amqp://", "amqps://")):
        raise InputError(f"--bus: `{url}` is no address of a broker; expected something like amqp://guest:guest@localhost")
    logs = log_config(log_level, log_format)
    logging.config.dictConfig(logs)
    settings = BusSettings(url, queue, exchange, routing_keys, options["ca_cert"], options["certfile"],
                           options["keyfile"], not no_dead_letters)
    parts = make_consumer_parts(ConsumerSettings(
        options["rules_file"], options["state"], options["door_urls"], options["door_token_file"],
        options["check_folders"], options["environments"], options["koji_instances"], options["bodhi_url"],
        options["results_url"], progress=options["progress"], reports=options["reports"],
        hold_seconds=options["hold_seconds"]))
    consumer = Consumer(parts)
    # fedora-messaging's own command does not tell whether it listens, so this is ours alone
    consumer.metrics.gauges += [partial(_waits, parts.standing, what) for what in ("broker", "master")]
    parts.standing.note_listening(False)
    if options["metrics_address"]:
        try:
            serve(consumer.metrics, options["metrics_address"])
        except (OSError, ValueError) as error:
            raise InputError(f"--metrics: cannot serve on `{options['metrics_address']}`: {error}") from None
    try:
        declare(settings)
    except BusRefusedError as error:
        raise InputError(str(error)) from None
    if os.environ.pop(WAITS, None):
        parts.standing.waits_for = "the master"
        wait_until_ready(parts)
    parts.standing.note_listening(False)
    code = listen(consumer, settings, logs, parts.standing.note_listening)
    if code == AWAY:
        # Twisted's loop cannot be started twice; the same process, new inside, can.
        os.environ[WAITS] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (our own command line)
    sys.exit(code)


def _waits(standing: StandingFile, what: str) -> tuple[str, Mapping[str, str], float]:
    return "checkotron_trigger_waits", {"for": what}, standing.waits_for == f"the {what}"
