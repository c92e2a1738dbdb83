"""Finds what it is told: the double of every discovery, and what holds where none is wanted."""
from __future__ import annotations

from collections.abc import Mapping

from trigger.discovery import FoundCheck, Repository


class RecordingDiscovery:
    """Knows repositories by URL, and remembers what it was asked."""

    def __init__(self, checks: Mapping[str, tuple[FoundCheck, ...]] | None = None) -> None:
        self._checks = dict(checks or {})
        self.asked: list[Repository] = []

    def checks_of(self, repository: Repository) -> tuple[FoundCheck, ...]:
        """Return the checks it was told, none for another repository."""
        self.asked.append(repository)
        return self._checks.get(repository.url, ())
