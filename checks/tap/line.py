"""
The lines of TAP 13 and 14, and nothing that merely looks like one.

Followed: testanything.org/tap-version-13-specification and -14-. Each pattern
takes a whole line with its newline, so `okay` is no test and `1999` no plan.
"""
from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

#: Columns by which a subtest is indented (TAP 14).
SUBTEST_INDENT = 4

_END = r"[ \t\r]*\n"

#: ok 12 - description # directive
TEST = re.compile(
    r"(?P<indent>[ \t]*)"
    r"(?P<not>not[ ])?ok(?=[ \t\r\n])"
    r"(?:[ \t]+(?P<number>[0-9]{1,9})(?=[ \t\r\n]))?"
    r"(?P<rest>[^\n]*)\n"
)
OTHER = re.compile(
    r"(?P<indent>[ \t]*)(?:"
    r"(?P<silent>(?:\#[^\n]*)?\r?\n(?:[ \t]*+(?:\#[^\n]*)?\r?\n)*+)"
    rf"|(?i:TAP[ ]version)[ ]+(?P<version>[0-9]{{1,9}}){_END}"
    rf"|(?P<first>[0-9]{{1,9}})\.\.(?P<last>[0-9]{{1,9}})(?:[ \t]*\#[ \t]*(?P<reason>[^\n]*)\n|{_END})"
    r"|(?i:Bail[ ]out!)(?P<bail>[^\n]*)\n"
    rf"|pragma[ ]+(?P<pragma>[+-][\w-]+(?:[ \t]*,[ \t]*[+-][\w-]+)*){_END}"
    r"|(?P<unknown>[^\n]*)\n)"
)
#: Lines that cannot be TAP by their first letter: floods of log lines pass at the speed of the pattern.
NEVER_TAP = re.compile(r"(?:[ \t]*+[^ \t\r\nONTBPontbp0-9#][^\n]*\n)++")
#: What opens a YAML block; blank lines and comments before it are an accident that costs nothing to forgive.
BLOCK_OPEN = re.compile(rf"(?P<between>(?:[ \t\r]*\n|[ \t]*\#[^\n]*\n)*+)(?P<indent>[ \t]+)---{_END}")

#: Somebody meant a test line: `OK 1`, `not  ok 2`, `ok- text`.
ALMOST_A_TEST = re.compile(r"(?:not\s*)?ok\b", re.IGNORECASE)

_ESCAPE = re.compile(r"\\([\\#])")
#: What some producers write after a test and that means nothing here: `# FAIL` of Taskotron, `# time=5ms` of node.
_MUTE = re.compile(r"(?<![^ \t])#(?=[ \t]*(?:fail\b|time=|\r?$))", re.IGNORECASE)
#: A directive, and not `# skip` within a longer text: one look, however many hashes a line has.
_DIRECTIVE = re.compile(r"(?<![^ \t])#[ \t]*(?=skip|todo\b)", re.IGNORECASE)


@dataclass(slots=True)
class Point:
    """One test line, with its block once that is read."""

    line: int
    ok: bool
    number: int | None
    description: str
    #: "SKIP" or "TODO", and what stands after the word.
    directive: str | None = None
    reason: str = ""
    #: What the YAML block says, None without a readable one.
    block: dict[str, Any] | None = None
    #: The text of a block that could not be read.
    unread_block: str | None = None

    @property
    def wording(self) -> str:
        """The line as it would be written: "not ok 2 - the text"."""
        number = "" if self.number is None else f" {self.number}"
        return f"{'ok' if self.ok else 'not ok'}{number}" + (f" - {self.description}" if self.description else "")


def point_of(match: re.Match[str], line: int) -> Point:
    """Return the point of a line that TEST matched."""
    _, negation, number, rest = match.groups()
    directive, reason = None, ""
    if "#" in rest:
        rest, directive, reason = _split_directive(rest)
    rest = rest.strip()
    if rest.startswith("-"):
        rest = rest[1:].lstrip()
    return Point(line, negation is None, int(number) if number else None, _unescaped(rest), directive, reason)


def escaped(description: str) -> str:
    """Return the description as it may stand in a test line."""
    return description.replace("\\", "\\\\").replace("#", "\\#")


def width(indent: str) -> int:
    """Return the columns of an indent; a tab goes to the next multiple of eight."""
    return len(indent.expandtabs(8)) if "\t" in indent else len(indent)


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def _split_directive(rest: str) -> tuple[str, str | None, str]:
    """
    Return description, directive word and reason.

    The first unescaped ` #` that SKIP or TODO follows is the directive and ends the description. So does the ` # FAIL`
    that checks of Taskotron write; any other ` #42` is text, as Perl and node read it.
    """
    found = _DIRECTIVE.search(rest)
    mute = _MUTE.search(rest, 0, found.start() if found else len(rest))
    if found is None:
        return rest[:mute.start()] if mute else rest, None, ""
    from tap.directive import Directive  # tap.py reads these rightly; it takes 60 ms to import, and few lines have one

    directive = Directive(rest[found.end():].strip())
    reason = _unescaped((directive.reason or "").strip())
    return rest[:(mute or found).start()], "SKIP" if directive.skip else "TODO", reason
