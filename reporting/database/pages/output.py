"""What a check printed: which of its lines matter."""
from __future__ import annotations

import re
from dataclasses import dataclass

#: A line that tells what is wrong, in the words of the tools that we know (rpmlint, lintian, compilers, TAP, pytest).
_MATTERS = re.compile(
    r"(?<![\w-])(?:error|errors|fail(?:ed|ure|ures|s)?|fatal|cannot|can't|could not|denied|missing|not found"
    r"|undefined|traceback|exception|segfault|nothing provides|conflicts? with)\b|^not ok\b|^\s*E:|: E:|^Bail out!",
    re.IGNORECASE)
_CALMING = re.compile(r"\b(?:0|no) (?:errors?|failures?|failed)\b|: W: ", re.IGNORECASE)
#: Lines shown at once; of a longer text those that matter come first.
SHORT = 40
_MATTERING_SHOWN = 15


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line, numbered from 1."""

    number: int
    text: str
    matters: bool


@dataclass(frozen=True, slots=True)
class Output:
    """A text of many lines."""

    #: The data key that holds it.
    key: str
    lines: list[OutputLine]

    @property
    def is_long(self) -> bool:
        """True where it is folded away behind the lines that matter."""
        return len(self.lines) > SHORT

    @property
    def mattering(self) -> list[OutputLine]:
        """The first lines that matter; the last lines where none says so."""
        found = [line for line in self.lines if line.matters][:_MATTERING_SHOWN]
        return found or self.lines[-5:]


def output_of(key: str, text: str) -> Output:
    """Return the text in lines."""
    lines = text.rstrip("\n").replace("\r\n", "\n").split("\n")
    return Output(key, [OutputLine(number, line, _does_matter(line[:2000])) for number, line in enumerate(lines, 1)])


def _does_matter(line: str) -> bool:
    return _MATTERS.search(line) is not None and _CALMING.search(line) is None


def is_output(value: str) -> bool:
    """True for a value that is read as lines, not as a word."""
    return "\n" in value.strip("\n") or len(value) > 300
