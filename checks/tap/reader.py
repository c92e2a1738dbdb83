"""
TAP 13 and 14 read: the stream framed by the specification, and nothing lost in silence.

The loop takes one line at a time: a test line with its block becomes a result,
or waits for the test line of its parent where it belongs to a subtest (TAP 14).
Read leniently, each with a warning: no version line, no plan, test lines off by
one to three columns, a block that nothing closes. What tap.py reads rightly is
left to it: SKIP and TODO (`line._split_directive`).
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from checks.item import Item, shown
from checks.result import Result
from checks.tap import line as lines
from checks.tap.framing import BlockReader
from checks.tap.line import Point
from checks.tap.reading import DEFAULT_LIMITS, FaultList, TapLimits, TapReading
from checks.tap.record import Context, result_of
from checks.tap.subtest import Level, part_of, speaks_for_itself, summed_up
from checks.tap.window import Window

Source = str | bytes | BinaryIO | TextIO

#: Characters. No test line is longer; the window always holds one block and one line.
_LINE_LIMIT = 256 * 1024


def read_tap(source: Source, *, testcase: str, item: Item | None = None, arch: str | None = None,
             limits: TapLimits = DEFAULT_LIMITS) -> TapReading:
    """
    Return everything a stream says. Never raises for what stands in it.

    `testcase`, `item` and `arch` stand in where a result does not name its own.
    """
    reader = TapReader(source, testcase=testcase, item=item, arch=arch, limits=limits)
    return reader.reading(tuple(reader))


class TapReader:
    """Iterates over the results of a stream as they are read; what else it says is known at the end."""

    def __init__(self, source: Source, *, testcase: str, item: Item | None = None, arch: str | None = None,
                 limits: TapLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._context = Context(testcase, item, arch)
        self._window = Window(source, reserve=limits.block_characters + _LINE_LIMIT, total_bytes=limits.total_bytes)
        #: The outer level first, then the open subtests.
        self._levels = [Level()]
        self._tests = 0
        self._strict = False
        self._unknown_run: tuple[int, int, str] | None = None
        self._faults = FaultList(limits.faults)
        self._blocks = BlockReader(self._window, limits, self._faults)
        self.version: int | None = None
        self.bail_out: str | None = None
        self.unknown_lines = 0

    def __iter__(self) -> Iterator[Result]:
        window, limits = self._window, self._limits
        while self.bail_out is None and window.fill():
            match = lines.TEST.match(window.text, window.at)
            if match is None:
                self._other_line()
                continue
            self._tests += 1
            if self._tests > limits.results:
                self._fault(f"more than {limits.results} test lines; the rest is not read")
                break
            yield from self._test(match)
        yield from self._end()

    def reading(self, results: tuple[Result, ...]) -> TapReading:
        """Return the whole, after the results were taken out by iterating."""
        outer = self._levels[0]
        return TapReading(
            results=results, faults=self._faults.in_order(self._window.line), plan=outer.planned,
            bail_out=self.bail_out, version=self.version, skipped=outer.skipped, tests=outer.count,
            unknown_lines=self.unknown_lines)

    # Test lines and their blocks

    def _test(self, match: re.Match[str]) -> Iterator[Result]:
        self._close_unknown_run()
        point = lines.point_of(match, self._window.line)
        columns = lines.width(match.group("indent"))
        depth, off = divmod(columns, lines.SUBTEST_INDENT)
        if off:
            self._fault(f"`{shown(point.wording)}` is indented by {columns}; read as if it were not", warning=True)
        if depth > self._limits.depth:
            self._fault(f"subtests more than {self._limits.depth} deep; read at that depth")
            depth = self._limits.depth
        self._window.advance(match.end())
        self._blocks.read(point)
        children = self._fold(depth)
        level = self._levels[depth]
        self._number(level, point)
        if depth == 0:
            yield from self._results(point, children)
            return
        level.points.append(point)
        if children:
            point.description += children.in_brackets()
            level.points.extend(child for child in children.points if speaks_for_itself(child))

    # Levels: the stream and its subtests

    def _fold(self, depth: int) -> Level | None:
        """Return the subtest that a test line at this depth sums up, and make it the last open level."""
        levels = self._levels
        while len(levels) > depth + 2:
            orphan = levels.pop()
            self._check_plan(orphan)
            levels[-1].points.extend(orphan.points)
            levels[-1].count += orphan.count
        while len(levels) < depth + 1:
            levels.append(Level())
        if len(levels) == depth + 1:
            return None
        child = levels.pop()
        self._check_plan(child)
        return child

    def _number(self, level: Level, point: Point) -> None:
        level.count += 1
        if level.plan_follows and level.count == level.plan_follows + 1:
            self._fault("test lines before and after the plan; expected it at the beginning or the end", warning=True,
                        at=level.plan_line)
        expected = level.count + (level.first or 1) - 1
        if point.number is None:
            point.number = expected
        elif point.number != expected:
            self._fault(f"`{shown(point.wording)}` comes where number {expected} was expected",
                        warning=True, at=point.line)

    def _check_plan(self, level: Level) -> None:
        if level.planned is not None and level.planned != level.count:
            self._fault(f"the plan promises {level.planned} tests, {level.count} came", at=level.plan_line)

    def _results(self, point: Point, children: Level | None) -> Iterator[Result]:
        """Yield the result of an outer test line, then those of its subtests that speak for themselves."""
        result = self._result(point, self._context)
        if result:
            yield summed_up(result, children) if children else result
        if children:
            testcase = result.testcase if result else self._context.testcase
            item = Item(result.item, result.item_type) if result else self._context.item
            for child in filter(speaks_for_itself, children.points):
                if part := self._result(child, Context(f"{testcase}.{part_of(child)}", item, self._context.arch)):
                    yield part

    def _result(self, point: Point, context: Context) -> Result | None:
        def tell(message: str, warning: bool) -> None:
            self._fault(message, warning=warning, at=point.line)

        return result_of(point, context, self._limits, tell)

    # Every other line

    def _other_line(self) -> None:
        window = self._window
        if run := lines.NEVER_TAP.match(window.text, window.at):
            self._unknown(run.group().split("\n", 1)[0].strip(), run.group().count("\n"))
            window.advance(run.end())
            return
        match = lines.OTHER.match(window.text, window.at)
        if match is None:
            self._fault(f"a line of more than {_LINE_LIMIT} characters; it is not read")
            self.unknown_lines += 1
            window.skip_line()
            return
        kind = match.lastgroup
        if kind == "unknown":
            self._unknown(match.group("unknown").strip(), 1)
        elif kind != "silent":
            self._close_unknown_run()
            self._statement(kind, match)
        window.advance(match.end())

    def _statement(self, kind: str | None, match: re.Match[str]) -> None:
        depth = lines.width(match.group("indent")) // lines.SUBTEST_INDENT
        if kind == "bail":
            self.bail_out = match.group("bail").strip()
        elif kind == "pragma":
            for pragma in match.group("pragma").replace(" ", "").split(","):
                if pragma[1:] == "strict":
                    self._strict = pragma[0] == "+"
        elif kind == "version":
            if depth == 0:
                self._version(int(match.group("version")))
        else:
            self._plan(min(depth, self._limits.depth), match)

    def _version(self, version: int) -> None:
        if self.version is not None or self._levels[0].count or self._levels[0].last is not None:
            self._fault("a second version line; are these two streams in one?" if self.version is not None
                        else "the version line does not come first", warning=True)
        if version not in (13, 14):
            self._fault(f"TAP version {version}; read as 13", warning=True)
        self.version = version if self.version is None else self.version

    def _plan(self, depth: int, match: re.Match[str]) -> None:
        while len(self._levels) < depth + 1:
            self._levels.append(Level())
        level = self._levels[depth]
        first, last = int(match.group("first")), int(match.group("last"))
        if level.last is not None:
            self._fault(f"a second plan `{first}..{last}`; the first one counts")
            return
        if first != 1:
            self._fault(f"plan `{first}..{last}` does not begin with 1", warning=True)
        if last < first and last != 0:
            self._fault(f"plan `{first}..{last}` ends before it begins; it is left out")
            return
        level.first, level.last, level.plan_line = first, max(last, first - 1), self._window.line
        level.plan_follows = level.count
        if last == 0 and match.group("reason"):
            reason = match.group("reason").strip()
            level.skipped = re.sub(r"(?i)^skip\S*\s*", "", reason)

    def _unknown(self, text: str, count: int) -> None:
        self.unknown_lines += count
        if lines.ALMOST_A_TEST.match(text):
            self._close_unknown_run()
            self._fault(f"`{shown(text)}` is no test line; expected `ok` or `not ok`, then a space or the end")
        elif self._unknown_run is None:
            self._unknown_run = (self._window.line, count, text)
        else:
            line, before, first = self._unknown_run
            self._unknown_run = (line, before + count, first)

    def _close_unknown_run(self) -> None:
        if self._unknown_run:
            line, count, text = self._unknown_run
            self._unknown_run = None
            about = "" if count == 1 else f"{count} lines are no TAP, the first is "
            self._fault(about + f"`{shown(text)}`" + (" is no TAP" if count == 1 else ""),
                        warning=not self._strict, at=line)

    # The end, and faults

    def _end(self) -> Iterator[Result]:
        self._close_unknown_run()
        if self._window.is_cut:
            self._fault(f"more than {self._limits.total_bytes} bytes; the rest is not read")
        orphans = self._fold(0)
        if orphans and orphans.points:
            self._fault(f"{len(orphans.points)} test lines are indented, and no test line sums them up; "
                        "read as if they were not", at=orphans.points[0].line, warning=True)
            self._levels[0].count += len(orphans.points)
            for point in orphans.points:
                yield from self._results(point, None)
        outer = self._levels[0]
        if self.bail_out is None:
            self._check_plan(outer)
        if self._tests and self.version is None:
            self._fault("no version line; expected `TAP version 13` first", warning=True, at=1)
        if outer.last is not None or self.bail_out is not None:
            return
        if self._tests:
            self._fault(f"no plan; expected `1..{outer.count}` at the beginning or the end", warning=True)
        elif self.version is not None:
            # what a check leaves that died before its first verdict
            self._fault("neither a test line nor a plan; where there is nothing to say, `1..0` says so")

    def _fault(self, message: str, *, warning: bool = False, at: int | None = None) -> None:
        self._faults.add(self._window.line if at is None else at, message, warning)
