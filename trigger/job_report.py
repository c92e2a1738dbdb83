"""What a command did with each job: a line for people as it happens, or one JSON object at the end."""
from __future__ import annotations

import json

import click

from checks.contracts import Job

#: Fates of a job for which a command ends with exit code 1.
FAILED = ("refused", "not scheduled", "not cancelled")


class JobReport:
    """Collects what became of jobs; prints it at once where no JSON was asked for."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._jobs: list[dict[str, str]] = []

    def add(self, job: Job, fate: str, line: str, why: str = "") -> None:
        """Note the fate of a job (`scheduled`, `cancelled`, ...); `line` is for people."""
        self._jobs.append({"job": job.label, "item": job.item, "check": job.taskname, "arch": job.arch,
                           "build_id": job.build_id, "fate": fate, **({"why": why} if why else {})})
        if not self._as_json:
            click.echo(line, err=fate in FAILED)

    def has(self, fate: str) -> bool:
        """True where a job has had this fate."""
        return any(one["fate"] == fate for one in self._jobs)

    @property
    def is_empty(self) -> bool:
        """True where no job was noted."""
        return not self._jobs

    def end(self) -> int:
        """Print the JSON; return the exit code: 1 where a job has not become what was asked for."""
        if self._as_json:
            click.echo(json.dumps({"jobs": self._jobs}))
        return 1 if any(one["fate"] in FAILED for one in self._jobs) else 0
