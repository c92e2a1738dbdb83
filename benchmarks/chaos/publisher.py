"""Publishes until the broker confirms, whatever becomes of the broker meanwhile; a message may then be there twice."""
from __future__ import annotations

import contextlib
import time
from typing import Any

import pika
import pika.exceptions

from tests.support.whole_system import KOJI_TOPIC, koji_message

#: Seconds for which a broker may be away.
_PATIENCE = 180.0


class Publisher:
    """Keeps its connection as long as it holds."""

    def __init__(self, url: str) -> None:
        self._parameters = pika.URLParameters(url)
        # a connection that dies while it is made is noticed by nothing else
        self._parameters.heartbeat = 10
        self._parameters.socket_timeout = 5
        self._parameters.blocked_connection_timeout = 10
        self._connection: pika.BlockingConnection | None = None
        self._channel: Any = None

    def publish(self, name: str, number: int) -> None:
        """Publish that Koji built that package. Raises TimeoutError: the broker stayed away."""
        body, properties = koji_message(name, build_id=number)
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._open().basic_publish("amq.topic", KOJI_TOPIC, body,
                                           pika.BasicProperties(delivery_mode=2, **properties), mandatory=True)
                return
            except (pika.exceptions.AMQPError, OSError):
                self.close()
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the broker took no message for {_PATIENCE:g} s") from None
                time.sleep(0.2)

    def wait_for_queue(self, queue: str) -> None:
        """
        Wait until the trigger listens to its queue. Raises TimeoutError.

        RabbitMQ 3.10.8, killed in its first seconds, may make a quorum queue that answers nobody until it is deleted
        (docs/trigger.md): that is the broker's, and can happen once in a queue's life.
        """
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            try:
                if self._open().queue_declare(queue, passive=True).method.consumer_count:
                    return
                time.sleep(0.2)
            except (pika.exceptions.AMQPError, OSError):
                self.close()
                time.sleep(0.2)
        raise TimeoutError(f"queue {queue} did not come")

    def close(self) -> None:
        """Forget the connection."""
        if self._connection is not None:
            with contextlib.suppress(pika.exceptions.AMQPError, OSError):
                self._connection.close()
        self._connection = self._channel = None

    def _open(self) -> Any:
        if self._channel is None:
            self._connection = pika.BlockingConnection(self._parameters)
            self._channel = self._connection.channel()
            self._channel.confirm_delivery()
        return self._channel
