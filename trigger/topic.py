"""
The seam between the bus and everything else: a Topic reads its messages into events, or says why there are none.

`read` is called with messages whose name matches one of `names` (AMQP's
binding words: `*` is one word, `#` any number). It is pure, keeps nothing,
never raises whatever the body holds, and may be called from several threads.
A message that is about nothing we act on gives no event and a reason.
"""
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from checks.item import ItemError, parse_item
from trigger.event import Event
from trigger.message import BusMessage


@dataclass(frozen=True, slots=True)
class TopicSettings:
    """What the operator says about reading the bus."""

    #: Koji instances whose builds count; others build for architectures of their own.
    koji_instances: tuple[str, ...] = ("primary",)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message says: events, or the reason why there is none."""

    events: tuple[Event, ...] = ()
    why_not: str = ""


class Topic(Protocol):
    """Reads the messages of one system."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names without prefix, in AMQP's binding words."""

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the events of a message, or why there are none."""


def nothing(why: str) -> Reading:
    """Return a reading without events."""
    return Reading((), why)


def one_event(message: BusMessage, item: tuple[str | None, str], message_type: str, identity: str,
              facts: Mapping[str, Any] | None = None) -> Reading:
    """
    Return the reading with that one event; `item` is (item, item type).

    An item that is missing or not valid for its type gives no event and says so.
    """
    name, item_type = item
    if not name:
        return nothing(f"names no {item_type}")
    try:
        valid = parse_item(name, item_type)
    except ItemError as error:
        return nothing(str(error))
    known = {"item": valid.item, "item_type": item_type, "message_type": message_type, "topic": message.name,
             "environment": message.environment, "origin": message.origin, "body": message.body}
    if message.environment != "prod":
        # Staging counts its builds and results from one, as production does.
        identity = f"{message.environment}:{identity}"
    return Reading((Event(valid.item, item_type, message_type, identity, {**(facts or {}), **known}),))


@lru_cache(maxsize=1024)
def name_pattern(name: str) -> re.Pattern[str]:
    """Return the pattern of AMQP binding words: `ci.*.test.#`."""
    words = []
    for index, word in enumerate(name.split(".")):
        lead = r"\." if index else ""
        words.append({"*": lead + r"[^.]+", "#": rf"(?:{lead}[^.]+)*"}.get(word, lead + re.escape(word)))
    return re.compile("".join(words))
