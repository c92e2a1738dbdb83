"""The key of a job: the same occurrence, check and arch give the same key, so nothing is scheduled twice."""
from __future__ import annotations

import hashlib

#: Characters; Buildbot's column for it.
KEY_LIMIT = 256


def job_key(identity: str, taskname: str, arch: str) -> str:
    """Return `identity/taskname/arch`; where that is too long or not printable ASCII, the identity is hashed."""
    plain = f"{identity}/{taskname}/{arch}"
    if len(plain) <= KEY_LIMIT and plain.isascii() and plain.isprintable():
        return plain
    digest = hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()
    tail = f"/{taskname}/{arch}"
    if len(tail) > KEY_LIMIT - 71:
        tail = "/" + hashlib.sha256(tail.encode("utf-8", "surrogatepass")).hexdigest()
    return f"sha256:{digest}{tail}"


def item_identity(item_type: str, item: str) -> str:
    """Return the identity of every event about an item, for rules with `once: item`."""
    return f"item:{item_type}:{item}"
