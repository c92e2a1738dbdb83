"""Worker: a kind of worker that rules name; what it is decides how a check runs there."""
from __future__ import annotations

from dataclasses import dataclass

#: How a worker may run checks.
IMPLEMENTATIONS = ("local", "container", "kubernetes")


@dataclass(frozen=True, slots=True)
class Worker:
    """A kind of worker, as `worker:` of a rule names it."""

    #: The word in rules.
    name: str = "default"
    #: How it runs checks: `local`, `container` or `kubernetes`.
    implementation: str = "local"
    #: 1 runs anybody's checks; 2 and above may keep caches between runs and be given secrets.
    trust: int = 1
    #: For containers: the image, where the check names none.
    image: str = ""
