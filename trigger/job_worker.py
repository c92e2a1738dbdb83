"""Worker: a kind of worker that rules name; what it is decides how a check runs there."""
from __future__ import annotations

from dataclasses import dataclass

#: The kind of a rule that names none: any worker, as it is.
DEFAULT = "default"
#: How a worker may run checks.
IMPLEMENTATIONS = ("local", "container", "kubernetes")


@dataclass(frozen=True, slots=True)
class Worker:
    """A kind of worker, as `worker:` of a rule names it."""

    #: The word in rules.
    name: str = DEFAULT
    #: How it runs checks: `local`, `container` or `kubernetes`.
    implementation: str = "local"
    #: 1 gives no caches and no secrets to any check; 2 what the worker's own settings allow.
    trust: int = 1
    #: For containers: the image, where the check names none.
    image: str = ""
