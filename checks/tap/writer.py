"""
TAP 13 written: a version line, a test line and a YAML block a result, the plan at the end.

The output is what every known reader takes: aligned, numbered, literal blocks
as `|` (Perl stops at `|-`), blank lines of a literal padded (tap.py cuts a
block at an empty line), and text in double quotes where YAML would take it for
a number, a date or a truth.
"""
from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable
from types import TracebackType
from typing import TextIO

from checks.outcome import Outcome
from checks.result import Result
from checks.tap.block import printable
from checks.tap.line import escaped

#: Text that means itself in YAML without quotes, if it is not one of the next two.
_PLAIN = re.compile(r"[A-Za-z0-9/_(](?:[\w ,.+()/@~%<=-]|:(?=[^\s]))*(?<![ :])", re.ASCII)
_NUMBER_OR_DATE = re.compile(r"[0-9][0-9a-fA-FxXoObBeE_.:+-]*|[0-9]{4}-.*")
_TRUTHS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null"])
#: What cannot stand in a literal block for every reader.
_NOT_LITERAL = re.compile(r"\A[ \t\n]|^[ \t]*\.\.\.|^[ \t]+$|\n\Z", re.MULTILINE)


class TapWriter:
    """
    Writes results as they come; `close` writes the plan.

    A context manager: the plan is written whatever happens inside, so that a
    reader knows how many results were meant to be there.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._count = 0
        self._closed = False
        file.write("TAP version 13\n")

    def write(self, result: Result) -> None:
        """Write one result."""
        self._count += 1
        self._file.write(f"{_test_line(result, self._count)}\n{_block(result)}")

    def comment(self, text: str) -> None:
        """Write a diagnostic line for people."""
        for line in printable(text).splitlines():
            self._file.write(f"# {line}\n")

    def close(self) -> None:
        """Write the plan. Safe to call twice; does not close the file."""
        if not self._closed:
            self._closed = True
            self._file.write(f"1..{self._count}\n")

    def __enter__(self) -> TapWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()


def write_tap(results: Iterable[Result]) -> str:
    """Return the results as one TAP 13 text."""
    file = io.StringIO()
    with TapWriter(file) as writer:
        for result in results:
            writer.write(result)
    return file.getvalue()


def _test_line(result: Result, number: int) -> str:
    sentence = escaped(_one_line(result.sentence))
    failed = "  # FAIL" if result.outcome is Outcome.FAILED else ""
    return f"{'ok' if result.outcome.is_ok else 'not ok'} {number} - {sentence}{failed}"


def _block(result: Result) -> str:
    parts = ["  ---\n"]
    if result.output:
        parts.append(f"  details:\n    output: {_literal(result.output)}")
    fields = (("item", result.item), ("outcome", result.outcome.value), ("summary", result.summary),
              ("type", result.item_type), ("arch", result.arch), ("artifact", result.artifact),
              ("checkname", result.testcase), ("log_url", result.log_url))
    parts.extend(f"  {key}: {_scalar(value)}\n" for key, value in fields if value is not None)
    for key, values in result.extra.items():
        if len(values) == 1:
            parts.append(f"  {_scalar(key)}: {_scalar(values[0])}\n")
        elif values:
            parts.append(f"  {_scalar(key)}:\n" + "".join(f"    - {_scalar(value)}\n" for value in values))
    parts.append("  ...\n")
    return "".join(parts)


def _literal(text: str) -> str:
    text = printable(text.replace("\r\n", "\n")).rstrip("\n")
    if _NOT_LITERAL.search(text) or not text:
        return f"{_quoted(text)}\n"
    return "|\n" + "".join(f"      {line}\n" for line in text.split("\n"))


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and not _NUMBER_OR_DATE.fullmatch(text) and text.lower() not in _TRUTHS:
        return text
    return _quoted(printable(text.replace("\r\n", "\n")))


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())
