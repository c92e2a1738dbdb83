"""
The border to the bus: one delivery becomes a BusMessage, or the fault that makes it none. Never an exception.

fedora-messaging turns a delivery into its own Message before it calls us, and
three shapes kill it there each time they are redelivered (an unknown content
encoding, a schema header that is no text, deeply nested JSON); invalid JSON it
throws away unseen. `install` puts `read_delivery` in that place, for
`checkotron trigger consume` and for `fedora-messaging consume` alike. It also
leaves out the validation against the general schema, which costs half a
millisecond a message: the topics check every field they use. Where the
publisher's schema package is installed, that schema has its say in the log.
"""
from __future__ import annotations

import datetime
import logging
from dataclasses import dataclass, field
from typing import Any

from checks.item import shown
from trigger.message import BusMessage, UnreadableMessageError, make_message, parse_body
from trigger.publisher_schema import PublisherSchemas

logger = logging.getLogger(__name__)

#: Encodings a publisher may name; others (`utf-7`, `zlib`, ...) only hide things.
ENCODINGS = {"utf-8", "utf8", "ascii", "us-ascii", "iso-8859-1", "latin-1"}
_SCHEMA = "fedora_messaging_schema"
_SCHEMAS = PublisherSchemas()


@dataclass(slots=True)
class Delivery:
    """
    What the consumer hands to the callback in place of fedora-messaging's Message.

    `queue` is written by the consumer; the rest never changes.
    """

    topic: str
    raw: bytes
    #: Plain values only; dates as text.
    headers: dict[str, Any]
    message_id: str | None = None
    message: BusMessage | None = None
    #: Why there is no message.
    fault: str = ""
    queue: str | None = field(default=None, compare=False)

    @property
    def id(self) -> str | None:
        """The publisher's id, as in fedora-messaging's Message."""
        return self.message_id


def read_delivery(routing_key: str, properties: Any, body: bytes) -> Delivery:
    """Return the delivery, read as far as it can be."""
    headers = properties.headers if isinstance(properties.headers, dict) else {}
    message_id = properties.message_id if isinstance(properties.message_id, str) else None
    delivery = Delivery(routing_key, body, plain(headers), message_id)
    try:
        text = _decoded(body, properties.content_encoding)
        delivery.message = make_message(routing_key, parse_body(text), message_id)
        _look_at_schema(headers, delivery.message)
    except UnreadableMessageError as error:
        delivery.message, delivery.fault = None, str(error)
    except Exception as error:
        # A message must not be able to stop the consumer, whatever we did not think of: it is parked with the reason.
        logger.exception("a delivery could not be read because of a bug", extra={"message_id": message_id})
        delivery.message, delivery.fault = None, f"bug in reading it: {type(error).__name__}: {shown(str(error), 200)}"
    return delivery


def install() -> None:
    """Make fedora-messaging's consumers read deliveries with `read_delivery`. Safe to call twice."""
    import fedora_messaging.twisted.consumer as place

    place.get_message = read_delivery  # type: ignore[assignment, attr-defined]


def plain(value: Any, depth: int = 0) -> Any:
    """Return headers as JSON can hold them: other things become text."""
    if isinstance(value, dict) and depth < 4:
        return {str(key): plain(inner, depth + 1) for key, inner in list(value.items())[:100]}
    if isinstance(value, (list, tuple)) and depth < 4:
        return [plain(inner, depth + 1) for inner in value[:100]]
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, bool, type(None))) else shown(value, 200)


def _decoded(body: bytes, encoding: object) -> str | bytes:
    if encoding is None:
        return body
    if not isinstance(encoding, str) or encoding.lower() not in ENCODINGS:
        raise UnreadableMessageError(f"content encoding `{shown(encoding)}` is not known; expected utf-8")
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableMessageError(f"is not {encoding}: byte `0x{body[error.start]:02x}` at {error.start}") from None


def _look_at_schema(headers: dict[str, Any], message: BusMessage) -> None:
    """Let the schema of the publisher's package have its say, where that package is installed."""
    schema = headers.get(_SCHEMA)
    if schema is None or schema in ("base.message", "fedora_messaging.message:Message"):
        return
    if not isinstance(schema, str):
        raise UnreadableMessageError(f"schema header is a {type(schema).__name__}; expected text")
    _SCHEMAS.look(schema, message.body, message.id)
