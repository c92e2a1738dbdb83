"""
Messages that could not be used, kept where an operator finds them: one JSON file each in `<state>/parked/`.

A file is written before the message is acknowledged, and never half: it is
renamed into place. Unreadable ones are limited in number, because anybody on
the bus can send them; the oldest make room, and the log says so.
"""
from __future__ import annotations

import base64
import binascii
import datetime
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from checks.item import shown

logger = logging.getLogger(__name__)

FOLDER = "parked"
#: How many unreadable ones are kept.
UNREADABLE_LIMIT = 1000
#: Bytes of a body that are kept; a longer one is told from its beginning.
BODY_LIMIT = 16 * 1024 * 1024


class ParkedError(Exception):
    """Raised when a parked message is not there or not readable."""


@dataclass(frozen=True, slots=True)
class Parked:
    """One parked message."""

    topic: str
    message_id: str | None
    #: Why it could not be used.
    reason: str
    #: `unreadable`, `refused` (by the master) or `bug` (in our code).
    kind: str
    #: ISO 8601, UTC.
    parked_at: str
    body: bytes
    headers: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of its file without the suffix; the same message parked twice has one file."""
        content = b"\0".join((self.topic.encode("utf-8", "surrogatepass"), (self.message_id or "").encode(), self.body))
        return f"{self.kind}-{hashlib.sha256(content).hexdigest()[:16]}"


def new_parked(kind: str, reason: str, topic: str, message_id: str | None, body: bytes,
               headers: dict[str, Any] | None = None) -> Parked:
    """Return a message to park, with the time of now."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Parked(topic, message_id, shown(reason, 2000), kind, now, body[:BODY_LIMIT], headers or {})


class ParkedMessages:
    """The folder of them."""

    def __init__(self, state: Path) -> None:
        self._folder = state / FOLDER

    def add(self, parked: Parked) -> Path:
        """Write one and return its file. Raises OSError: disk full, no right."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{parked.name}.json"
        data = asdict(parked) | {"body": base64.b64encode(parked.body).decode("ascii")}
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        if parked.kind == "unreadable":
            self._make_room()
        return path

    def names(self) -> list[str]:
        """Return the names of all, oldest first."""
        if not self._folder.is_dir():
            return []
        return [path.stem for path in sorted(self._folder.glob("*.json"), key=_age)]

    def get(self, name: str) -> Parked:
        """Return one. Raises ParkedError."""
        path = self._folder / f"{Path(name).name}.json"
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return Parked(**(data | {"body": base64.b64decode(data["body"], validate=True)}))
        except FileNotFoundError:
            raise ParkedError(f"{path}: not there; `checkotron trigger parked list` names them") from None
        except (OSError, ValueError, TypeError, KeyError, binascii.Error) as error:
            raise ParkedError(f"{path}: cannot be read: {shown(str(error), 200)}") from None

    def all(self) -> Iterator[tuple[str, Parked | ParkedError]]:
        """Yield every one by name, or why it cannot be read."""
        for name in self.names():
            try:
                yield name, self.get(name)
            except ParkedError as error:
                yield name, error

    def remove(self, name: str) -> None:
        """Remove one; nothing happens where it is not there."""
        (self._folder / f"{Path(name).name}.json").unlink(missing_ok=True)

    def _make_room(self) -> None:
        unreadable = sorted(self._folder.glob("unreadable-*.json"), key=_age)
        for path in unreadable[:-UNREADABLE_LIMIT]:
            logger.error("too many unreadable messages are parked; the oldest is dropped", extra={"parked": path.name})
            path.unlink(missing_ok=True)


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except FileNotFoundError:
        return 0, path.name
