"""One job for each architecture: what the rule says, else what the check says, else noarch."""
from __future__ import annotations

from collections.abc import Iterator

from checks.contracts import NOARCH
from trigger.job_description import JobDescription
from trigger.transform import TransformConfig


def split_by_arch(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Yield one description an arch."""
    arches = job.match.order.arches or (job.description.arches if job.description else ()) or (NOARCH,)
    for arch in dict.fromkeys(arches):
        yield job.with_changes(arch=arch)
