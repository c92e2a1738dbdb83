"""
Results as CI messages on the bus.

    amqp://user:secret@host/%2Fvhost?ci_name=QA&ci_team=Fedora+QA&ci_docs=https://…&ci_email=qa@…&ci_prefix=org.centos.prod
    …&koji=https://koji.fedoraproject.org/kojihub      what a run does not know of a build is asked there

The broker confirms each message before it counts as delivered. A second try
has the same message id, by which receivers know it. Wire format:
fedora-messaging.readthedocs.io, "Messages"; readers with `ci_messages`
installed validate by its schemas.
"""
from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from reporting.ci_message import CIMessage, Contact, message_of, message_of_progress, obstacle
from reporting.koji_hub import KojiHub
from reporting.progress import Progress
from reporting.reporter import AwayError, Delivery, NumberedResult, RefusedError, ReportedRun, Secrets
from reporting.urls import without_password

if TYPE_CHECKING:
    from pika.adapters.blocking_connection import BlockingChannel

_EXCHANGE = "amq.topic"
_SCHEMA = "ci_messages.CIMessageV1"
_MESSAGE_IDS = uuid.UUID("9f6f2a0c-2f0c-5b43-8a55-8f8e0a0e6d13")
#: Seconds to connect and for the broker to answer; pika would wait for ever.
_TIMEOUT_SECONDS = 15
_NEEDED = ("name", "team", "docs", "email")


def reporter(address: str, secrets: Secrets) -> FedoraMessagingReporter:
    """Return the reporter of an amqp or amqps address. Raises ValueError: it does not say who reports."""
    parts = urlsplit(address)
    asked = dict(parse_qsl(parts.query))
    own = {key.removeprefix("ci_"): asked.pop(key) for key in list(asked) if key.startswith("ci_")}
    hub = asked.pop("koji", None)
    missing = [f"ci_{key}" for key in _NEEDED if not own.get(key)]
    if missing:
        raise ValueError(f"`{without_password(address)}`: CI messages say who sends them; add {', '.join(missing)}, "
                         "as in ?ci_name=QA&ci_team=Fedora+QA&ci_docs=https://docs.example.org&ci_email=qa@example.org")
    contact = Contact(own["name"], own["team"], own["docs"], own["email"], own.get("url"), own.get("irc"))
    return FedoraMessagingReporter(parts._replace(query=urlencode(asked)).geturl(), contact,
                                   own.get("prefix", "org.centos.prod"), KojiHub(hub) if hub else None)


class FedoraMessagingReporter:
    """Publishes each result as one message; connects anew for each run."""

    def __init__(self, url: str, contact: Contact, prefix: str, hub: KojiHub | None = None) -> None:
        self._url = url
        self._contact = contact
        self._prefix = prefix
        self._hub = hub
        self.destination = without_password(url.partition("?")[0])

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield each delivery after the broker confirmed it. Raises AwayError, RefusedError."""
        with self._channel() as channel:
            for numbered in results:
                result, key = numbered.result, numbered.key or f"{run.build_id}/{numbered.number}"
                facts = self._facts(result.item, result.item_type, run.facts)
                if why := obstacle(result.item_type, facts):
                    yield Delivery(numbered.number, why)
                    continue
                log_url = _needed(result.log_url or run.log_url)
                message = message_of(run, result, self._contact, facts, log_url)
                yield Delivery(numbered.number, self._publish(channel, message, key))

    def announce(self, progress: Progress) -> str:
        """Publish `queued` or `running`. Raises AwayError, RefusedError."""
        facts = self._facts(progress.item, progress.item_type, progress.facts)
        if why := obstacle(progress.item_type, facts):
            return why
        message = message_of_progress(progress, self._contact, facts, _needed(progress.log_url))
        with self._channel() as channel:
            return self._publish(channel, message, f"{progress.build_id}/{progress.status}/{progress.at.isoformat()}")

    def _facts(self, item: str, item_type: str, known: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what is known, and what Koji knows beside it. Raises AwayError, RefusedError: Koji cannot be asked."""
        if self._hub is None or item_type != "koji_build" or (known.get("task_id") and known.get("issuer")):
            return known
        build = self._hub.build(item)
        return known if build is None else {"task_id": build.task_id, "issuer": build.issuer, **known}

    @contextmanager
    def _channel(self) -> Iterator[BlockingChannel]:
        import pika
        import pika.exceptions

        parameters = pika.URLParameters(self._url)
        parameters.socket_timeout = parameters.blocked_connection_timeout = _TIMEOUT_SECONDS
        parameters.stack_timeout = 2 * _TIMEOUT_SECONDS
        try:
            with pika.BlockingConnection(parameters) as connection:
                channel = connection.channel()
                channel.confirm_delivery()
                yield channel
        except (pika.exceptions.ProbableAuthenticationError, pika.exceptions.ProbableAccessDeniedError) as error:
            raise RefusedError(f"the broker lets us not in: {type(error).__name__}") from None
        except (pika.exceptions.AMQPError, OSError) as error:
            raise AwayError(f"the broker cannot be reached: {type(error).__name__} {error}".strip(),
                            was_sent=True) from None

    def _publish(self, channel: BlockingChannel, message: CIMessage, key: str) -> str:
        import pika

        message_id = str(uuid.uuid5(_MESSAGE_IDS, key))
        properties = pika.BasicProperties(
            content_type="application/json", content_encoding="utf-8", delivery_mode=2, message_id=message_id,
            headers={"fedora_messaging_schema": _SCHEMA, "fedora_messaging_severity": _severity(message),
                     "sent-at": datetime.now(UTC).isoformat(timespec="seconds")})
        topic = f"{self._prefix}.{message.topic}" if self._prefix else message.topic
        channel.basic_publish(_EXCHANGE, topic, json.dumps(message.body).encode(), properties)
        return message_id


def _needed(log_url: str | None) -> str:
    if log_url is None:
        raise RefusedError("a CI message needs the address of the log; say it with --log-url")
    return log_url


def _severity(message: CIMessage) -> int:
    """Return fedora-messaging's number: 40 for an error, 20 for information."""
    return 40 if message.topic.endswith(".error") else 20
