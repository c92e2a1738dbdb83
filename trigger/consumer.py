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
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from checks.item import shown
from trigger.consumer_settings import ConsumerParts, parts_for_fedora_messaging
from trigger.delivery import Delivery, install
from trigger.dispatch import JobsRefusedError
from trigger.lookup import LookupAwayError
from trigger.message import BusMessage, UnreadableMessageError, make_message
from trigger.metrics import Metrics, serve
from trigger.parked import Parked, new_parked
from trigger.scheduler import SchedulerAwayError, SchedulerStoppedError

logger = logging.getLogger(__name__)

#: Seconds between tries where the disk is full, or a system that must be asked is away.
PAUSE = 5.0
#: In the state folder; while this file is there the consumer waits.
PAUSED = "paused"
#: Exit code of a consumer that waited for too long (EX_TEMPFAIL): start it again, it waits before it listens.
AWAY = 75
#: In the environment of a process that was started again for that.
WAITS = "CHECKOTRON_TRIGGER_WAITS"


class Consumer:
    """Takes one message at a time, in a thread of fedora-messaging."""

    def __init__(self, parts: ConsumerParts | None = None, metrics: Metrics | None = None) -> None:
        """Without arguments (fedora-messaging's way) everything comes from `[consumer_config]`."""
        install()
        self._stopped = threading.Event()
        self.metrics = metrics or Metrics()
        if parts is None:
            parts, settings = parts_for_fedora_messaging(self.stop)
            wait_until_ready(parts)
            if settings.metrics:
                serve(self.metrics, settings.metrics)
        self._parts = parts
        self._paused = parts.state / PAUSED
        self.metrics.gauges += gauges_of(parts)
        parts.start_holding(self._stopped)

    def __call__(self, delivery: Any) -> None:
        """Carry one message through. Raises Nack when stopping, HaltConsumer after `hold_seconds`, and nothing else."""
        from fedora_messaging.exceptions import HaltConsumer, Nack

        began = time.monotonic()
        try:
            fate = self._take(delivery)
        except SchedulerStoppedError:
            logger.info("stopped before the message was done; it goes back to the queue",
                        extra={"message_id": delivery.id})
            raise Nack from None
        except SchedulerAwayError as error:
            # Each time a message goes back counts towards the broker's delivery limit: so it goes back once, and is
            # not taken again before the master answers (`wait_until_ready`).
            logger.warning("held the message for as long as the broker allows; listening ends until the master answers",
                           extra={"message_id": delivery.id, "why": str(error)})
            raise HaltConsumer(AWAY, str(error), requeue=True) from None
        self.metrics.message(fate, began)

    def stop(self) -> None:
        """End every wait; the message at hand goes back to the queue. May be called from any thread."""
        self._stopped.set()
        self._parts.dispatcher.stop()
        self._parts.holding.scheduler.stop()

    def _take(self, delivery: Any) -> str:
        """Return what became of the message: none, jobs, unreadable, refused or bug."""
        self._wait_while(self._paused.exists, "paused")
        message, fault = _message_of(delivery)
        if message is None:
            logger.warning("an unreadable message is parked", extra={
                "topic": shown(delivery.topic), "message_id": delivery.id, "why": fault})
            return self._park(delivery, "unreadable", fault)
        try:
            return self._dispatch(message)
        except (SchedulerStoppedError, SchedulerAwayError):
            raise
        except JobsRefusedError as error:
            logger.error("the master refuses jobs of a message, it is parked; see `checkotron trigger parked list`",
                         extra={"message_id": message.id, "why": str(error)})
            return self._park(delivery, "refused", str(error))
        except Exception as error:
            logger.exception("a bug stopped a message, it is parked", extra={"message_id": message.id})
            return self._park(delivery, "bug", f"{type(error).__name__}: {error}")

    def _dispatch(self, message: BusMessage) -> str:
        """Plan and carry out; wait where a system that must be asked, or the disk, cannot be had now."""
        waited = 0.0
        while True:
            try:
                plan = self._parts.dispatcher.plan(message)
                for planned in plan.plans:
                    self.metrics.count("checkotron_trigger_jobs_total", rule=planned.rule_name)
                self._parts.dispatcher.carry_out(plan)
            except (LookupAwayError, OSError, sqlite3.OperationalError) as error:
                logger.warning("a message waits for something that cannot be had now", extra={
                    "message_id": message.id, "why": str(error), "wait_seconds": PAUSE})
                if waited >= self._parts.hold_seconds:
                    raise SchedulerAwayError(str(error)) from None
                self._pause()
                waited += PAUSE
            else:
                return "jobs" if plan.plans else "none"

    def _park(self, delivery: Any, kind: str, reason: str) -> str:
        """Write the message to disk; while that cannot be done it stays in the queue."""
        while True:
            try:
                self._parts.parked.add(_parked(delivery, kind, reason))
            except OSError as error:
                logger.error("a message cannot be parked, it waits; free the disk or correct the rights of the folder",
                             extra={"why": str(error)})
                self._pause()
            else:
                return kind

    def _wait_while(self, condition: Callable[[], bool], why: str) -> None:
        waited = 0.0
        while condition():
            if waited == 0:
                logger.warning("waiting, messages stay in the queue", extra={"why": why})
            if waited >= self._parts.hold_seconds:
                raise SchedulerAwayError(why)
            self._pause(1.0)
            waited += 1.0

    def _pause(self, seconds: float = PAUSE) -> None:
        if self._stopped.wait(seconds):
            raise SchedulerStoppedError


def wait_until_ready(parts: ConsumerParts) -> None:
    """Wait, holding no message, while the trigger is paused or the door does not take jobs."""
    pause = 1.0
    while (why := _not_ready(parts)) is not None:
        logger.warning("not listening yet, messages wait in the broker", extra={"why": why, "wait_seconds": pause})
        time.sleep(pause)
        pause = min(pause * 2, 30.0)


def _not_ready(parts: ConsumerParts) -> str | None:
    if (parts.state / PAUSED).exists():
        return "paused"
    status = parts.door_status()
    if "error" in status:
        return str(status["error"])
    return None if status.get("accepting") else "the master takes no jobs now"


def gauges_of(parts: ConsumerParts) -> list[Callable[[], tuple[str, Mapping[str, str], float]]]:
    """Return what is measured when somebody asks."""
    book = parts.rulebook
    return [
        lambda: ("checkotron_trigger_parked", {}, len(parts.parked.names())),
        lambda: ("checkotron_trigger_held", {}, sum(1 for _ in parts.held.all())),
        lambda: ("checkotron_trigger_paused", {}, (parts.state / PAUSED).exists()),
        lambda: ("checkotron_trigger_rules", {}, len(book().rules.rules)),
        lambda: ("checkotron_trigger_rule_reloads_total", {"taken": "yes"}, book.reloads),
        lambda: ("checkotron_trigger_rule_reloads_total", {"taken": "no"}, book.failed_reloads),
    ]


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
