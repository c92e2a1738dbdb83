"""Text of strangers on a terminal: no escapes, no line breaks where none belong, colours only where a person looks."""
from __future__ import annotations

import sys
import textwrap
from typing import TYPE_CHECKING

from checks.tap.block import printable

if TYPE_CHECKING:
    from rich.console import Console

#: Colour of an outcome; what needs a person stands out, what does not is quiet.
COLOURS = {"PASSED": "green", "INFO": "cyan", "FAILED": "bold red", "NEEDS_INSPECTION": "yellow",
           "CRASHED": "bold magenta", "ABORTED": "magenta", "ERROR": "bold magenta",
           "QUEUED": "dim", "RUNNING": "blue"}


def one_line(text: object) -> str:
    """Return the text on one line, with control characters written out."""
    return " ".join(printable(str(text)).split())


def console(*, to_stderr: bool = False) -> Console:
    """Return a console that prints plain text, 100 columns wide at least, where nobody looks."""
    from rich.console import Console

    stream = sys.stderr if to_stderr else sys.stdout
    is_terminal = stream.isatty()
    return Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=False,
                   width=None if is_terminal else 160, color_system="auto" if is_terminal else None)


def wrapped(screen: Console, text: str, begin: str = "") -> str:
    """Return the text after `begin`, on a terminal broken between words below it; programs get one line."""
    if not screen.is_terminal:
        return begin + text
    return textwrap.fill(text, screen.width, initial_indent=begin, subsequent_indent=" " * len(begin),
                         break_long_words=False, break_on_hyphens=False)
