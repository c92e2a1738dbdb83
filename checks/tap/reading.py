"""What comes out of a TAP stream beside its results: faults, the plan, a bail-out; and the limits on what is read."""
from __future__ import annotations

from dataclasses import dataclass

from checks.result import Result


@dataclass(frozen=True, slots=True)
class TapLimits:
    """How much is read of a stream that anybody may have written."""

    #: Of the whole stream. 100,000 results with a block each are about 24 MB.
    total_bytes: int = 64 * 1024 * 1024
    #: Test lines, those of subtests included.
    results: int = 200_000
    #: Of one YAML block, in characters.
    block_characters: int = 1024 * 1024
    #: Values in one block, counted as if every alias were written out.
    block_values: int = 10_000
    #: Mappings and lists within each other in one block, and subtests within each other.
    depth: int = 32
    #: Aliases (`*name`) in one block.
    aliases: int = 100
    #: Keys of one block beside those with a meaning of their own.
    extra_keys: int = 100
    #: Faults that are kept; the rest are counted.
    faults: int = 100


DEFAULT_LIMITS = TapLimits()


@dataclass(frozen=True, slots=True)
class TapFault:
    """One thing in the stream that is not as it should be."""

    #: Counted from 1.
    line: int
    message: str
    #: True where it was read all the same; False where something of a result is lost or doubtful.
    is_warning: bool = False

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


class FaultList:
    """Keeps the first faults of a stream and counts the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._faults: list[TapFault] = []
        self._left_out = 0

    def add(self, line: int, message: str, is_warning: bool) -> None:
        """Keep one fault, or count it."""
        if len(self._faults) < self._limit:
            self._faults.append(TapFault(line, message, is_warning))
        else:
            self._left_out += 1

    def in_order(self, last_line: int) -> tuple[TapFault, ...]:
        """Return the faults by line; the last one says how many more there were."""
        faults = sorted(self._faults, key=lambda fault: fault.line)
        if self._left_out:
            faults.append(TapFault(last_line, f"{self._left_out} more faults are not listed"))
        return tuple(faults)


@dataclass(frozen=True, slots=True)
class TapReading:
    """A whole stream, read."""

    results: tuple[Result, ...]
    #: In the order of the stream. At most `TapLimits.faults`; then one more says how many were left out.
    faults: tuple[TapFault, ...]
    #: How many tests the plan promises; None without a plan.
    plan: int | None
    #: The reason after `Bail out!`, maybe empty; None where the stream did not bail out.
    bail_out: str | None
    #: The number of the version line, None without one.
    version: int | None
    #: The reason of `1..0 # SKIP reason`, None where the stream was not skipped.
    skipped: str | None
    #: Test lines at the outer level, readable or not.
    tests: int
    #: Lines that are no TAP. The standard has a reader pass over them; each run of them is also a fault.
    unknown_lines: int

    @property
    def errors(self) -> tuple[TapFault, ...]:
        """The faults through which something of a result is lost or doubtful."""
        return tuple(fault for fault in self.faults if not fault.is_warning)

    @property
    def is_whole(self) -> bool:
        """True where every result was read and the stream came to its own end."""
        return not self.errors and self.bail_out is None
