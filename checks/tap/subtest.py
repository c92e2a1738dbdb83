"""Subtests (TAP 14): the levels of a stream, and what a test line says of the subtest that it sums up."""
from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from checks.result import Result
from checks.tap.line import Point

#: Failed lines that are told in the output of the line above them.
_TOLD_LINES = 100
#: A point whose block has one of these is a verdict of its own; without them it only explains its parent.
_VERDICT_KEYS = frozenset({"item", "outcome", "checkname", "type"})


@dataclass(slots=True)
class Level:
    """The stream itself, or a subtest within it."""

    first: int | None = None
    last: int | None = None
    plan_line: int = 0
    #: Tests that came before the plan.
    plan_follows: int = 0
    skipped: str | None = None
    count: int = 0
    points: list[Point] = field(default_factory=list)

    @property
    def planned(self) -> int | None:
        """Tests that the plan promises, None without a plan."""
        return None if self.last is None else self.last - (self.first or 0) + 1

    def in_brackets(self) -> str:
        """Return " (2 of 5 not ok)", nothing where all are ok."""
        failed = sum(map(has_failed, self.points))
        return f" ({failed} of {self.count} not ok)" if failed else ""


def has_failed(point: Point) -> bool:
    """True for a `not ok` that no SKIP or TODO excuses."""
    return not point.ok and point.directive is None


def speaks_for_itself(point: Point) -> bool:
    """True where a point of a subtest is a result of its own."""
    return not _VERDICT_KEYS.isdisjoint(point.block or ())


def part_of(point: Point) -> str:
    """Return what such a point adds to the name of the testcase, after a dot."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", point.description)[:100].strip("_.") or str(point.number)


def summed_up(result: Result, children: Level) -> Result:
    """Return the result with how many of its points were ok, and those that were not in its output if it has none."""
    points = [point for point in children.points if not speaks_for_itself(point)]
    if not points:
        return result
    failed = [point for point in points if has_failed(point)]
    told: list[str] = []
    for point in failed[:_TOLD_LINES]:
        told.append(point.wording)
        told.extend(f"  {key}: {value}" for key, value in (point.block or {}).items())
    if len(failed) > _TOLD_LINES:
        told.append(f"... and {len(failed) - _TOLD_LINES} more")
    extra = {**result.extra, "subtests": (f"{len(points) - len(failed)} of {len(points)} ok",)}
    return replace(result, output=result.output or "\n".join(told) or None, extra=extra)
