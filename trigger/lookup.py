"""
The seam to facts about an item that its message lacks.

`builds_of_update` is called while a message is planned, only where the message
itself does not say. It may take seconds and may be called from several
threads. None means that the update is not known there. An answer may be kept.
"""
from __future__ import annotations

from typing import Protocol


class LookupAwayError(Exception):
    """Raised when the other system does not answer now: the message waits and is tried again."""


class Lookup(Protocol):
    """Answers questions about items."""

    def builds_of_update(self, update: str) -> tuple[str, ...] | None:
        """Return the builds of a Bodhi update. Raises LookupAwayError."""
