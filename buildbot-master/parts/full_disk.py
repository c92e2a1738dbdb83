"""What databases say of a disk that is full."""
from __future__ import annotations

from typing import Any

#: In what SQLite and PostgreSQL say.
_WORDS = ("disk is full", "No space left on device", "disk I/O error", "unable to open database file",
          "Disk quota exceeded")


def is_full_disk(error: Any) -> bool:
    """True where the database could not write, and nothing of the transaction was done."""
    return any(word in str(error) for word in _WORDS)
