"""A set in memory: the double of every store."""
from __future__ import annotations

from collections.abc import Mapping


class MemoryStore:
    """Has what it is given."""

    def __init__(self, content: Mapping[str, str] | None = None) -> None:
        self.content = dict(content or {})

    def has(self, build_id: str) -> bool:
        """True where it was given."""
        return build_id in self.content

    def info(self, build_id: str) -> str | None:
        """Return the word it was given with."""
        return self.content.get(build_id)
