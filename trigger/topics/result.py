"""Results databases: a new result may start a check."""
from __future__ import annotations

from typing import Any

from checks.item import shown
from trigger.field import mapping, number, text, value, word
from trigger.message import BusMessage
from trigger.nvr import nvr_facts
from trigger.topic import Reading, TopicSettings, nothing, one_event


class ResultNew:
    """`resultsdb.result.new`; `taskotron.result.new` is its older form."""

    names = ("resultsdb.result.new", "taskotron.result.new")

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the item that has a new result, with testcase and outcome."""
        body = message.body
        task, result = mapping(body, "task"), mapping(body, "result")
        if task:
            item, kind, testcase, outcome = (text(task, "item"), text(task, "type"), text(task, "name"),
                                             text(result, "outcome"))
            name = word(result, "id")
        else:
            item, kind = _first(value(body, "data", "item")), _first(value(body, "data", "type"))
            testcase = text(body, "testcase", "name") or text(body, "testcase")
            outcome, name = text(body, "outcome"), word(body, "id")
        if item is None or kind is None:
            return nothing("the result names no item or no type")
        facts: dict[str, Any] = (nvr_facts(item) if kind == "koji_build" else {}) | {
            "testcase": testcase, "outcome": outcome, "number": number(body, "id"),
            "arch": _first(value(body, "data", "arch")),
        }
        identity = f"result:{message.origin}:{name or message.occurrence}"
        return one_event(message, (item, shown(kind, 64)), "ResultNew", identity, facts)


def _first(found: object) -> str | None:
    """Return a text, or the first of a list of them: results hold every value as a list."""
    if isinstance(found, list) and found:
        found = found[0]
    return found if isinstance(found, str) and 0 < len(found) <= 1024 else None
