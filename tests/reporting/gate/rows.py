"""Results for the tests of the gate, answered as `/results/latest` does."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DISTINCT = ("scenario", "system_architecture", "system_variant")


class Rows:
    """Holds results; the newest is the one added last."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []

    def add(self, testcase: str, outcome: str, item: str, item_type: str = "koji_build", **data: str) -> int:
        """Add one and return its id."""
        number = 1001 + len(self.rows)
        self.rows.append({
            "id": number, "outcome": outcome, "testcase": {"name": testcase}, "note": "", "ref_url": None,
            "submit_time": f"2026-11-21T10:{number % 60:02}:00.000000",
            "data": {key.replace("__", "."): [value]
                     for key, value in {"item": item, "type": item_type, **data}.items()}})
        return number

    def latest(self, params: Sequence[tuple[str, str]]) -> list[Mapping[str, Any]]:
        """Return the newest result of every testcase, scenario, architecture and variant."""
        asked = dict(params)
        self.asked.append(dict(asked))
        assert asked.pop("_distinct_on") == ",".join(DISTINCT)
        until = asked.pop("since", ",9999").partition(",")[2]
        testcase = asked.pop("testcases", None)
        newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        for row in self.rows:
            fits = all(set(value.split(",")) & set(row["data"].get(key, ())) for key, value in asked.items())
            if fits and row["submit_time"] <= until and testcase in (None, row["testcase"]["name"]):
                key = (row["testcase"]["name"], *(tuple(row["data"].get(name, ())) for name in DISTINCT))
                newest[key] = row
        return sorted(newest.values(), key=lambda row: row["submit_time"], reverse=True)
