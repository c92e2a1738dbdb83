"""Event: something happened to an item. Everything after the topics knows events, never messages."""
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One occurrence. The bus dictionary goes no further, except as `facts["body"]` for rules that ask odd fields."""

    #: `xchat-0.5-1.fc20`; valid for its type.
    item: str
    #: A key of checks.item.ITEM_TYPES.
    item_type: str
    #: What happened, in the words of Taskotron's rules: `KojiBuildPackageCompleted`.
    message_type: str
    #: Names the occurrence: `koji:primary:1874072:complete`. Two messages about one occurrence give the same.
    identity: str
    #: Everything a rule may ask: name, version, release, ..., `body.…`; always item, item_type, message_type,
    #: topic and environment.
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, str]:
        """Return what `explain --json` says of an event."""
        return {"item": self.item, "item_type": self.item_type, "message_type": self.message_type,
                "identity": self.identity}
