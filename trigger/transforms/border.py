"""The border where a description is whole: everything it must have is there, and is what it must be."""
from __future__ import annotations

from collections.abc import Iterator

from checks.document import shown_path
from checks.kind import Place
from trigger.job_description import DESCRIPTION, JobDescription
from trigger.transform import TransformConfig, TransformError


def hold_schema(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Yield the description unchanged, where it meets its schema."""
    faults: list[str] = []
    DESCRIPTION.read(job.to_dict(), Place(lambda path, message: faults.append(f"{shown_path(path)}: {message}")))
    if faults:
        raise TransformError(job, "; ".join(faults))
    yield job
