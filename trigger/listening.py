"""
Notices that nobody listens although the process lives.

fedora-messaging 3.9 starts to consume again when a connection comes back; one
that is lost in the middle of that leaves it connected, without a consumer, and
silent for ever (seen when a broker was killed; its issue 574 is alike). Then
the process ends with a reason, and its supervisor starts a new one.
"""
from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

logger = logging.getLogger(__name__)

#: Seconds between two looks.
LOOK_SECONDS = 5.0
#: Seconds without a consumer before we give up: with a connection, and without one (the broker is away).
_CONNECTED_LIMIT, _AWAY_LIMIT = 30.0, 600.0


class Watch:
    """Looks at the consumers of one connection; calls `give_up` once."""

    def __init__(self, consumers: Sequence[Any], factory: Any, give_up: Callable[[], None],
                 clock: Callable[[], float] = time.monotonic) -> None:
        self._consumers, self._factory, self._give_up, self._clock = consumers, factory, give_up, clock
        self._silent_since: float | None = None

    def look(self) -> None:
        """Give up where no consumer has had an open channel for too long."""
        now = self._clock()
        if all(is_consuming(one) for one in self._consumers):
            self._silent_since = None
            return
        if self._silent_since is None:
            self._silent_since = now
        client = self._factory._client
        is_connected = client is not None and not client.is_closed
        silent = now - self._silent_since
        if silent > (_CONNECTED_LIMIT if is_connected else _AWAY_LIMIT):
            logger.error("nobody listens to the queue; a supervisor should start us again",
                         extra={"seconds": round(silent), "connected": is_connected})
            self._silent_since = now
            self._give_up()


def is_consuming(consumer: Any) -> bool:
    """True where the broker may hand a message to it."""
    channel = consumer._channel
    return channel is not None and bool(channel.is_open) and bool(channel.consumer_tags)
