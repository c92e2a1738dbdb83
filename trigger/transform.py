"""
The seam of the pipeline from "this check was asked for" to a job.

A Transform takes one description and yields none (dropped, with a reason),
one, or several (a job for each arch). It is a pure function: it never edits
its input, does no I/O, and may be called from several threads. What is wrong
with one job it raises as TransformError: the other jobs go on. A sequence of
transforms is a transform itself.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from checks.catalogue import Catalogue
from trigger.discovery import Discovery
from trigger.job_description import JobDescription
from trigger.job_worker import Worker
from trigger.lookup import Lookup


class TransformError(Exception):
    """Raised when a job cannot be made; the text begins with what the job is called as far as that is known."""

    def __init__(self, job: JobDescription, message: str) -> None:
        super().__init__(f"{name_of(job)}: {message}")


@dataclass(frozen=True, slots=True)
class TransformConfig:
    """What transforms may know beside the description; the same for all jobs of a message."""

    catalogue: Catalogue
    lookup: Lookup
    discovery: Discovery
    #: Kinds of workers by the name that rules use; `default` is always among them.
    workers: Mapping[str, Worker] = field(default_factory=lambda: {"default": Worker()})


Transform = Callable[[TransformConfig, JobDescription], Iterable[JobDescription]]


class TransformSequence:
    """Transforms in their order; each gets every description that the one before yields."""

    def __init__(self, transforms: Iterable[Transform] = ()) -> None:
        self.transforms: list[Transform] = list(transforms)

    def add(self, transform: Transform) -> Transform:
        """Append one, and return it, so that this is a decorator too."""
        self.transforms.append(transform)
        return transform

    def __call__(self, config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
        """Yield what is left of one description after all transforms."""
        return self._after(0, config, job)

    def _after(self, index: int, config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
        if index == len(self.transforms):
            yield job
            return
        transform = self.transforms[index]
        made = transform(config, job)
        if made is None:
            raise TypeError(f"transform `{getattr(transform, '__name__', transform)}` gives nothing; it must yield")
        for part in made:
            yield from self._after(index + 1, config, part)


def name_of(job: JobDescription) -> str:
    """Return the label, else the check and the item, else the event: whatever is known first."""
    if job.label:
        return job.label
    if job.check:
        return f"{job.check} for {job.item or job.match.event.item}"
    return job.match.event.identity or "unknown job"
