"""How much a check may emit, and the list of limits that a run reached."""
from __future__ import annotations

from dataclasses import dataclass, field

MIB = 1024 * 1024
#: A check that leaves ten thousand links must not fill the report with them.
SENTENCES_KEPT = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that is kept of what one run emits. Sizes in bytes."""

    #: Kept from the beginning of what the commands print, over the whole run.
    log_head_bytes: int = 32 * MIB
    #: Kept from the end of what each command prints, after the head is used up.
    log_tail_bytes: int = MIB
    #: The stdout of one command, where an action or the check reads it.
    capture_bytes: int = 64 * MIB
    #: Results of one run, and the size of all of them together as TAP.
    results_count: int = 100_000
    results_bytes: int = 64 * MIB
    artifacts_count: int = 2_000
    #: One artifact, and all of them together.
    artifact_bytes: int = 512 * MIB
    artifacts_bytes: int = 2048 * MIB
    #: Seconds between TERM and KILL.
    grace_seconds: float = 5.0


@dataclass(slots=True)
class LimitsReached:
    """What was cut off, in sentences for the execution report."""

    sentences: list[str] = field(default_factory=list)
    #: Sentences beyond the most that are kept.
    more: int = 0

    def say(self, sentence: str) -> None:
        """Add a sentence, once; after a hundred they are only counted."""
        if sentence in self.sentences:
            return
        if len(self.sentences) < SENTENCES_KEPT:
            self.sentences.append(sentence)
        else:
            self.more += 1

    def lines(self) -> list[str]:
        """Return the sentences, and how many more there were."""
        return [*self.sentences, *([f"{self.more} more limits were reached"] if self.more else [])]
