"""Names the job and says why it exists, for Buildbot's pages and for errors."""
from __future__ import annotations

from collections.abc import Iterator

from checks.contracts import NOARCH
from checks.item import shown
from trigger.job_description import JobDescription
from trigger.transform import TransformConfig

#: Characters of a reason; Buildbot's column for it.
REASON_LIMIT = 256


def label_job(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Fill in label, reason and priority."""
    event, rule, order = job.match.event, job.match.rule, job.match.order
    tail = "" if job.arch == NOARCH else f"-{job.arch}"
    yield job.with_changes(
        label=f"{job.check}-{job.item_type}-{job.item}{tail}", priority=order.priority,
        reason=shown(order.reason or f"{event.message_type} {event.item} ({rule.name})", REASON_LIMIT),
        extra={**job.extra, **order.extra, **({"match_host_arch": "true"} if order.match_host_arch else {})})
