"""What changed between two builds: results set side by side, place by place."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reporting.database.pages.row import Place, Row
from reporting.database.pages.verdict import verdict


class Change(StrEnum):
    """How a place differs from the build before; the value is what people read."""

    NEW_FAILURE = "newly failing"
    FIXED = "fixed"
    STILL_FAILING = "still failing"
    SAME = "unchanged"
    NEW = "not run before"
    WAITING = "no verdict yet"
    MISSING = "has no result now"


@dataclass(frozen=True, slots=True)
class Cell:
    """What counts now at one place, and before."""

    place: Place
    #: None: the build before had a result here, this one has none.
    now: Row | None
    #: None: there is no build before, or it has no result here.
    before: Row | None
    #: None: there is nothing to compare with.
    change: Change | None
    #: Both passed and failed on this same item: (times it turned).
    turns: int = 0


def compare(now: Mapping[Place, Row], before: Mapping[Place, Row] | None, history: Iterable[Row] = ()) -> list[Cell]:
    """
    Return a cell for each place of either build.

    `before`: None without a build to compare with. `history`: every row of this item, newest first.
    """
    turns = turns_of(history)
    places = [*now, *(place for place in before or {} if place not in now)]
    return [Cell(place, now.get(place), (before or {}).get(place),
                 None if before is None else _change(now.get(place), before.get(place)), turns.get(place, 0))
            for place in places]


def _change(now: Row | None, before: Row | None) -> Change:
    if now is None:
        return Change.MISSING
    if now.verdict.is_pending:
        return Change.WAITING
    if before is None or before.verdict.is_pending:
        return Change.NEW
    if now.verdict.is_ok == before.verdict.is_ok:
        return Change.SAME if now.verdict.is_ok else Change.STILL_FAILING
    return Change.FIXED if now.verdict.is_ok else Change.NEW_FAILURE


def turns_of(history: Iterable[Row]) -> dict[Place, int]:
    """Return how often a place went from good to bad or back; pending results do not count."""
    turns: Counter[Place] = Counter()
    last: dict[Place, bool] = {}
    for row in history:
        if row.verdict.is_pending:
            continue
        if last.get(row.place, row.verdict.is_ok) != row.verdict.is_ok:
            turns[row.place] += 1
        last[row.place] = row.verdict.is_ok
    return dict(turns)


def changes_counted(cells: Iterable[Cell]) -> list[tuple[Change, int]]:
    """Return each change with its number, in the order of the words, none that does not occur."""
    counts = Counter(cell.change for cell in cells)
    return [(change, counts[change]) for change in Change if counts[change]]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an item's table: a testcase (and scenario) with a cell an architecture."""

    testcase: str
    scenario: str
    cells: Mapping[str, Cell]

    @property
    def worst(self) -> Cell:
        """The cell that matters most."""
        return min(self.cells.values(), key=_weight)


def lines_of(cells: Iterable[Cell]) -> list[Line]:
    """Return the lines, those that block first, then by name."""
    grouped: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in cells:
        testcase, arch, scenario = cell.place
        grouped.setdefault((testcase, scenario), {})[arch] = cell
    lines = [Line(testcase, scenario, found) for (testcase, scenario), found in grouped.items()]
    return sorted(lines, key=lambda line: (_weight(line.worst), line.testcase, line.scenario))


def _weight(cell: Cell) -> int:
    if cell.now is None:
        return verdict("QUEUED").rank
    if cell.now.verdict.is_ok:
        return verdict("PASSED").rank
    return cell.now.verdict.rank
