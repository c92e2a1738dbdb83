"""Answers from a dictionary: the double of every lookup, and what holds where no system is configured."""
from __future__ import annotations

from collections.abc import Mapping


class RecordingLookup:
    """Knows what it is told, and remembers what it was asked."""

    def __init__(self, updates: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self._updates = dict(updates or {})
        self.asked: list[str] = []

    def builds_of_update(self, update: str) -> tuple[str, ...] | None:
        """Return the builds it was told, None for another update."""
        self.asked.append(update)
        return self._updates.get(update)
