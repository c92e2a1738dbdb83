"""The digest by which a data pair is found, whatever its length."""
from __future__ import annotations

import hashlib


def pair_digest(key: str, value: str) -> bytes:
    """Return 16 bytes that stand for (key, value). Neither may hold a NUL."""
    return hashlib.blake2b(f"{key}\0{value}".encode(), digest_size=16).digest()
