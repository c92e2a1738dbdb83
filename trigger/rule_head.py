"""The head of a rules file in its long form: kinds of workers, and how many jobs may start."""
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.kind import SECONDS, Choice, Place, Text, Whole
from checks.record import Key, Record
from checks.schema import NAME
from trigger.job_worker import IMPLEMENTATIONS, Worker
from trigger.quota import LaunchLimit

WORKER = Record((
    Key("implementation", Choice(IMPLEMENTATIONS), "How it runs checks.", default="local"),
    Key("trust", Whole(1, 2), "1: no caches and no secrets there; 2: what the worker's own settings allow.", default=1),
    Key("image", Text("an image"), "For containers: the image, where the check names none.", default=""),
))
LIMITS = Record((
    Key("launches", Whole(1, 1_000_000), "How many jobs of one check may start in a window.", required=True),
    Key("window", SECONDS, "How long the window is.", default=60.0),
))


@dataclass(frozen=True, slots=True)
class FileHead:
    """What stands beside the rules."""

    workers: Mapping[str, Worker] = field(default_factory=lambda: {"default": Worker()})
    limit: LaunchLimit | None = None


def read_head(data: Mapping[str, Any], tell: Callable[[tuple[str | int, ...], str], None]) -> FileHead:
    """Return the head; every fault goes to `tell`."""
    workers = {"default": Worker()}
    named = data.get("workers") or {}
    if not isinstance(named, Mapping):
        tell(("workers",), "expected kinds of workers by name")
        named = {}
    for name, value in named.items():
        place = Place(tell, ("workers", name))
        Text("letters, digits and . _ + - only", NAME, 128).read(name, place)
        clean = WORKER.read(value, place)
        if clean:
            workers[name] = Worker(name, **clean)
    limit = None
    if data.get("limits") is not None:
        clean = LIMITS.read(data["limits"], Place(tell, ("limits",)))
        if clean and isinstance(clean.get("launches"), int) and isinstance(clean.get("window"), (int, float)):
            limit = LaunchLimit(clean["launches"], float(clean["window"]))
    return FileHead(workers, limit)
