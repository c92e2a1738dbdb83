"""How long something takes where it is held to a time: a busy machine is slow now and then, not each time."""
from __future__ import annotations

import time
from collections.abc import Callable


def quickest(what: Callable[[], object], seconds: float, tries: int = 5) -> float:
    """Return how long the quickest of some tries took; the first that is within `seconds` is the last."""
    best = float("inf")
    for _ in range(tries):
        begin = time.monotonic()
        what()
        best = min(best, time.monotonic() - begin)
        if best < seconds:
            break
    return best
