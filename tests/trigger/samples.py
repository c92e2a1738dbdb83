"""Messages for tests: short, in the shapes of the real ones."""

from __future__ import annotations

import json
from typing import Any

from trigger.message import BusMessage

KOJI_TOPIC = "org.fedoraproject.prod.buildsys.build.state.change"


def koji_body(**changes: Any) -> dict[str, Any]:
    """Return the body of a Koji build that is complete."""
    return {
        "attribute": "state",
        "build_id": 1874070,
        "epoch": None,
        "instance": "primary",
        "name": "xchat",
        "new": 1,
        "old": 0,
        "owner": "packit",
        "release": "1.fc36",
        "version": "0.5",
        "task_id": 80860789,
        "request": ["git+https://src.fedoraproject.org/rpms/xchat.git#51b57ec", "f36-candidate"],
    } | changes


def koji_build(message_id: str | int | None = "m1", topic: str = KOJI_TOPIC, **changes: Any) -> BusMessage:
    """Return the message of a Koji build that is complete."""
    return BusMessage(topic, koji_body(**changes), message_id)


def tag_message(tag: str = "f36-updates-pending", message_id: str | None = "t1", **changes: Any) -> BusMessage:
    """Return the message of a build that got a tag."""
    body = {
        "build_id": 7,
        "name": "xchat",
        "version": "0.5",
        "release": "1.fc36",
        "tag": tag,
        "tag_id": 216,
        "user": "bodhi",
        "owner": "ralph",
        "instance": "primary",
    } | changes
    return BusMessage("org.fedoraproject.prod.buildsys.tag", body, message_id)


def line(message: BusMessage) -> str:
    """Return the message as a line of an archive."""
    return json.dumps({"topic": message.topic, "id": message.id, "body": message.body})
