"""
What a build needs to know beyond the seed's four properties, by kind of worker; all of it becomes properties.

The master reads them: `worker_kind` is a tag that the worker must have; `executor`,
`image` and `trust` become options of the runner. They come from the rules file,
never from a message, and can only take away: the worker's own settings say what
a check may have there.
"""
from __future__ import annotations

from collections.abc import Mapping

from trigger.job_description import JobDescription
from trigger.job_worker import DEFAULT, Worker
from trigger.run_using import RunSection

#: What a pod asks for where the check does not say.
DEFAULT_CPUS = "100m"
DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024


def local_payload(job: JobDescription, run: RunSection) -> Mapping[str, str]:
    """Return nothing for the usual case, so that builds stay easy to read; what is unusual is named."""
    return _shared(job, run)


def container_payload(job: JobDescription, run: RunSection) -> Mapping[str, str]:
    """Return executor and image beside what every worker is told."""
    environment = job.description.environment if job.description else None
    image = (environment.image if environment else None) or job.worker.image
    return {**_shared(job, run), "executor": "podman", **({"image": image} if image else {})}


def kubernetes_payload(job: JobDescription, run: RunSection) -> Mapping[str, str]:
    """Return executor, image and the resources that a pod must ask for."""
    resources = job.description.resources if job.description else None
    cpus = f"{resources.cpus:g}" if resources and resources.cpus else DEFAULT_CPUS
    memory = resources.memory_bytes if resources and resources.memory_bytes else DEFAULT_MEMORY_BYTES
    return {**container_payload(job, run), "executor": "kubernetes", "cpus": cpus, "memory_bytes": str(memory)}


def _shared(job: JobDescription, run: RunSection) -> dict[str, str]:
    """Return what is the same everywhere: kind of worker, how far it is trusted, checkout."""
    said: dict[str, str] = {}
    if job.worker.name != DEFAULT:
        said["worker_kind"] = job.worker.name
    if job.worker != Worker():
        said["trust"] = str(job.worker.trust)
    if run.get("checkout") is False:
        said["checkout"] = "false"
    return said
