"""
The callback of fedora-messaging: the only place that decides what becomes of a message on the bus.

acknowledged   its jobs are on Buildbot's disk, or it asks for none, or it is parked
back to queue  only when we are told to stop in the middle of it, or have held it for long
never          an exception: it would requeue everything and stop the consumer

    fedora-messaging --conf config.toml consume --callback=trigger.consumer:Consumer

reads its settings from the table `[consumer_config]` (docs/trigger.md);
`checkotron trigger consume` makes them from its options.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from checks.item import shown
from trigger.delivery import Delivery, install
from trigger.dispatch import Dispatcher, JobsRefusedError
from trigger.message import BusMessage, UnreadableMessageError, make_message
from trigger.parked import Parked, ParkedMessages, new_parked
from trigger.scheduler import SchedulerAwayError, SchedulerStoppedError

logger = logging.getLogger(__name__)

#: Seconds a message is held while the master is away. RabbitMQ closes the channel of a consumer that does not
#: acknowledge within 30 minutes.
HOLD_SECONDS = 25 * 60.0
#: Seconds between tries to write where the disk is full.
DISK_PAUSE = 5.0


class Consumer:
    """Takes one message at a time, in a thread of fedora-messaging."""

    def __init__(self, dispatcher: Dispatcher | None = None, parked: ParkedMessages | None = None) -> None:
        """Without arguments (fedora-messaging's way) everything comes from `[consumer_config]`."""
        install()
        if dispatcher is None or parked is None:
            from trigger.consumer_settings import parts_for_fedora_messaging

            dispatcher, parked = parts_for_fedora_messaging(self.stop)
        self._dispatcher = dispatcher
        self._parked = parked
        self._stopped = threading.Event()

    def __call__(self, delivery: Any) -> None:
        """Carry one message through. Raises Nack when stopping or after HOLD_SECONDS, and nothing else."""
        from fedora_messaging.exceptions import Nack

        try:
            self._take(delivery)
        except SchedulerStoppedError:
            logger.info("stopped before the message was done; it goes back to the queue",
                        extra={"message_id": delivery.id})
            raise Nack from None
        except SchedulerAwayError as error:
            # Not a hot loop: this comes once in HOLD_SECONDS.
            logger.warning("held the message for as long as the broker allows; it comes again by the queue",
                           extra={"message_id": delivery.id, "why": str(error)})
            raise Nack from None

    def stop(self) -> None:
        """End every wait; the message at hand goes back to the queue. May be called from any thread."""
        self._stopped.set()
        self._dispatcher.stop()

    def _take(self, delivery: Any) -> None:
        message, fault = _message_of(delivery)
        if message is None:
            logger.warning("an unreadable message is parked", extra={
                "topic": shown(delivery.topic), "message_id": delivery.id, "why": fault})
            self._park(lambda: _parked(delivery, "unreadable", fault))
            return
        try:
            self._dispatcher.dispatch(message)
        except (SchedulerStoppedError, SchedulerAwayError):
            raise
        except JobsRefusedError as error:
            logger.error("the master refuses jobs of a message, it is parked; see `checkotron trigger parked list`",
                         extra={"message_id": message.id, "why": str(error)})
            why = str(error)
            self._park(lambda: _parked(delivery, "refused", why))
        except Exception as error:
            logger.exception("a bug stopped a message, it is parked", extra={"message_id": message.id})
            why = f"{type(error).__name__}: {error}"
            self._park(lambda: _parked(delivery, "bug", why))

    def _park(self, make: Callable[[], Parked]) -> None:
        """Write the message to disk; while that cannot be done it stays in the queue."""
        while True:
            try:
                self._parked.add(make())
            except OSError as error:
                logger.error("a message cannot be parked, it waits; free the disk or correct the rights of the folder",
                             extra={"why": str(error)})
            else:
                return
            if self._stopped.wait(DISK_PAUSE):
                raise SchedulerStoppedError


def _message_of(delivery: Any) -> tuple[BusMessage | None, str]:
    """Return the message, or why there is none; also takes fedora-messaging's own Message."""
    if isinstance(delivery, Delivery):
        return delivery.message, delivery.fault
    try:
        return make_message(delivery.topic, delivery.body, delivery.id), ""
    except UnreadableMessageError as error:
        return None, str(error)


def _parked(delivery: Any, kind: str, reason: str) -> Parked:
    if isinstance(delivery, Delivery):
        return new_parked(kind, reason, delivery.topic, delivery.id, delivery.raw, delivery.headers)
    import json

    body = json.dumps(delivery.body, default=str).encode("utf-8", "surrogatepass")
    return new_parked(kind, reason, str(delivery.topic), delivery.id, body)
