"""
What a publisher's own schema says of its message, where the package with that schema is installed.

It has its say in the log and decides nothing: packages lag behind publishers, and leave messages of last month behind,
so that with one installed fewer events would come out than without. What an event is made of is checked by its topic.
"""
from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from checks.item import shown

logger = logging.getLogger(__name__)

#: Of fedora-messaging's entry points.
GROUP = "fedora.messages"

#: Gives what is wrong with a body, None where nothing is.
_Judge = Callable[[Mapping[str, Any]], str | None]


class PublisherSchemas:
    """The schemas that are installed, each loaded when a message first names it: a broken package hurts no other."""

    def __init__(self) -> None:
        self._judges: dict[str, _Judge | None] = {}
        self._told: set[str] = set()

    def look(self, name: str, body: Mapping[str, Any], message_id: str | int | None) -> None:
        """Say where the body does not meet the schema of that name: as a warning the first time, then for debugging."""
        judge = self._judge(name)
        why = judge(body) if judge else None
        if why is None:
            return
        level = logging.DEBUG if name in self._told else logging.WARNING
        self._told.add(name)
        logger.log(level, "a message does not meet its publisher's schema and is used all the same", extra={
            "message_id": message_id, "schema": shown(name), "why": why})

    def _judge(self, name: str) -> _Judge | None:
        if name not in self._judges:
            entry = _installed().get(name)
            if entry is None:
                # not kept: anybody on the bus may make up names
                return None
            try:
                self._judges[name] = _made(entry.load())
            except Exception as error:
                # a stranger's package: whatever is wrong with it must not cost a message
                why = f"{type(error).__name__}: {shown(str(error), 200)}"
                logger.warning("the package of a publisher's schema is broken, its messages are used without it",
                               extra={"schema": shown(name), "why": why})
                self._judges[name] = None
        return self._judges[name]


def _made(message_class: Any) -> _Judge:
    from jsonschema import validators

    schema = message_class.body_schema
    validator = validators.validator_for(schema)(schema)

    def judge(body: Mapping[str, Any]) -> str | None:
        error = next(validator.iter_errors(body), None)
        return shown(error.message, 200) if error else None

    return judge


def _installed() -> dict[str, Any]:
    """Return the entry points by name; read once."""
    global _entries
    if _entries is None:
        from importlib.metadata import entry_points

        _entries = {entry.name: entry for entry in entry_points(group=GROUP)}
    return _entries


_entries: dict[str, Any] | None = None
