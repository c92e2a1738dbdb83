"""
Whether a regular expression can take for ever, and how much text it may see: told before a message is held against it.

Python's matching goes back and tries again. A repetition whose body can match
the same text in several ways takes exponential time; repetitions one after
the other take the length of the text to the power of their number.
"""
from __future__ import annotations

import re
from typing import Any

#: Characters that a pattern gets to see, by the power with which its time grows: a second at worst.
_TEXT_LIMITS = {0: 4096, 1: 4096, 2: 4096, 3: 512, 4: 256}
#: A repetition of at most so many times is none.
_FEW_TIMES = 4
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")


class SlowPatternError(ValueError):
    """Raised when a pattern can take for ever; the text says what makes it slow."""


def text_limit(pattern: str, flags: int) -> int:
    """Return how many characters the pattern may see. It is known to compile. Raises SlowPatternError."""
    parser = re._parser  # type: ignore[attr-defined]  # the only way to see a pattern's structure
    tokens = parser.parse(pattern, flags)
    if reason := _ambiguous(tokens, inside=False):
        raise SlowPatternError(reason)
    # a search tries each place of the text anew, unless the pattern says where it begins
    begins = bool(tokens) and str(tokens[0][1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")
    is_anchored = begins and not flags & re.MULTILINE
    loops = _loops(tokens)
    if loops + (not is_anchored) not in _TEXT_LIMITS:
        raise SlowPatternError(f"has {loops} repetitions; expected at most 3, or 4 after `^`")
    return _TEXT_LIMITS[loops + (not is_anchored)]


def _ambiguous(tokens: Any, *, inside: bool) -> str | None:
    """Return what inside a repetition can match one text in several ways."""
    for operation, argument in tokens:
        kind = str(operation)
        varies = kind in _REPEATS and argument[0] != argument[1]
        if inside and varies:
            return "repeats a repetition"
        if inside and kind in ("BRANCH", "GROUPREF_EXISTS"):
            return "repeats alternatives"
        is_loop = kind in _REPEATS and argument[1] > _FEW_TIMES
        for inner in _groups(kind, argument):
            if found := _ambiguous(inner, inside=inside or is_loop):
                return found
    return None


def _loops(tokens: Any) -> int:
    """Return the most repetitions that one way through the pattern meets."""
    count = 0
    for operation, argument in tokens:
        kind = str(operation)
        inner = [_loops(group) for group in _groups(kind, argument)]
        if kind in _REPEATS:
            times = min(argument[1], _FEW_TIMES) if inner[0] else 1
            count += inner[0] * times + (argument[1] > _FEW_TIMES and argument[0] != argument[1])
        else:
            count += max(inner, default=0)
    return count


def _groups(kind: str, argument: Any) -> list[Any]:
    if kind in _REPEATS:
        return [argument[2]]
    if kind == "SUBPATTERN":
        return [argument[-1]]
    if kind == "BRANCH":
        return list(argument[1])
    if kind == "GROUPREF_EXISTS":
        return [group for group in argument[1:] if group is not None]
    if kind == "ATOMIC_GROUP":
        return [argument]
    return [argument[1]] if kind in ("ASSERT", "ASSERT_NOT") else []
