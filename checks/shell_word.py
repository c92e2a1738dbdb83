"""Which words may be offered to a shell: it puts them on a command line as they are, and runs what is there."""
from __future__ import annotations

import re

_HARMLESS = re.compile(r"[A-Za-z0-9_./][A-Za-z0-9_./+%@:=,~^#-]*", re.ASCII)


def needs_no_quotes(word: str) -> bool:
    """True for a word that every shell takes as it stands; `https://example.org/$(reboot)` is none."""
    return _HARMLESS.fullmatch(word) is not None
