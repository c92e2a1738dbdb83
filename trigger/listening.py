"""
Notices that nobody listens although the process lives.

fedora-messaging 3.9 starts to consume again when a connection comes back; one
that is lost in the middle of that leaves it connected, without a consumer, and
silent for ever (seen when a broker was killed; its issue 574 is alike). And a
broker whose queue is broken may never answer that we want to listen (seen with
RabbitMQ 3.10.8, killed soon before it made the queue). Then the process ends with a
reason, and its supervisor starts a new one.
"""
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

logger = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK_SECONDS = 1.0
#: Seconds without a consumer before we give up: with a connection, and without one (the broker is away).
_CONNECTED_LIMIT, _AWAY_LIMIT = 30.0, 600.0


class Watch:
    """Looks at the consumers of one connection; calls `note` with whether they listen, and `give_up` once."""

    def __init__(self, factory: Any, give_up: Callable[[], None], note: Callable[[bool], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._factory, self._give_up, self._note, self._clock = factory, give_up, note, clock
        #: None until the broker has answered for the first time.
        self.consumers: Sequence[Any] | None = None
        self._silent_since: float | None = None

    def look(self) -> None:
        """Say whether all listen; give up where no consumer has had an open channel for too long."""
        now = self._clock()
        listens = self.consumers is not None and all(is_consuming(one) for one in self.consumers)
        self._note(listens)
        if listens:
            self._silent_since = None
            return
        if self._silent_since is None:
            self._silent_since = now
        client = self._factory._client
        is_connected = client is not None and not client.is_closed
        silent = now - self._silent_since
        if silent > (_CONNECTED_LIMIT if is_connected else _AWAY_LIMIT):
            logger.error("nobody listens to the queue; a supervisor should start us again. Where this comes again and "
                         "again, the broker does not serve the queue: see docs/trigger.md, A queue that is broken",
                         extra={"seconds": round(silent), "connected": is_connected})
            self._silent_since = now
            self._give_up()


def is_consuming(consumer: Any) -> bool:
    """True where the broker may hand a message to it: it has answered, and the channel is open."""
    channel, protocol = consumer._channel, consumer._protocol
    # pika lists a tag as soon as it has asked; fedora-messaging lists the consumer when the broker has answered
    return (channel is not None and bool(channel.is_open) and bool(channel.consumer_tags)
            and protocol is not None and protocol._consumers.get(consumer.queue) is consumer)
