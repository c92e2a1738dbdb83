"""
How a check runs (`run.using` of its file) on a kind of worker: the registry of both, and what each adds to a build.

An implementation is a function that gets the description and the clean `run`
section, and returns properties of the build. It edits nothing; the section is
valid by its own schema, defaults filled in, before it is called.
"""
from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from checks.document import shown_path
from checks.kind import Place
from checks.record import Record
from trigger.job_description import JobDescription

RunSection = Mapping[str, Any]
Implementation = Callable[[JobDescription, RunSection], Mapping[str, str]]


class RunUsingError(Exception):
    """Raised when a check cannot run that way on that worker, or its `run` section has faults."""


@dataclass(frozen=True, slots=True)
class RunUsing:
    """One way of running on one kind of worker."""

    #: `directives`, `command`, `python-function`
    using: str
    #: `local`, `container`, `kubernetes`
    implementation: str
    function: Implementation
    #: Of the `run` section, `using` included.
    schema: Record


Registry = Mapping[str, Mapping[str, RunUsing]]


def registry_of(ways: Iterable[RunUsing]) -> Registry:
    """Return the ways by `using` and implementation. Raises ValueError: one is there twice; names both functions."""
    registry: dict[str, dict[str, RunUsing]] = {}
    for way in ways:
        there = registry.setdefault(way.using, {})
        if way.implementation in there:
            first = there[way.implementation].function
            raise ValueError(f"run.using `{way.using}` on `{way.implementation}` is there twice: {_place(first)} and "
                             f"{_place(way.function)}")
        there[way.implementation] = way
    return registry


def configure_run(registry: Registry, job: JobDescription) -> Mapping[str, str]:
    """
    Return the properties that the way of running adds.

    Raises RunUsingError: no such way, not on such a worker, or faults in the section (all of them).
    """
    if job.description is None:
        return {}
    run = job.description.run
    there = registry.get(run.using)
    if there is None:
        raise RunUsingError(f"no way to run `{run.using}`{_nearest(run.using, registry)}")
    way = there.get(job.worker.implementation)
    if way is None:
        raise RunUsingError(f"no way to run `{run.using}` on worker `{job.worker.name}` "
                            f"({job.worker.implementation}){_nearest(job.worker.implementation, there)}")
    faults: list[str] = []
    section = {"using": run.using, "command": run.command, "file": run.file, "callable": run.callable,
               "checkout": run.checkout}
    known = {name: value for name, value in section.items() if name in {key.name for key in way.schema.keys}}
    clean = way.schema.read(known, Place(lambda path, message: faults.append(f"{shown_path(path)}: {message}")))
    if faults:
        raise RunUsingError(f"run.using `{run.using}` on `{job.worker.implementation}` for {job.label}: "
                            + "; ".join(faults))
    return way.function(job, clean)


def _nearest(word: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = difflib.get_close_matches(word, names, 1)
    return f"; did you mean `{close[0]}`? Known: {', '.join(names)}" if close else f"; known: {', '.join(names)}"


def _place(function: Implementation) -> str:
    return f"{function.__module__}.{getattr(function, '__name__', function)}"
