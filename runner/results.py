"""
The results of a run, written to `results.tap` as they come and held to limits.

A check speaks only for itself: a result under another check's name is kept
under this check's, and the report says so.
"""
from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from checks.item import shown
from checks.outcome import Outcome, worst_of
from checks.quantity import show_bytes
from checks.result import Result
from checks.tap import TapWriter
from runner.limits import Limits, LimitsReached
from runner.mask import Mask

FILE_NAME = "results.tap"
#: Results that are kept in memory too, for the summary.
SHOWN_RESULTS = 200


class _Counting(io.TextIOWrapper):
    """A text file that counts what is written: asking it where it stands would flush it each time."""

    def __init__(self, path: Path) -> None:
        super().__init__(open(path, "wb"), encoding="utf-8", errors="backslashreplace")  # noqa: SIM115 - closed with it
        self.characters = 0

    def write(self, text: str) -> int:
        """Write and count."""
        self.characters += len(text)
        return super().write(text)


class ResultsFile:
    """Open from the first stage on, so that the file is always there; closed once."""

    def __init__(self, folder: Path, testcase: str, limits: Limits, reached: LimitsReached) -> None:
        self.path = folder / FILE_NAME
        self._testcase, self._limits, self._reached = testcase, limits, reached
        self._file = _Counting(self.path)
        self._writer = TapWriter(self._file)
        #: True where a limit kept results out.
        self.is_cut = False
        self.counts: Counter[Outcome] = Counter()
        self.first: list[Result] = []
        self._closed = False
        #: Hides secrets.
        self.mask: Mask | None = None

    @property
    def count(self) -> int:
        """How many results are in the file."""
        return self.counts.total()

    @property
    def worst(self) -> Outcome | None:
        """The worst outcome, None without results."""
        return worst_of(self.counts)

    def add(self, results: Iterable[Result]) -> int:
        """Write results; return how many. Beyond a limit they are left out, and the report says so."""
        written = 0
        for result in results:
            if self.count >= self._limits.results_count:
                return self._cut(f"results: more than {self._limits.results_count}; the rest is left out", written)
            if self._file.characters > self._limits.results_bytes:
                return self._cut(f"results: more than {show_bytes(self._limits.results_bytes)}; the rest is left out",
                                 written)
            result = self._masked(self._owned(result))
            self._writer.write(result)
            self.counts[result.outcome] += 1
            if len(self.first) < SHOWN_RESULTS:
                self.first.append(result)
            written += 1
        return written

    def _cut(self, sentence: str, written: int) -> int:
        self.is_cut = True
        self._reached.say(sentence)
        return written

    def close(self) -> None:
        """Write the plan; harmless when called twice."""
        if not self._closed:
            self._closed = True
            self._writer.close()
            self._file.close()

    def _masked(self, result: Result) -> Result:
        if self.mask is None:
            return result
        hide = self.mask.text
        return result.with_changes(
            summary=hide(result.summary) if result.summary else None,
            output=hide(result.output) if result.output else None,
            extra={key: tuple(map(hide, values)) for key, values in result.extra.items()})

    def _owned(self, result: Result) -> Result:
        own = self._testcase
        if result.testcase == own or result.testcase.startswith(f"{own}."):
            return result
        # `rpmlint` is how a check may call itself without its namespace
        if result.testcase == own.rpartition(".")[2]:
            return result.with_changes(testcase=own)
        self._reached.say(f"a result names the check `{shown(result.testcase)}`, which is not this one; "
                          f"it is kept as `{own}`")
        return result.with_changes(testcase=own)
