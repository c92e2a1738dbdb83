"""Looks the check up; one that is switched off by its own file starts nothing."""
from __future__ import annotations

from collections.abc import Iterator

from trigger.job_description import JobDescription
from trigger.transform import TransformConfig, TransformError


def resolve_check(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Fill in what the check's file says; nothing where it is not known here."""
    description = config.catalogue.checks.get(job.check)
    if description is not None and description.disabled:
        raise TransformError(job, "the check is disabled by its own file")
    yield job.with_changes(description=description)
