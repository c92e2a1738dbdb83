"""
What needs attention now: items whose newest results block, checks that break, verdicts that do not come.

Starts from the newest results of each outcome that is not good, walks to their
items, and keeps an item only while its newest results still block and no newer
build of the same package and stream was seen.
"""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from checks.outcome import PROGRESS_OUTCOMES
from reporting.database.pages.build import Build, parse_build
from reporting.database.pages.item import rows_of_item
from reporting.database.pages.row import Row, newest_of_each_place, rows_of
from reporting.database.pages.verdict import verdict
from reporting.database.question import Page, ResultFilter
from reporting.database.service import Service

#: Microseconds. What failed before is history, not news.
WINDOW = 14 * 86_400_000_000
#: Results of each outcome that are looked at.
_SUSPECTS = 150
#: Items that are looked at, of which the first are shown.
_ITEMS = 40
_WAITING_ITEMS = 15
_ROWS_OF_ITEM = 400
_CHECKS = 8


@dataclass(frozen=True, slots=True)
class Trouble:
    """An item that cannot go out as it is."""

    item: str
    item_type: str
    #: What blocks, the worst first.
    blocking: list[Row]
    #: Results that count now, and how many of them are still to come.
    total: int
    waiting: int

    @property
    def time(self) -> int:
        """When the newest of what blocks arrived."""
        return max(row.time for row in self.blocking)


@dataclass(frozen=True, slots=True)
class BrokenCheck:
    """A testcase that gives no verdict on several items: the check is to be mended, not the packages."""

    testcase: str
    items: int
    newest: Row


@dataclass(frozen=True, slots=True)
class Attention:
    """What the front page shows."""

    troubles: list[Trouble]
    broken: list[BrokenCheck]
    #: Still without a verdict, the longest waiting first.
    waiting: list[Row]


def attention(service: Service, newest: Iterable[Row], now: int) -> Attention:
    """Return what needs attention; `newest`: the newest results of all, which tell of newer builds."""
    suspects: list[Row] = []
    pending: list[Row] = []
    # v3 takes those of a run whatever is configured
    for outcome in dict.fromkeys(service.outcomes + PROGRESS_OUTCOMES):
        shown = verdict(outcome)
        if not shown.is_ok:
            wanted = ResultFilter(outcomes=(outcome,), since=now - WINDOW)
            rows = rows_of(service.storage.results(wanted, Page(_SUSPECTS)))
            (pending if shown.is_pending else suspects).extend(
                row for row in rows if row.item_key == "item" and row.item)
    superseded = _newest_of_lines([*newest, *suspects])
    troubles = []
    for item, item_type in _subjects(suspects, _ITEMS):
        build = parse_build(item, item_type)
        if build is not None and superseded.get(build.line, item) != item:
            continue
        if found := _trouble(service, item, item_type):
            troubles.append(found)
    troubles.sort(key=lambda trouble: trouble.time, reverse=True)
    return Attention(troubles, _broken(suspects), _still_waiting(service, pending))


def _subjects(rows: Iterable[Row], limit: int) -> list[tuple[str, str]]:
    newest_first = sorted(rows, key=lambda row: (row.time, row.id), reverse=True)
    return list(dict.fromkeys((row.item, row.item_type) for row in newest_first))[:limit]


def _newest_of_lines(rows: Iterable[Row]) -> dict[tuple[str, str], str]:
    """Return (package, stream) to its highest build seen."""
    highest: dict[tuple[str, str], Build] = {}
    for item, item_type in {(row.item, row.item_type) for row in rows if row.item}:
        build = parse_build(item, item_type)
        if build is not None and (build.line not in highest or highest[build.line].order < build.order):
            highest[build.line] = build
    return {line: build.item for line, build in highest.items()}


def _trouble(service: Service, item: str, item_type: str) -> Trouble | None:
    current = newest_of_each_place(rows_of_item(service, item, item_type, _ROWS_OF_ITEM)).values()
    blocking = sorted((row for row in current if row.verdict.is_blocking),
                      key=lambda row: (row.verdict.rank, row.place))
    if not blocking:
        return None
    return Trouble(item, item_type, blocking, len(current), sum(row.verdict.is_pending for row in current))


def _broken(suspects: Iterable[Row]) -> list[BrokenCheck]:
    newest: dict[str, Row] = {}
    items: Counter[str] = Counter()
    for row in {(row.testcase, row.item): row for row in suspects if row.verdict.tone == "broken"}.values():
        items[row.testcase] += 1
        if row.testcase not in newest or newest[row.testcase].time < row.time:
            newest[row.testcase] = row
    return [BrokenCheck(testcase, number, newest[testcase])
            for testcase, number in items.most_common(_CHECKS) if number > 1]


def _still_waiting(service: Service, pending: list[Row]) -> list[Row]:
    still: list[Row] = []
    for item, item_type in _subjects(pending, _WAITING_ITEMS):
        current = newest_of_each_place(rows_of_item(service, item, item_type, _ROWS_OF_ITEM)).values()
        still.extend(row for row in current if row.verdict.is_pending)
    return sorted(still, key=lambda row: row.time)
