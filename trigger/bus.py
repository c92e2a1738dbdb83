"""
The broker: what is declared on it, and the loop that listens.

The queue is a durable quorum queue, so that a broker that dies loses nothing.
What is delivered too often without an acknowledgement (each time the consumer
died of it) goes to `<queue>.parked` by the default exchange: exactly there,
and needing no exchange of ours. Prefetch is one, so a message that kills the
process takes no innocent neighbours along. fedora-messaging's tables replace
its defaults, so all of them are written in full.
"""
from __future__ import annotations

import copy
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pika
import pika.exceptions

from checks.steady_timers import keep_timers_steady
from trigger.all_topics import binding_keys
from trigger.delivery import plain
from trigger.field import sequence
from trigger.listening import LOOK_SECONDS, Watch
from trigger.network_error import cause_of
from trigger.parked import Parked, new_parked

logger = logging.getLogger(__name__)

#: Deliveries of one message before the broker gives up on it. While the master is away a message comes back each
#: 25 minutes, so this is eight hours; a message that kills the process is out of the way after 20 starts.
DELIVERY_LIMIT = 20
#: Seconds between tries to connect, at most.
LONGEST_PAUSE = 30


class BusRefusedError(Exception):
    """Raised when the broker answers, but not as we need; trying again cannot help."""


@dataclass(frozen=True, slots=True)
class BusSettings:
    """Which broker, which queue."""

    #: `amqp://guest:guest@localhost:5672/%2F`, `amqps://...` with certificates.
    url: str
    queue: str = "checkotron.trigger"
    exchange: str = "amq.topic"
    #: Binding keys; empty: what our topics need.
    routing_keys: tuple[str, ...] = ()
    ca_cert: Path | None = None
    certfile: Path | None = None
    keyfile: Path | None = None
    #: False where a broker allows no quorum queues or no dead letters (a public one): what kills the process is then
    #: lost.
    dead_letters: bool = True

    @property
    def parked_queue(self) -> str:
        """Where the broker puts what it gives up on."""
        return f"{self.queue}.parked"


def configuration(settings: BusSettings, logs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole configuration of fedora-messaging."""
    from fedora_messaging.config import DEFAULTS

    data: dict[str, Any] = copy.deepcopy(dict(DEFAULTS))
    data |= {
        "amqp_url": settings.url,
        "client_properties": data["client_properties"] | {"app": "checkotron trigger"},
        "exchanges": {}, "queues": {settings.queue: queue_definition(settings)},
        "bindings": [{"queue": settings.queue, "exchange": settings.exchange,
                      "routing_keys": list(settings.routing_keys or binding_keys())}],
        "qos": {"prefetch_size": 0, "prefetch_count": 1},
        "tls": {name: str(path) if path else None for name, path in (
            ("ca_cert", settings.ca_cert), ("certfile", settings.certfile), ("keyfile", settings.keyfile))},
        "log_config": dict(logs),
    }
    return data


def queue_definition(settings: BusSettings) -> dict[str, Any]:
    """Return the queue as fedora-messaging declares it."""
    arguments: dict[str, Any] = {}
    if settings.dead_letters:
        arguments = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT, "x-dead-letter-exchange": "",
                     "x-dead-letter-routing-key": settings.parked_queue,
                     "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
    return {"durable": True, "auto_delete": False, "exclusive": False, "arguments": arguments}


def connect(settings: BusSettings) -> pika.BlockingConnection:
    """Return a connection for a short errand. Raises pika.exceptions.AMQPError, OSError."""
    parameters = pika.URLParameters(settings.url)
    parameters.blocked_connection_timeout = 30
    if settings.url.startswith("amqps:"):
        context = ssl.create_default_context(cafile=str(settings.ca_cert) if settings.ca_cert else None)
        if settings.certfile and settings.keyfile:
            context.load_cert_chain(settings.certfile, settings.keyfile)
            parameters.credentials = pika.credentials.ExternalCredentials()
        parameters.ssl_options = pika.SSLOptions(context, parameters.host)
    return pika.BlockingConnection(parameters)


def declare(settings: BusSettings) -> None:
    """
    Declare the queue, its bindings and the parked queue; wait for a broker that is away. Safe to call twice.

    Raises BusRefusedError: wrong password, no right, or a queue of that name with other properties.
    """
    pause = 1.0
    while True:
        try:
            with connect(settings) as connection:
                _declare(connection.channel(), settings)
            return
        except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.ProbableAccessDeniedError,
                pika.exceptions.AuthenticationError) as error:
            raise BusRefusedError(f"the broker refuses the login: {cause_of(error)}") from None
        except pika.exceptions.ChannelClosedByBroker as error:
            raise BusRefusedError(f"the broker refuses queue `{settings.queue}`: {error.reply_text}") from None
        except ssl.SSLCertVerificationError as error:
            raise BusRefusedError(f"the broker's certificate is not trusted: {error.verify_message}; "
                                  "name its authority with --ca-cert") from None
        except (pika.exceptions.AMQPError, OSError) as error:
            logger.warning("the broker is away, trying again", extra={"why": cause_of(error), "wait_seconds": pause})
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _declare(channel: Any, settings: BusSettings) -> None:
    if settings.dead_letters:
        channel.queue_declare(settings.parked_queue, durable=True, arguments={"x-queue-type": "quorum"})
    definition = queue_definition(settings)
    channel.queue_declare(settings.queue, durable=True, arguments=definition["arguments"])
    for key in settings.routing_keys or binding_keys():
        channel.queue_bind(settings.queue, settings.exchange, key)


def take_given_up(settings: BusSettings, park: Callable[[Parked], Any]) -> int:
    """
    Hand every message that the broker gave up on to `park`, and return how many.

    Each is taken from the queue only after it is parked. Raises pika.exceptions.AMQPError, OSError.
    """
    count = 0
    with connect(settings) as connection:
        channel = connection.channel()
        while True:
            method, properties, body = channel.basic_get(settings.parked_queue)
            if method is None:
                return count
            headers = properties.headers or {}
            deaths = sequence(headers, "x-death")
            keys = [key for death in deaths for key in sequence(death, "routing-keys") if isinstance(key, str)]
            park(new_parked("given", "the broker gave up on it after many deliveries", keys[0] if keys else "",
                            properties.message_id, body, plain(headers)))
            channel.basic_ack(method.delivery_tag)
            count += 1


def listen(callback: Callable[[Any], None], settings: BusSettings, logs: Mapping[str, Any],
           note: Callable[[bool], None]) -> int:
    """
    Consume until SIGTERM or SIGINT, and return the exit code. Comes back by itself when the broker does.

    A callback with a method `stop` is told first, so that it does not hold up the end. `note` is told each second
    whether the broker may hand us a message now.
    """
    from fedora_messaging.config import conf
    from fedora_messaging.twisted.service import FedoraMessagingServiceV2
    from twisted.internet import reactor

    loop: Any = reactor
    keep_timers_steady(loop)
    conf.loaded = True
    conf.update(configuration(settings, logs))
    conf.setup_logging()
    service = FedoraMessagingServiceV2(settings.url)
    # Its own limit is an hour; a broker that comes back should find us within seconds.
    service.factory.maxDelay = LONGEST_PAUSE
    end = _End(loop, service.factory, note)
    loop.callWhenRunning(service.startService)
    loop.callWhenRunning(end.start)
    loop.addSystemEventTrigger("before", "shutdown", getattr(callback, "stop", lambda: None))
    loop.addSystemEventTrigger("before", "shutdown", service.stopService)
    consumers = service.factory.consume(callback, conf["bindings"], conf["queues"])
    consumers.addCallbacks(end.listening, end.failed)
    logger.info("listening", extra={"queue": settings.queue, "exchange": settings.exchange})
    loop.run()
    return end.code


class _End:
    """Ends the loop when a consumer does, with a code that says why."""

    def __init__(self, loop: Any, factory: Any, note: Callable[[bool], None]) -> None:
        self._loop = loop
        self._watch = Watch(factory, self.silent, note)
        self.code = 0

    def start(self) -> None:
        """Look from the beginning: a broken queue does not even answer the first time."""
        from twisted.internet.task import LoopingCall

        LoopingCall(self._watch.look).start(LOOK_SECONDS, now=False)

    def listening(self, consumers: Any) -> None:
        """The broker has answered."""
        self._watch.consumers = consumers
        self._watch.look()
        for consumer in consumers:
            consumer.result.addCallbacks(lambda _: self._stop(), self.failed)

    def failed(self, failure: Any) -> None:
        from fedora_messaging.exceptions import HaltConsumer

        if failure.check(HaltConsumer):
            self.code = failure.value.exit_code
        else:
            logger.error("listening ended; a supervisor should start it again",
                         extra={"why": failure.getErrorMessage()})
            self.code = 3
        self._stop()

    def silent(self) -> None:
        """Nobody listens any more, and nothing says so."""
        self.code = 3
        self._stop()

    def _stop(self) -> None:
        if self._loop.running:
            self._loop.callLater(0, self._stop_once)

    def _stop_once(self) -> None:
        from twisted.internet.error import ReactorNotRunning

        try:
            self._loop.stop()
        except ReactorNotRunning:
            logger.debug("the loop has ended already")
