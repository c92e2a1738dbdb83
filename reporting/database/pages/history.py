"""A testcase's past, read from its newest results: what fails now, what is flaky, how long it takes."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from reporting.database.pages.build import parse_build
from reporting.database.pages.row import Row

#: Item, type, arch, scenario: what one testcase gives one verdict on.
Subject = tuple[str, str, str, str]
_SEQUENCE = 12


@dataclass(frozen=True, slots=True)
class Flaky:
    """A subject on which the testcase both passed and failed although nothing but time had changed."""

    #: Newest first, pending ones left out.
    rows: list[Row]
    turns: int

    @property
    def sequence(self) -> list[Row]:
        """The last few, oldest first, as they are read."""
        return self.rows[:_SEQUENCE][::-1]


def failing_now(rows: Iterable[Row]) -> list[Row]:
    """
    Return the results that count now and block; rows come newest first.

    A build counts only while no newer build of the same package and stream was seen.
    """
    newest: dict[Subject, Row] = {}
    for row in rows:
        newest.setdefault(subject(row), row)
    lines: dict[tuple[str, str], str] = {}
    for row in newest.values():
        build = parse_build(row.item, row.item_type) if row.item else None
        if build is not None:
            lines.setdefault(build.line, row.item)
    failing = [row for row in newest.values() if row.verdict.is_blocking]
    return [row for row in failing if not _is_superseded(row, lines)]


def _is_superseded(row: Row, lines: dict[tuple[str, str], str]) -> bool:
    build = parse_build(row.item, row.item_type) if row.item else None
    return build is not None and lines.get(build.line, row.item) != row.item


def flaky(rows: Iterable[Row]) -> list[Flaky]:
    """Return the flaky subjects, the most often turned first; rows come newest first."""
    grouped: dict[Subject, list[Row]] = {}
    for row in rows:
        if row.item and not row.verdict.is_pending:
            grouped.setdefault(subject(row), []).append(row)
    found = []
    for group in grouped.values():
        turns = sum(one.verdict.is_ok != other.verdict.is_ok for one, other in pairwise(group))
        if turns:
            found.append(Flaky(group, turns))
    return sorted(found, key=lambda each: (-each.turns, -each.rows[0].time))


def run_times_by_day(rows: Iterable[Row], microseconds_a_day: int) -> dict[int, float]:
    """
    Return day to the median run time in seconds.

    A result's own `duration_seconds` counts; else the time since the same
    subject's RUNNING result, where there is one.
    """
    times: dict[int, list[float]] = {}
    waiting: dict[Subject, Row] = {}
    for row in rows:
        if row.verdict.is_pending:
            ended = waiting.pop(subject(row), None)
            if ended is not None and row.verdict.outcome == "RUNNING":
                times.setdefault(ended.time // microseconds_a_day, []).append((ended.time - row.time) / 1_000_000)
            continue
        seconds = row.run_time_seconds()
        if seconds is not None:
            times.setdefault(row.time // microseconds_a_day, []).append(seconds)
        else:
            waiting[subject(row)] = row
    return {day: median(values) for day, values in times.items()}


def typical_run_time(seconds_by_day: Mapping[int, float]) -> float | None:
    """Return the median of the days' run times in seconds, None where none is known."""
    return median(seconds_by_day.values()) if seconds_by_day else None


def subject(row: Row) -> Subject:
    """Return what a testcase gives one verdict on."""
    return row.item, row.item_type, row.arch, row.scenario
