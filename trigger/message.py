"""
One message as it came from the bus or from a file; nothing in it is believed yet.

Bodies arrive from AMQP, from datagrepper dumps (`topic`, `body` or `msg`,
`id` or `msg_id`) and in the envelope of fedmsg (the body itself holds `msg`).
Shapes that would hurt later (too large, too deep, NaN) are refused here.
"""
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from checks.item import shown

#: Bytes of a body. A mass-rebuild update with every comment has 2 MiB; brokers refuse above 16.
SIZE_LIMIT = 8 * 1024 * 1024
#: Levels of lists and objects; the deepest known message has 12.
DEPTH_LIMIT = 100
#: AMQP cannot carry a longer routing key.
TOPIC_LIMIT = 255

#: The word that ends the prefix of a topic, and what it stands for.
ENVIRONMENTS = {"prod": "prod", "stg": "stg", "stage": "stg", "dev": "dev"}


class UnreadableMessageError(ValueError):
    """Raised when something on the bus or in a file is no message; the text says why."""


@dataclass(frozen=True, slots=True)
class BusMessage:
    """One message."""

    #: The whole routing key, `org.fedoraproject.prod.buildsys.tag`.
    topic: str
    body: Mapping[str, Any]
    #: As the publisher gave it; old archives have numbers, and many messages have none.
    id: str | int | None = None
    #: Where it stands, for people: `messages.jsonl:7`; empty for one from the bus.
    place: str = ""
    #: Topic without prefix, `buildsys.tag`; made from `topic`.
    name: str = field(init=False)
    #: prod, stg or dev; prod where the topic has no prefix.
    environment: str = field(init=False)
    #: `org.fedoraproject`; empty where there is none.
    origin: str = field(init=False)

    def __post_init__(self) -> None:
        origin, environment, name = split_topic(self.topic)
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "environment", environment)
        object.__setattr__(self, "name", name)

    @property
    def occurrence(self) -> str:
        """Names this message where nothing in its body does: its id, or a digest of topic and body."""
        return str(self.id) if self.id not in (None, "") else "sha256:" + self.digest()

    def digest(self) -> str:
        """Return a hash of topic and body that does not depend on the order of keys; 64 characters."""
        content = json.dumps([self.topic, self.body], sort_keys=True, default=str)
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


def split_topic(topic: str) -> tuple[str, str, str]:
    """
    Return (origin, environment, name) of a topic.

    `org.fedoraproject.stg.buildsys.tag` gives ("org.fedoraproject", "stg", "buildsys.tag");
    a topic without such a prefix is taken whole, as prod.
    """
    parts = topic.split(".")
    for index, part in enumerate(parts[:4]):
        if part in ENVIRONMENTS and index + 1 < len(parts):
            return ".".join(parts[:index]), ENVIRONMENTS[part], ".".join(parts[index + 1:])
    return "", "prod", topic


def parse_body(text: str | bytes, limit: int = SIZE_LIMIT) -> Any:
    """
    Return the JSON value in the text.

    Half a character (a lone surrogate) becomes `?`. Raises UnreadableMessageError: larger or deeper than the
    limits, not UTF-8, not JSON, or with NaN or Infinity.
    """
    if len(text) > limit:
        raise UnreadableMessageError(f"has more than {limit} bytes")
    try:
        # Not left to json: it would guess UTF-16 from the first bytes.
        text = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        data = json.loads(text, parse_constant=_refuse_constant)
    except UnreadableMessageError:
        raise
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise UnreadableMessageError(f"is not UTF-8: byte `0x{byte:02x}` at {error.start}") from None
    except RecursionError:
        raise UnreadableMessageError(f"is nested deeper than {DEPTH_LIMIT} levels") from None
    except ValueError as error:
        raise UnreadableMessageError(f"is not JSON: {shown(str(error), 200)}") from None
    if _deeper_than(data, DEPTH_LIMIT):
        raise UnreadableMessageError(f"is nested deeper than {DEPTH_LIMIT} levels")
    return _without_halves(data) if "\\ud" in text.lower() else data


def _without_halves(data: Any) -> Any:
    """Return the data with `?` for each half a character: JSON can say one, no terminal or database can take it."""
    return json.loads(json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"))


def message_from_dict(data: object, place: str = "") -> BusMessage:
    """
    Return the message in one object of an archive.

    Understood: `topic` with `body` or `msg`, and `id`, `msg_id` or `message_id`.
    Raises UnreadableMessageError.
    """
    if not isinstance(data, Mapping):
        raise UnreadableMessageError(f"is a {_kind(data)}; expected an object with `topic` and `body`")
    body = data.get("body", data.get("msg"))
    return make_message(data.get("topic"), body, _identifier(data, "id", "msg_id", "message_id"), place)


def make_message(topic: object, body: object, identifier: str | int | None, place: str = "") -> BusMessage:
    """Return the message; an old fedmsg envelope inside the body is taken off. Raises UnreadableMessageError."""
    if not isinstance(topic, str) or not topic or len(topic) > TOPIC_LIMIT:
        raise UnreadableMessageError(
            f"`topic` is `{shown(topic)}`; expected text of at most {TOPIC_LIMIT} characters")
    if not isinstance(body, Mapping):
        raise UnreadableMessageError(f"`body` is a {_kind(body)}; expected an object")
    inner, inner_topic = body.get("msg"), body.get("topic")
    if isinstance(inner, Mapping) and isinstance(inner_topic, str) and 0 < len(inner_topic) <= TOPIC_LIMIT:
        return BusMessage(inner_topic, inner, _identifier(body, "msg_id") or identifier, place)
    return BusMessage(topic, body, identifier, place)


def _identifier(data: Mapping[str, Any], *keys: str) -> str | int | None:
    for key in keys:
        found = data.get(key)
        if isinstance(found, (str, int)) and not isinstance(found, bool) and len(str(found)) <= 255:
            return found
    return None


def _refuse_constant(name: str) -> NoReturn:
    raise UnreadableMessageError(f"is not JSON: holds `{name}`")


def _deeper_than(data: object, limit: int) -> bool:
    """Tell whether lists and objects are nested deeper than the limit; needs no recursion."""
    level: list[object] = [data]
    for _ in range(limit):
        level = [inner for outer in level if isinstance(outer, (dict, list))
                 for inner in (outer.values() if isinstance(outer, dict) else outer)
                 if isinstance(inner, (dict, list))]
        if not level:
            return False
    return True


def _kind(data: object) -> str:
    names = {"dict": "object", "list": "list", "str": "text", "NoneType": "null or missing", "bool": "true or false"}
    return names.get(type(data).__name__, "number")
