"""
From one message to scheduled jobs. Read this first.

    message --topics--> events            all_topics.py: what happened, to which item
    event x rules --matching--> matches   matching.py: which rule asks for which check
    match --transforms--> jobs            job_plan.py: one job an arch, keys, priorities
    job --scheduler--> a build            scheduler.py: safe on Buildbot's disk, once a key

`plan` does the first three and touches nothing; `carry_out` does the last.
Explaining, dry runs and comparing rules are `plan` alone, so they tell the truth.
"""
from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import PurePath

from checks.contracts import Job
from trigger.all_topics import read_events
from trigger.event import Event
from trigger.job_plan import JobPlan
from trigger.keeper import Keeper
from trigger.matching import Matcher
from trigger.message import BusMessage
from trigger.rulebook import Rulebook
from trigger.scheduler import JobRefusedError, Scheduled, Scheduler
from trigger.topic import TopicSettings

logger = logging.getLogger(__name__)

#: Rules of which it is told why they do not apply; those that apply are all told.
RULES_TOLD = 20


class JobsRefusedError(Exception):
    """Raised when some jobs of a message cannot be scheduled as they are; the others are safe."""

    def __init__(self, refused: list[tuple[Job, JobRefusedError]]) -> None:
        self.refused = tuple(refused)
        super().__init__("; ".join(f"{job.label}: {error}" for job, error in refused))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a message asks for."""

    message: BusMessage
    events: tuple[Event, ...]
    plans: tuple[JobPlan, ...]
    #: Why there are these events and jobs, or none; in the order of the work.
    reasons: tuple[str, ...]

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs of all events."""
        return tuple(plan.job for plan in self.plans)


class Dispatcher:
    """Carries messages through the four steps."""

    def __init__(self, rulebook: Callable[[], Rulebook], scheduler: Scheduler, settings: TopicSettings | None = None,
                 keeper: Keeper | None = None) -> None:
        """
        `rulebook`: asked for each message, because the rules may change while we run.

        `keeper`: where jobs are noted and may wait; without one everything starts at once.
        """
        self._rulebook = rulebook
        self._scheduler = scheduler
        self._settings = settings or TopicSettings()
        self._keeper = keeper

    def plan(self, message: BusMessage, explain: Collection[str] | None = None) -> Plan:
        """
        Return what the message asks for.

        `explain`: names of rules of which the reasons tell; empty: of those that apply and the nearest others.

        Raises LookupAwayError: a system that must be asked about the item does not answer.
        """
        reading = read_events(message, self._settings)
        reasons = [reading.why_not] if reading.why_not else []
        plans: list[JobPlan] = []
        book = self._rulebook()
        for event in reading.events:
            if explain is not None:
                reasons += _rule_by_rule(book.matcher, event, explain)
            matches = book.matcher.matches(event)
            if not matches and explain is None:
                reasons.append(f"no rule asks for a check of {event.item_type} {event.item} ({event.message_type})")
            planned = book.planner.jobs_for(event, matches)
            for fault in planned.faults if explain is None else ():
                logger.info("a job that a rule asks for is not made; `checkotron trigger explain` tells more",
                            extra={"message_id": message.id, "item": event.item, "why": fault})
            plans += planned.plans
            reasons += planned.reasons
        return Plan(message, reading.events, tuple(plans), tuple(reasons))

    def dispatch(self, message: BusMessage) -> list[Scheduled]:
        """Plan and carry out; what the consumer calls. Raises as both."""
        return self.carry_out(self.plan(message))

    def stop(self) -> None:
        """End every wait for the scheduler."""
        self._scheduler.stop()

    def carry_out(self, plan: Plan) -> list[Scheduled]:
        """
        Schedule every job of the plan, or let it wait, and return those that are scheduled.

        Raises JobsRefusedError after all were tried; SchedulerStoppedError and SchedulerAwayError at once.
        """
        done: list[Scheduled] = []
        refused: list[tuple[Job, JobRefusedError]] = []
        if self._keeper and plan.plans:
            self._keeper.note_message(plan.message)
        for planned in plan.plans:
            if self._keeper and self._keeper.keeps(planned, plan.message):
                continue
            try:
                scheduled = self._scheduler.schedule(planned.job)
            except JobRefusedError as error:
                refused.append((planned.job, error))
                if self._keeper:
                    self._keeper.note_refused(planned, plan.message, str(error))
                continue
            done.append(scheduled)
            if self._keeper:
                self._keeper.note_scheduled(planned, plan.message, scheduled)
            logger.info("job scheduled" if scheduled.is_new else "job was scheduled before", extra={
                "build_id": planned.job.build_id, "job": planned.job.label, "buildset": scheduled.buildset,
                "message_id": plan.message.id, "key": planned.job.key})
        if refused:
            raise JobsRefusedError(refused)
        return done


def _rule_by_rule(matcher: Matcher, event: Event, names: Collection[str]) -> list[str]:
    """Return what each rule says, those that nearly apply before those that ask for something else altogether."""
    decisions = [one for one in matcher.decisions(event) if not names or one.rule.name in names]
    applying = [one for one in decisions if one.applies]
    # a sort keeps the order of equals, which is that of the file
    others = sorted((one for one in decisions if not one.applies), key=lambda one: -one.nearness)
    room = len(others)
    if not names and len(decisions) > RULES_TOLD:
        room = min(RULES_TOLD, sum(one.nearness > 0 for one in others))
    lines = [f"{event.message_type}: {event.item_type} {event.item}"]
    for one in (*applying, *others[:room]):
        # its name alone: there is one file of rules, and the line is long enough
        place = f"{PurePath(matcher.rules.file).name}:{one.rule.line} ({one.rule.name})"
        lines.append(f"{place}: " + ("applies" if one.applies else f"does not apply: {one.why_not}"))
    if (left := len(others) - room) > 0:
        lines.append(f"and {left} other rules do not apply; `--rule NAME` tells why one does not")
    return lines
