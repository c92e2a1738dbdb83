"""
Takes messages from the outbox to the bus, in a thread of the server. The only user of pika here.

A message is forgotten after the broker confirmed it: it is sent at least
once, never before its result is committed, in the order of the results. The
broker may be away as long as it likes; the outbox keeps them.
Wire format: fedora-messaging.readthedocs.io, "Messages".
"""
from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reporting.database.outbox import OutboxMessage, forget, waiting
from reporting.database.storage import Storage, StorageError

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

logger = logging.getLogger(__name__)

TOPIC = "resultsdb.result.new"
EXCHANGE = "amq.topic"
_BATCH = 200
#: Between two looks into an empty outbox.
_PAUSE_SECONDS = 0.2
#: Between two tries to reach the broker: doubles up to the second number.
_RETRY_SECONDS = (1.0, 60.0)


class Publisher:
    """`start` begins, `stop` ends after the batch in hand."""

    def __init__(self, storage: Storage, bus_url: str, topic_prefix: str = "") -> None:
        self._storage = storage
        self._bus_url = bus_url
        self._topic = f"{topic_prefix}.{TOPIC}" if topic_prefix else TOPIC
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="results-publisher", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is left in the outbox goes out after the next start."""
        self._stopping.set()
        self._thread.join(10)

    def _run(self) -> None:
        import pika.exceptions

        pause = _RETRY_SECONDS[0]
        while not self._stopping.is_set():
            try:
                self._publish_until_it_fails()
                return
            except (pika.exceptions.AMQPError, StorageError, OSError) as error:
                logger.warning("messages wait in the outbox; publishing is tried again",
                               extra={"seconds": pause, "fault": f"{type(error).__name__}: {error}"})
            except Exception:
                logger.exception("bug: publisher failed; messages wait in the outbox and publishing is tried again")
            self._stopping.wait(pause)
            pause = min(pause * 2, _RETRY_SECONDS[1])

    def _publish_until_it_fails(self) -> None:
        import pika

        with pika.BlockingConnection(pika.URLParameters(self._bus_url)) as connection:
            channel = connection.channel()
            channel.confirm_delivery()
            logger.info("publishing results", extra={"topic": self._topic})
            while not self._stopping.is_set():
                messages = waiting(self._storage, _BATCH)
                for message in messages:
                    self._publish(channel, message)
                if messages:
                    forget(self._storage, messages)
                else:
                    connection.process_data_events(_PAUSE_SECONDS)  # also answers heartbeats

    def _publish(self, channel: BlockingChannel, message: OutboxMessage) -> None:
        import pika

        properties = pika.BasicProperties(
            content_type="application/json", content_encoding="utf-8", delivery_mode=2, message_id=message.message_id,
            headers={"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20, "priority": 0,
                     "sent-at": datetime.now(UTC).replace(microsecond=0).isoformat()})
        # returns after the broker's confirmation; raises where it refuses
        channel.basic_publish(EXCHANGE, self._topic, message.body.encode(), properties)
