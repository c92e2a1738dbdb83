"""From the rules that apply to an event to jobs."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks.build_id import build_id_for
from checks.catalogue import Catalogue
from checks.contracts import NOARCH, ContractError, Job
from checks.item import shown
from trigger.event import Event
from trigger.job_key import item_identity, job_key
from trigger.matching import Match


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job, and how to start it."""

    job: Job
    #: Number of the rule that asked first.
    rule: int
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Planned:
    """The jobs of one event, and why a check that was asked for has none."""

    plans: tuple[JobPlan, ...]
    reasons: tuple[str, ...]


class JobPlanner:
    """Makes jobs; knows the checks that there are."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def jobs_for(self, event: Event, matches: Sequence[Match]) -> Planned:
        """Return one job for each check and arch; two rules that ask for the same get one, the first wins."""
        plans: dict[str, JobPlan] = {}
        reasons: list[str] = []
        for match in matches:
            for check in match.order.checks:
                description = self._catalogue.checks.get(check)
                if description is not None and description.disabled:
                    reasons.append(f"{match.rule.name}: check {check} is disabled by its own file")
                    continue
                if description is not None and not description.runs_on(event.item_type):
                    reasons.append(f"{match.rule.name}: check {check} takes {', '.join(description.item_types)}, "
                                   f"not {event.item_type}")
                    continue
                arches = match.order.arches or (description.arches if description else ()) or (NOARCH,)
                for arch in arches:
                    plan = _plan(match, check, arch)
                    try:
                        Job.from_dict(plan.job.to_dict())
                    except ContractError as error:
                        reasons.append(f"{plan.job.label}: {error}")
                        continue
                    if plan.job.key in plans:
                        reasons.append(f"{match.rule.name}: {plan.job.label} is asked for already")
                    plans.setdefault(plan.job.key, plan)
        return Planned(tuple(plans.values()), tuple(reasons))


def _plan(match: Match, check: str, arch: str) -> JobPlan:
    event, order = match.event, match.order
    identity = item_identity(event.item_type, event.item) if order.once == "item" else event.identity
    key = job_key(identity, check, arch)
    reason = shown(order.reason or f"{event.message_type} {event.item} ({match.rule.name})", 256)
    job = Job(event.item, event.item_type, check, arch, build_id_for(key), key, reason, order.priority, order.extra)
    return JobPlan(job, match.rule.number, order.delay_seconds)
