"""
Our own topic: anybody who may publish says that an item of any type is there.

It is the way in for systems that no topic here knows (a Debian archive, a
repository, a container registry): `{"item": ..., "item_type": ...}`, perhaps
`requester`, `arch` and `occurrence`.
"""
from __future__ import annotations

from trigger.field import text
from trigger.message import BusMessage
from trigger.topic import Reading, TopicSettings, one_event


class ItemReady:
    """`checkotron.item.ready`."""

    names = ("checkotron.item.ready",)

    def read(self, message: BusMessage, settings: TopicSettings) -> Reading:
        """Return the item as it is named."""
        body = message.body
        item, item_type = text(body, "item"), text(body, "item_type") or "koji_build"
        occurrence = text(body, "occurrence") or message.occurrence
        facts = {"requester": text(body, "requester"), "arch": text(body, "arch")}
        return one_event(message, (item, item_type), "ItemReady", f"ready:{item_type}:{item}:{occurrence}", facts)
