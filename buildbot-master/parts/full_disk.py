"""
A disk that is full holds the master up, and breaks nothing.

Buildbot gives a build up in the middle when the database refuses a write: it
never ends, and its worker is never free again. Buildbot's own patience with a
database that is locked (tries again, later each time, for a day) is extended
here to a full disk: all builds wait, and go on where they were.
"""
from __future__ import annotations

from typing import Any

from buildbot.util.service import BuildbotService

#: In what SQLite and PostgreSQL say.
_WORDS = ("disk is full", "No space left on device", "disk I/O error", "unable to open database file",
          "Disk quota exceeded")
#: On an engine that was patient before a reconfig.
_ATTRIBUTE = "checkotron_should_retry"


class FullDisk(BuildbotService):  # type: ignore[misc]
    """Makes the database patient."""

    name = "full-disk"

    def checkConfig(self) -> None:
        """Has no settings."""

    def reconfigService(self) -> None:
        engine = self.master.db.pool.engine
        own = getattr(engine, _ATTRIBUTE, None) or engine.should_retry
        setattr(engine, _ATTRIBUTE, own)
        engine.should_retry = lambda error: is_full_disk(error) or own(error)


def is_full_disk(error: Any) -> bool:
    """True where the database could not write, and nothing of the transaction was done."""
    return any(word in str(error) for word in _WORDS)
