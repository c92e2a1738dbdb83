"""
The seam to everyone who waits for results: a Reporter hands the results of one run to one destination.

Life cycle, kept by `reporting.report`:

1. `deliver` is called once a run and destination with the results that this
   destination does not have yet, and again later with what is still missing.
   Before each call it is on disk that these are about to be tried. Calls never overlap.
2. It yields a Delivery as soon as the destination has a result for good; the
   caller puts each on disk before it asks for the next. A result that was not
   yielded when `deliver` ends or raises is not delivered, and comes again.
3. It raises AwayError where trying again may help and RefusedError where it
   will not before somebody acts. Anything else is a bug: reported as one,
   kept and tried again like an AwayError; other destinations get their turn.
4. `NumberedResult.in_doubt` is True where an earlier try may have arrived
   although nobody said so (killed, timed out, a 5xx answer). A destination
   that can be asked is asked first, so that no result arrives twice.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from checks.contracts import ExecutionReport
from checks.result import Result


class DeliveryError(Exception):
    """Raised when a destination did not take a result. `was_sent`: it may have it all the same."""

    def __init__(self, message: str, *, was_sent: bool = False) -> None:
        self.was_sent = was_sent
        super().__init__(message)


class AwayError(DeliveryError):
    """Raised when the destination cannot be reached or is busy; tried again with back-off."""


class RefusedError(DeliveryError):
    """Raised when the destination says no to this result; kept, shown, and tried again at the longest interval."""


@dataclass(frozen=True, slots=True)
class NumberedResult:
    """One result of a run, and what is known of earlier tries."""

    #: Its place in the run, from 1; with the build id it names the result for ever.
    number: int
    result: Result
    #: Names the result at destinations that can tell a second try from a second result.
    key: str = ""
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class ReportedRun:
    """A run and what it said, as reporters see it."""

    build_id: str
    report: ExecutionReport
    results: tuple[Result, ...]
    #: UTC. When the run was handed over; results delivered late still count from here.
    finished: datetime
    #: Where its folder lies on this machine; gone when it was cleaned away before everything was delivered.
    folder: Path | None = None
    #: Where people read it; None without an artifacts server.
    log_url: str | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the run was told of its item beside its name: `task_id`, `issuer`; empty where nothing."""
        facts = self.report.details.get("facts")
        return facts if isinstance(facts, Mapping) else {}

    @property
    def duration_seconds(self) -> float | None:
        """How long the run took, None where its report does not say."""
        try:
            taken = datetime.fromisoformat(self.report.ended) - datetime.fromisoformat(self.report.started)
        except (ValueError, TypeError):
            return None
        return taken.total_seconds() if taken >= timedelta(0) else None

    def submit_time(self, number: int) -> datetime:
        """Return when a result counts from: a microsecond apart, so that "the newest" is never a toss-up."""
        return self.finished + timedelta(microseconds=number)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One result has arrived at one destination."""

    number: int
    #: Where it can be looked at, `https://…/api/v2.0/results/17`; "" where a destination has no such thing.
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a destination may need to be let in; None where nobody gave one. Never logged."""

    #: Bearer token of results databases and of forges.
    token: str | None = None


class Reporter(Protocol):
    """One destination. See the module for the life cycle."""

    #: Names the destination in logs, in the queue and in `results undelivered`; the same after a restart. No secrets.
    destination: str

    def deliver(self, run: ReportedRun, results: Sequence[NumberedResult]) -> Iterator[Delivery]:
        """Yield each result's delivery once the destination has it."""
        ...
