"""
What is new about a result: newly failing, fixed, still failing, or the same as before.

Policy for destinations that talk to people: they hear of changes only, and of
what still fails at most every three days. "Before" is the newest earlier result
of the same testcase and architecture about the same item or, for builds, about
an earlier build of the same package.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from checks.item import ItemError, parse_nvr
from checks.result import Result
from reporting.client import ResultsDBClient
from reporting.reporter import Delivery, NumberedResult, ReportedRun

#: How long a failure that stays is not mentioned again.
QUIET = timedelta(days=3)
#: Earlier results that are looked through for one of the same package.
_LOOK_BACK = 50
_GOOD = frozenset({"PASSED", "INFO"})
#: States on the way, and runs that say nothing about the item.
_NO_VERDICT = frozenset({"QUEUED", "RUNNING", "ERROR", "CRASHED", "ABORTED"})


class Change(StrEnum):
    """How a result compares with the one before; the value is how people read it."""

    NEWLY_FAILING = "newly failing"
    STILL_FAILING = "still failing"
    FIXED = "fixed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The result before."""

    outcome: str
    submit_time: datetime
    #: Where it failed: the oldest failure of the row that it ends.
    failing_since: datetime | None = None


class History(Protocol):
    """Knows what was before."""

    def earlier(self, run: ReportedRun, result: Result) -> Earlier | None:
        """Return the newest earlier result; None where there was none. Raises DeliveryError: it cannot be known."""
        ...


class ResultsHistory:
    """Asks a results database."""

    def __init__(self, url: str) -> None:
        self._client = ResultsDBClient(url)

    def earlier(self, run: ReportedRun, result: Result) -> Earlier | None:
        """Return the newest result that is older than the run, of the same package where items are builds."""
        params = [("testcases", result.testcase), ("type", result.item_type),
                  ("since", f"1970-01-01,{run.finished.strftime('%Y-%m-%dT%H:%M:%S.%f')}")]
        if result.arch:
            params.append(("arch", result.arch))
        package = _package(result)
        params.append(("item:like", f"{package}-*") if package else ("item", result.item))
        newest: Earlier | None = None
        for row in self._client.results(params, _LOOK_BACK):
            outcome, moment = str(row.get("outcome")), _moment(row.get("submit_time"))
            if outcome in _NO_VERDICT or not _is_about(row, result, package):
                continue
            if outcome in _GOOD:
                return newest or Earlier(outcome, moment)
            newest = Earlier(outcome, newest.submit_time if newest else moment, failing_since=moment)
        return newest


def change_of(result: Result, earlier: Earlier | None) -> Change:
    """Return what is new."""
    was_good = earlier is None or earlier.outcome in _GOOD
    if result.outcome.is_ok:
        return Change.UNCHANGED if was_good else Change.FIXED
    return Change.NEWLY_FAILING if was_good else Change.STILL_FAILING


@dataclass(frozen=True, slots=True)
class Told:
    """A result that people should hear of."""

    numbered: NumberedResult
    change: Change


@dataclass(slots=True)
class Silence:
    """Decides what is told. Without a history everything that fails is told, and nothing else."""

    history: History | None

    def sorted(self, run: ReportedRun, results: Sequence[NumberedResult]) -> tuple[list[Told], list[Delivery]]:
        """Return what to tell, and the deliveries of what is passed over with the reason. Raises DeliveryError."""
        told: list[Told] = []
        passed_over: list[Delivery] = []
        for numbered in results:
            change, why = self._change(run, numbered.result)
            if why:
                passed_over.append(Delivery(numbered.number, f"not told: {why}"))
            else:
                told.append(Told(numbered, change))
        return told, passed_over

    def _change(self, run: ReportedRun, result: Result) -> tuple[Change, str]:
        if self.history is None:
            return Change.NEWLY_FAILING, "nothing fails" if result.outcome.is_ok else ""
        earlier = self.history.earlier(run, result)
        change = change_of(result, earlier)
        if change is Change.UNCHANGED:
            return change, "unchanged"
        if change is Change.STILL_FAILING and earlier and not _is_due(earlier, run.finished):
            return change, f"still failing, told at most every {QUIET.days} days"
        return change, ""


def lines_of(told: Sequence[Told]) -> Iterator[str]:
    """Yield what a person reads about results: a line each, the check's words where something is wrong, the log."""
    for one in told:
        result = one.numbered.result
        arch = f" ({result.arch})" if result.arch else ""
        yield f"{result.outcome}, {one.change}: {result.testcase} for {result.item}{arch}"
        yield f"    {' '.join(result.note.split())[:500]}"
        if result.log_url:
            yield f"    {result.log_url}"


def _is_due(earlier: Earlier, now: datetime) -> bool:
    """True for the first result of each three days of a failure that stays: needs no memory of what was told."""
    start = earlier.failing_since or earlier.submit_time
    return (now - start) // QUIET > (earlier.submit_time - start) // QUIET


def _package(result: Result) -> str | None:
    if result.item_type != "koji_build":
        return None
    try:
        return parse_nvr(result.item).name
    except ItemError:
        return None


def _is_about(row: Mapping[str, Any], result: Result, package: str | None) -> bool:
    data = row.get("data")
    items = data.get("item") if isinstance(data, Mapping) else None
    arches = data.get("arch", []) if isinstance(data, Mapping) else []
    if not isinstance(items, list) or (result.arch is None and arches):
        return False
    for item in items:
        try:
            if item == result.item or (package and parse_nvr(str(item)).name == package):
                return True
        except ItemError:
            continue
    return False


def _moment(text: object) -> datetime:
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
