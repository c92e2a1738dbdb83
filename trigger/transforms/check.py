"""Looks the check up. One that is switched off starts nothing, and a result never starts the check it is of."""
from __future__ import annotations

from collections.abc import Iterator

from trigger.job_description import JobDescription
from trigger.transform import TransformConfig, TransformError


def resolve_check(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Fill in what the check's file says; nothing where it is not known here."""
    description = job.description or config.catalogue.checks.get(job.check)
    if description is not None and description.disabled:
        raise TransformError(job, "the check is disabled by its own file")
    testcase = job.match.event.facts.get("testcase")
    if isinstance(testcase, str) and testcase.rpartition(".")[2] == job.check:
        raise TransformError(job, f"a result of {testcase} must not start {job.check} again: that would never end")
    yield job.with_changes(description=description)
