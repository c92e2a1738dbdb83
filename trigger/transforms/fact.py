"""Hands on what the event says about the item beside its name: the run's report has it, and reporters tell it on."""
from __future__ import annotations

from collections.abc import Iterator

from trigger.job_description import JobDescription
from trigger.transform import TransformConfig

#: A fact of the event: its name in `details.facts` of the run's report. Of two with the same name the first counts.
PASSED_ON = {"task_id": "task_id", "owner": "issuer", "agent": "issuer", "scratch": "scratch", "commit": "commit_hash"}
#: Before the name, in the properties of the build.
PREFIX = "fact_"
_VALUE_LIMIT = 1024


def know_item(config: TransformConfig, job: JobDescription) -> Iterator[JobDescription]:
    """Add the facts, where the job's item is the one that the event is about."""
    event = job.match.event
    if job.item not in (event.item, event.facts.get("nvr")):
        yield job
        return
    facts: dict[str, str] = {}
    for name, name_there in PASSED_ON.items():
        value = event.facts.get(name)
        if isinstance(value, bool | int | str) and value != "":
            facts.setdefault(PREFIX + name_there, str(value).lower() if isinstance(value, bool) else str(value))
    yield job.with_changes(extra={**{key: value[:_VALUE_LIMIT] for key, value in facts.items()}, **job.extra})
