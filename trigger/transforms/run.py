"""Adds what a run of this kind needs on a worker of that kind (run_using.py)."""
from __future__ import annotations

from collections.abc import Iterator

from trigger.all_run_usings import RUN_USINGS
from trigger.job_description import JobDescription
from trigger.run_using import RunUsingError, configure_run
from trigger.transform import TransformConfig, TransformError


def apply_run_using(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Fill in the properties that the implementation adds; those of the rule win."""
    if job.description is None:
        yield job
        return
    try:
        added = configure_run(RUN_USINGS, job)
    except RunUsingError as error:
        raise TransformError(job, str(error)) from None
    yield job.with_changes(extra={**added, **job.extra})
