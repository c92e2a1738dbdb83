"""How each worker stands to a waiting job: the one answer behind the page of waiting jobs and behind a refusal."""
from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from buildbot_master.parts.matching import Matching, Question
from buildbot_master.parts.settings import BuilderSettings, Settings
from buildbot_master.parts.workers import slot_names

#: The worker may take the job, if not at once.
MAY = "may"
#: It never may, as it is now.
CANNOT = "cannot"
#: It is not connected: nothing is known of it.
ABSENT = "absent"
#: Workers that a line names.
NAMED = 6


@dataclass(frozen=True, slots=True)
class Standing:
    """One worker and one job."""

    worker: str
    #: MAY, CANNOT or ABSENT.
    kind: str
    #: Why it has not taken the job; never empty.
    reasons: tuple[str, ...]


def standings(master: Any, matching: Matching, question: Question, builder_name: str) -> list[Standing]:
    """Return one for each worker that the queue has, in the order of the settings."""
    builder = master.botmaster.builders.get(builder_name)
    connected = {} if builder is None else {
        one.worker.workername: one for one in builder.workers if one.worker is not None}
    others = [one.worker for one in connected.values()]
    found = []
    for name in _names(matching.settings, builder_name):
        there = connected.get(name)
        if there is None:
            found.append(Standing(name, ABSENT, ("not connected",)))
        elif fixed := matching.fixed_reasons(master, there.worker, question):
            found.append(Standing(name, CANNOT, fixed))
        else:
            reasons = matching.reasons(master, there.worker, question, others)
            if not reasons and not there.isAvailable():
                reasons = ("busy",)
            found.append(Standing(name, MAY, reasons or ("free; it starts now",)))
    return found


def refused_after_seconds(found: Collection[Standing], settings: Settings) -> float | None:
    """Return how long a job waits that nobody will ever run before it is refused; None: it has hope, or for ever."""
    kinds = {standing.kind for standing in found}
    if MAY in kinds or CANNOT not in kinds or not settings.refuse_after_seconds:
        return None
    return (settings.refuse_absent_after_seconds if ABSENT in kinds else settings.refuse_after_seconds) or None


def by_reason(found: Collection[Standing]) -> tuple[str, ...]:
    """Return a line for each reason, `worker, worker: reason`; many workers are counted, not named."""
    workers: dict[str, list[str]] = {}
    for standing in found:
        for reason in standing.reasons:
            workers.setdefault(reason, []).append(standing.worker)
    return tuple(f"{_named(names, len(found))}: {reason}" for reason, names in workers.items())


def _named(names: list[str], of: int) -> str:
    if len(names) <= NAMED:
        return ", ".join(names)
    if len(names) == of:
        return f"all {of} workers"
    return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"


def _names(settings: Settings, builder_name: str) -> list[str]:
    builder = next((one for one in settings.builders if one.name == builder_name), BuilderSettings(builder_name))
    return [name for worker in settings.workers if not builder.workers or worker.name in builder.workers
            for name in slot_names(worker)]
