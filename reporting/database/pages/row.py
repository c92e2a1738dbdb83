"""A result as the pages show it: its data read once, its links checked."""
from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from reporting.database.pages.addresses import web_link
from reporting.database.pages.verdict import Verdict, verdict
from reporting.database.records import Result

#: Keys that name what a result is about, the usual one first.
ITEM_KEYS = ("item", "nvr", "original_spec_nvr", "productmd.compose.id")
_ARCH_KEYS = ("arch", "system_architecture")
_SCENARIO_KEYS = ("scenario", "system_variant")
#: Seconds, by the first of these keys that is a number.
_RUN_TIME_KEYS = ("duration_seconds", "duration", "run_time", "elapsed")

#: Testcase, arch, scenario: what a newer result replaces.
Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One result."""

    result: Result
    data: Mapping[str, list[str]]
    verdict: Verdict
    #: Empty where the result names nothing.
    item: str
    #: The key under which it does, "item".
    item_key: str
    item_type: str
    #: "x86_64"; empty where the result is not about one architecture.
    arch: str
    scenario: str
    #: Where the log lies, http or https only.
    log_url: str | None

    @property
    def id(self) -> int:
        """The result's number."""
        return self.result.id

    @property
    def testcase(self) -> str:
        """The testcase's name."""
        return self.result.testcase.name

    @property
    def time(self) -> int:
        """Microseconds since 1970."""
        return self.result.submit_time

    @property
    def note(self) -> str:
        """The summary, empty where there is none."""
        return self.result.note or ""

    @property
    def place(self) -> Place:
        """What a newer result with the same place replaces."""
        return self.testcase, self.arch, self.scenario

    @property
    def circumstances(self) -> str:
        """Arch and scenario for a sentence, "x86_64, uefi"."""
        return ", ".join(part for part in (self.arch, self.scenario) if part)

    def run_time_seconds(self) -> float | None:
        """Return how long the run took, None where the result does not say."""
        for key in _RUN_TIME_KEYS:
            for value in self.data.get(key, ()):
                try:
                    seconds = float(value[:40])
                except ValueError:
                    continue
                if 0 <= seconds < 10**7:
                    return seconds
        return None


def row_of(result: Result) -> Row:
    """Return the row of a result."""
    data = result.data_values()
    item_key = next((key for key in ITEM_KEYS if data.get(key)), "item")
    return Row(result, data, verdict(result.outcome), _first(data, item_key), item_key, _first(data, "type"),
               next((data[key][0] for key in _ARCH_KEYS if data.get(key)), ""),
               " / ".join(data[key][0] for key in _SCENARIO_KEYS if data.get(key) and data[key][0]),
               web_link(result.ref_url))


def rows_of(results: Iterable[Result]) -> list[Row]:
    """Return the rows of results in their order."""
    return [row_of(result) for result in results]


def newest_of_each_place(rows: Iterable[Row]) -> dict[Place, Row]:
    """Return what counts now: of rows, newest first, the first of each place."""
    newest: dict[Place, Row] = {}
    for row in rows:
        newest.setdefault(row.place, row)
    return newest


def _first(data: Mapping[str, list[str]], key: str) -> str:
    return data[key][0] if data.get(key) else ""
