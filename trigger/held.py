"""
Jobs that wait: for a burst to end (`delay`), for other checks (`needs`), for their turn (`limits`).

One file each in `<state>/held/`, named by build id, on disk before the message
is acknowledged. When its time has come the job goes through the door with its
own key, and only then the file is removed: a crash in between costs nothing.
"""
from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from checks.contracts import ContractError, Job
from checks.item import shown
from trigger.job_plan import JobPlan, NeededRun

logger = logging.getLogger(__name__)

FOLDER = "held"


@dataclass(frozen=True, slots=True)
class Held:
    """A job that waits."""

    job: Job
    rule_name: str
    message_id: str
    #: Seconds since the epoch.
    not_before: float
    needed_runs: tuple[NeededRun, ...] = ()
    #: How many other messages asked for the same meanwhile.
    merged: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the content of its file."""
        return {"job": self.job.to_dict(), "rule": self.rule_name, "message_id": self.message_id,
                "not_before": self.not_before, "merged": self.merged,
                "needed_runs": [asdict(run) for run in self.needed_runs]}


class HeldJobs:
    """The folder of them; used by one consumer at a time."""

    def __init__(self, state: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = state / FOLDER
        self._clock = clock

    def add(self, plan: JobPlan, message_id: str) -> Held | None:
        """
        Put a job on disk; return None, or the job of the same burst that it is now part of.

        Raises OSError: disk full, no right.
        """
        now = self._clock()
        if plan.delay_seconds:
            for other in self.all():
                if _is_same(other.job, plan.job) and other.not_before > now:
                    if other.job.key != plan.job.key:
                        other = replace(other, merged=other.merged + 1)
                        self._write(other)
                    return other
        self._write(Held(plan.job, plan.rule_name, message_id, now + plan.delay_seconds, plan.needed_runs))
        return None

    def all(self) -> Iterator[Held]:
        """Yield every waiting job, the one that is due first at the beginning; a broken file is told and left alone."""
        found = [held for path in self.folder.glob("*.json") if (held := _read(path)) is not None]
        yield from sorted(found, key=lambda held: (-held.job.priority, held.not_before, held.job.key))

    def due(self) -> list[Held]:
        """Return those whose delay is over."""
        now = self._clock()
        return [held for held in self.all() if held.not_before <= now]

    def remove(self, build_id: str) -> bool:
        """Remove a job; True where it was there."""
        path = self.folder / f"{Path(build_id).name}.json"
        was_there = path.exists()
        path.unlink(missing_ok=True)
        return was_there

    def _write(self, held: Held) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{held.job.build_id}.json"
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            json.dump(held.to_dict(), file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)


def _is_same(one: Job, other: Job) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in ("item", "item_type", "taskname", "arch"))


def _read(path: Path) -> Held | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        runs = tuple(NeededRun(run["check"], run["after"], run["build_id"]) for run in data["needed_runs"])
        return Held(Job.from_dict(data["job"]), str(data["rule"]), str(data["message_id"]), float(data["not_before"]),
                    runs, int(data["merged"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, ContractError) as error:
        logger.error("a waiting job cannot be read; look at its file", extra={
            "file": str(path), "why": shown(str(error), 200)})
        return None
