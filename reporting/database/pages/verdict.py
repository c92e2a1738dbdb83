"""How an outcome is shown: its word, its sign, its tone; and whether it blocks."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from checks.outcome import PROGRESS_OUTCOMES, Outcome

#: Queued or running: no verdict yet. ERROR is a progress outcome too, but nothing more will come.
PENDING = tuple(word for word in PROGRESS_OUTCOMES if word != "ERROR")
#: What lets an item go out.
SATISFYING = tuple(str(outcome) for outcome in Outcome if outcome.is_ok)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One outcome as people see it; never by colour alone: `sign` and `words` say the same."""

    #: "NEEDS_INSPECTION", as stored.
    outcome: str
    #: "Needs inspection"
    words: str
    #: One character, "✗".
    sign: str
    #: Name of the colour in pages.css: ok, info, bad, look, broken, wait, other.
    tone: str
    #: Its place in a list, the worst first.
    rank: int

    @property
    def advice(self) -> str:
        """What the reader may do about it where the log alone does not say; empty else."""
        return _ADVICE.get(self.outcome, "")

    @property
    def is_ok(self) -> bool:
        """True where nothing has to be done."""
        return self.tone in ("ok", "info")

    @property
    def is_pending(self) -> bool:
        """True where the verdict is still to come."""
        return self.tone == "wait"

    @property
    def is_blocking(self) -> bool:
        """True for a verdict that does not let the item go out; a pending one has not blocked yet."""
        return not (self.is_ok or self.is_pending)


_SHOWN = {
    "FAILED": ("✗", "bad", 0),
    "CRASHED": ("‼", "broken", 1),
    "ERROR": ("‼", "broken", 2),
    "ABORTED": ("⊘", "broken", 3),
    "NEEDS_INSPECTION": ("?", "look", 4),
    "RUNNING": ("…", "wait", 6),
    "QUEUED": ("…", "wait", 7),
    "INFO": ("i", "info", 8),
    "PASSED": ("✓", "ok", 9),
}
_BROKE = ("The check itself broke: this says nothing about the item. Run it again; if it breaks again, tell those who "
          "keep the check.")
_ADVICE = {
    "CRASHED": _BROKE, "ERROR": _BROKE,
    "ABORTED": "The run was stopped before it had a verdict: run it again.",
    "NEEDS_INSPECTION": "The check cannot decide this: somebody has to look at what it found.",
}
#: A configured outcome that we have no picture of: it is not known to satisfy, so it blocks.
_OTHER = ("•", "other", 5)
#: Every tone from best to worst, as the bars of a plot are stacked.
TONES = ("ok", "info", "wait", "other", "look", "broken", "bad")


@lru_cache(256)
def verdict(outcome: str) -> Verdict:
    """Return how an outcome is shown."""
    sign, tone, rank = _SHOWN.get(outcome, _OTHER)
    return Verdict(outcome, outcome.replace("_", " ").capitalize(), sign, tone, rank)


def counted(outcomes: dict[str, int]) -> list[tuple[Verdict, int]]:
    """Return the outcomes with how often each occurs, the worst first, none that does not occur."""
    return sorted(((verdict(word), number) for word, number in outcomes.items() if number),
                  key=lambda pair: (pair[0].rank, pair[0].outcome))
