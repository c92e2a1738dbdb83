"""From the rules that apply to an event to jobs: the transforms, then keys and build ids."""
from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from checks.build_id import build_id_for
from checks.contracts import ContractError, Job
from trigger.all_transforms import TRANSFORMS
from trigger.discovering import DiscoverError, discovered
from trigger.event import Event
from trigger.job_description import JobDescription
from trigger.job_key import item_identity, job_key
from trigger.matching import Match
from trigger.rule_order import Need
from trigger.transform import TransformConfig, TransformError


@dataclass(frozen=True, slots=True)
class NeededRun:
    """A run that must have ended before."""

    check: str
    #: `done` or `success`
    after: str
    build_id: str


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A job, and how to start it."""

    job: Job
    #: Number and name of the rule that asked first.
    rule: int
    rule_name: str
    #: Full name of the check, `dist.rpmlint`; empty where it is not known here.
    testcase: str = ""
    #: Wait for so long, and make one job of everything that asks for the same meanwhile.
    delay_seconds: int = 0
    #: As the rule says; `needed_runs` is what it means here.
    needs: tuple[Need, ...] = ()
    needed_runs: tuple[NeededRun, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """The jobs of one event, and why a check that was asked for has none."""

    plans: tuple[JobPlan, ...]
    reasons: tuple[str, ...]
    #: Those of the reasons for which a job that a rule asks for is not made.
    faults: tuple[str, ...] = ()


class JobPlanner:
    """Makes jobs; keeps nothing about them."""

    def __init__(self, config: TransformConfig) -> None:
        self._config = config

    def jobs_for(self, event: Event, matches: Sequence[Match]) -> Planned:
        """
        Return the jobs of an event; two rules that ask for the same get one, the first wins.

        A fault in one job stops no other: it is among the reasons. Raises LookupAwayError.
        """
        plans: dict[str, JobPlan] = {}
        reasons: list[str] = []
        faults: list[str] = []
        for match in matches:
            for draft in self._drafts(event, match, reasons):
                try:
                    self._add(TRANSFORMS(self._config, draft), plans, reasons)
                except TransformError as error:
                    faults.append(f"{match.rule.name}: {error}")
                    reasons.append(faults[-1])
        return Planned(tuple(_with_needs(plan, plans.values(), reasons) for plan in plans.values()), tuple(reasons),
                       tuple(faults))

    def _drafts(self, event: Event, match: Match, reasons: list[str]) -> list[JobDescription]:
        """Return what the entry asks for: the checks that it names, and those that it discovers."""
        drafts = [JobDescription(match, check, event.item, event.item_type) for check in match.order.checks]
        try:
            found = list(discovered(match, self._config.discovery))
        except DiscoverError as error:
            reasons.append(f"{match.rule.name}: {error}")
            return drafts
        if match.order.discover is not None and not found:
            reasons.append(f"{match.rule.name}: no check was discovered")
        return drafts + found

    def _add(self, jobs: Iterable[JobDescription], plans: dict[str, JobPlan], reasons: list[str]) -> None:
        for description in jobs:
            plan = plan_of(description)
            if plan.job.key in plans:
                reasons.append(f"{description.match.rule.name}: {description.label} is asked for already")
            plans.setdefault(plan.job.key, plan)


def plan_of(job: JobDescription) -> JobPlan:
    """Return the job of a whole description. Raises TransformError: the master would refuse it."""
    event, order = job.match.event, job.match.order
    identity = item_identity(job.item_type, job.item) if order.once == "item" else event.identity
    if order.once == "event" and job.item != event.item:
        # A translated item: the builds of one update are different jobs of one event.
        identity = f"{identity}>{job.item}"
    if "check_repository" in job.extra:
        # A package's own check may have the name of one of ours.
        identity = f"{identity}@{job.extra['check_repository']}"
    key = job_key(identity, job.check, job.arch)
    try:
        made = Job.from_dict({
            "item": job.item, "item_type": job.item_type, "taskname": job.check, "arch": job.arch,
            "build_id": build_id_for(key), "key": key, "reason": job.reason, "priority": job.priority,
            "extra": dict(job.extra)})
    except ContractError as error:
        raise TransformError(job, str(error)) from None
    testcase = job.description.testcase if job.description else ""
    return JobPlan(made, job.match.rule.number, job.match.rule.name, testcase, order.delay_seconds, order.needs)


def _with_needs(plan: JobPlan, plans: Collection[JobPlan], reasons: list[str]) -> JobPlan:
    """Return the plan with the runs that it needs: of the same item, on the same arch where there is one."""
    runs: list[NeededRun] = []
    for need in plan.needs:
        same = [other.job for other in plans if (other.job.taskname, other.job.item) == (need.check, plan.job.item)]
        if not same:
            reasons.append(f"{plan.rule_name}: {plan.job.label} needs {need.check}, which no rule asks for; "
                           "it does not wait")
            continue
        job = next((job for job in same if job.arch == plan.job.arch), same[0])
        runs.append(NeededRun(need.check, need.after, job.build_id))
    return replace(plan, needed_runs=tuple(runs)) if runs else plan
