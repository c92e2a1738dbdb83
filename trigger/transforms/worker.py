"""Finds the kind of worker that the rule names."""
from __future__ import annotations

import difflib
from collections.abc import Iterator

from trigger.job_description import JobDescription
from trigger.transform import TransformConfig, TransformError


def choose_worker(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Fill in the worker."""
    name = job.match.order.worker
    worker = config.workers.get(name)
    if worker is None:
        close = difflib.get_close_matches(name, config.workers, 1)
        hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(config.workers)}"
        raise TransformError(job, f"no kind of worker is called `{name}`; {hint}")
    yield job.with_changes(worker=worker)
