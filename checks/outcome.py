"""The verdict's word, the order of verdicts, and which of them a results database accepts."""
from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum


class Outcome(StrEnum):
    """A verdict on one item, from best to worst; the order of definition is the order of `worst_of`."""

    PASSED = "PASSED"
    INFO = "INFO"
    FAILED = "FAILED"
    NEEDS_INSPECTION = "NEEDS_INSPECTION"
    #: The check was stopped before it came to a verdict.
    ABORTED = "ABORTED"
    #: The check never began: refused, no worker for it, or its file is wrong.
    ERROR = "ERROR"
    #: The check broke before it came to a verdict.
    CRASHED = "CRASHED"

    @property
    def is_ok(self) -> bool:
        """True where nothing has to be done for the item to go out."""
        return self in (Outcome.PASSED, Outcome.INFO)

    @property
    def is_verdict(self) -> bool:
        """False where the check did not come to one: nothing is known of the item."""
        return self not in (Outcome.ABORTED, Outcome.ERROR, Outcome.CRASHED)


#: What every ResultsDB accepts without configuration.
PRESET_OUTCOMES = ("PASSED", "INFO", "FAILED", "NEEDS_INSPECTION")
#: States of a run that has no verdict yet, or never will; some results databases store them.
PROGRESS_OUTCOMES = ("QUEUED", "RUNNING", "ERROR")

_ORDER = {outcome: rank for rank, outcome in enumerate(Outcome)}


class OutcomeError(ValueError):
    """Raised when a word is no outcome."""


def parse_outcome(text: object) -> Outcome:
    """Return the outcome of that word, in any case. Raises OutcomeError: not known."""
    word = str(text).strip().upper()
    try:
        return Outcome(word)
    except ValueError:
        raise OutcomeError(f"unknown outcome `{str(text)[:40]}`; expected one of {', '.join(Outcome)}") from None


def worst_of(outcomes: Iterable[Outcome]) -> Outcome | None:
    """Return the worst outcome, None where there is none."""
    return max(outcomes, key=_ORDER.__getitem__, default=None)


def accepted(outcome: str, allowed: Collection[str]) -> str:
    """
    Return the outcome to send to a database that allows only some: NEEDS_INSPECTION stands in.

    A stand-in never claims a verdict: ABORTED, CRASHED and ERROR all need a person to look.
    """
    return str(outcome) if outcome in allowed else str(Outcome.NEEDS_INSPECTION)
