"""
The YAML block below a test line: where it begins, where it ends, and what it says.

A block ends at `...` in its own indent, and nowhere else: blank lines and dots
within a text belong to it. One that nothing closes ends where its indent does.
"""
from __future__ import annotations

import re
from functools import lru_cache

from checks.item import shown
from checks.tap import block as blocks
from checks.tap import line as lines
from checks.tap.line import Point
from checks.tap.reading import FaultList, TapLimits
from checks.tap.window import Window

#: Characters of an unreadable block that become the output of its result.
_UNREAD_CHARACTERS = 8192


class BlockReader:
    """Reads blocks off the window of a reader."""

    def __init__(self, window: Window, limits: TapLimits, faults: FaultList) -> None:
        self._window = window
        self._limits = limits
        self._faults = faults

    def read(self, point: Point) -> None:
        """Give the point the block that follows its line, where there is one; tell every fault."""
        window = self._window
        if not window.fill() or window.text[window.at] not in " \t\n\r#":
            return
        canonical = blocks.CANONICAL.match(window.text, window.at)
        is_small = canonical is not None and canonical.end() - window.at <= self._limits.block_characters
        if canonical and is_small and (block := blocks.load_flat(canonical)) is not None:
            point.block = block
            window.advance(canonical.end())
            return
        opened = lines.BLOCK_OPEN.match(window.text, window.at)
        if opened is None:
            return
        if opened.group("between"):
            self._faults.add(window.line, f"the block of `{shown(point.wording)}` does not follow it at once", True)
        window.advance(opened.end())
        window.fill()
        self._load(point, *self._frame(opened.group("indent"), point))

    def _frame(self, indent: str, point: Point) -> tuple[str, int]:
        """Return the lines of a block without their indent, and the number of the first."""
        window, limit = self._window, self._limits.block_characters
        inside, closing = _block_patterns(indent)
        first = window.line
        match = inside.match(window.text, window.at)
        end = match.end() if match else window.at
        text = window.text[window.at:end]
        if len(text) > limit:
            while match and match.end() > window.at:
                window.advance(match.end())
                match = inside.match(window.text, window.at) if window.fill() else None
        else:
            window.advance(end)
        if closed := closing.match(window.text, window.at):
            window.advance(closed.end())
        else:
            self._faults.add(window.line, f"the block of `{shown(point.wording)}` is not closed by `...`", True)
        return (text.replace("\n" + indent, "\n").removeprefix(indent), first)

    def _load(self, point: Point, text: str, first: int) -> None:
        try:
            if len(text) > self._limits.block_characters:
                raise blocks.BlockError(f"the block is longer than {self._limits.block_characters} characters")
            point.block = blocks.load_block(text, self._limits)
        except blocks.BlockError as error:
            self._faults.add(first + error.line, f"{error}; the fields of this result are lost", False)
            point.unread_block = _head(text)


def _head(text: str) -> str:
    """Return the beginning of a block that cannot be read, for a person to look at."""
    head = blocks.printable(text[:_UNREAD_CHARACTERS]).rstrip("\n")
    return head + ("…" if len(text) > _UNREAD_CHARACTERS else "")


@lru_cache(maxsize=16)
def _block_patterns(indent: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what the lines of a block at this indent look like, and what closes it. No pattern can backtrack."""
    close = re.escape(indent) + r"\.\.\.[ \t\r]*\n"
    return re.compile(rf"(?:(?!{close}){re.escape(indent)}[^\n]*\n|[ \t\r]*\n)*+"), re.compile(close)
