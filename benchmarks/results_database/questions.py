"""The lines of the table: what is asked, for row number `n`, so that no two requests are the same."""
from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.results_database.rows import PACKAGES, PER_BUILD, item, package, testcase

_DISTINCT = "scenario,system_architecture,system_variant"


@dataclass(frozen=True, slots=True)
class Question:
    """One line."""

    name: str
    #: (n, results in the database) -> path and body; no body: a GET.
    request: Callable[[int, int], tuple[str, bytes | None]]
    #: Requests to measure.
    repetitions: int = 150


def _get(path: str, **query: object) -> tuple[str, None]:
    return f"/api/v2.0{path}?{urlencode(query)}", None


def _spread(n: int, count: int) -> int:
    """Return a number below `count` that looks random."""
    return (n * 2_654_435_761 + 12_345) % count


def _item(n: int, count: int) -> str:
    return item(_spread(n, count // PER_BUILD))


def _package(n: int, count: int) -> int:
    """Return the number of a package that has a build: however many rows there are, its first page is full."""
    return _spread(n, min(count // PER_BUILD, PACKAGES)) * 7919 % PACKAGES


def _post(n: int, count: int) -> tuple[str, bytes]:
    body = {"outcome": "PASSED", "testcase": testcase(n % 40), "groups": [f"new-{n // 30}"], "note": "0 errors",
            "ref_url": f"https://artifacts.example.org/new/{n}/",
            "data": {"item": f"new-{n // 30}-1.fc40", "type": "koji_build", "arch": "x86_64"}}
    return "/api/v2.0/results", json.dumps(body).encode()


QUESTIONS = (
    Question("POST /results", _post),
    Question("result by id", lambda n, count: _get(f"/results/{_spread(n, count) + 1}")),
    Question("Greenwave: one testcase of one item", lambda n, count: _get(
        "/results/latest", type="koji_build,brew-build", item=_item(n, count), testcases=testcase(n % 30),
        _distinct_on=_DISTINCT)),
    Question("Greenwave: all testcases of one item", lambda n, count: _get(
        "/results/latest", type="koji_build,brew-build", item=_item(n, count), _distinct_on=_DISTINCT)),
    Question("results by item and type", lambda n, count: _get("/results", item=_item(n, count), type="koji_build")),
    Question("first page of all results", lambda n, count: _get("/results")),
    Question("search by item prefix", lambda n, count: _get(
        "/results", **{"item:like": f"{package(_package(n, count))}-*"}), 40),
    Question("search in the middle of an item", lambda n, count: _get(
        "/results", **{"item:like": f"*p{_package(n, count)}-1*"}), 40),
    Question("latest of three testcases", lambda n, count: _get(
        "/results/latest", testcases=",".join(testcase(_spread(n, 500) * k % 500) for k in (1, 2, 3))), 40),
    Question("latest of everything", lambda n, count: _get("/results/latest"), 20),
)

#: The original (Flask, SQLAlchemy, gunicorn), recorded on a machine of two cores: milliseconds of processor time on
#: (PostgreSQL, SQLite) with 100 thousand rows, then with 1 million; None where it was not recorded.
RECORDED: dict[str, tuple[tuple[float | None, float | None], tuple[float | None, float | None]]] = {
    "POST /results": ((13, 12), (None, None)),
    "result by id": ((None, None), (7, 5)),
    "Greenwave: one testcase of one item": ((10.5, 156), (11, 1336)),
    "Greenwave: all testcases of one item": ((20, 182), (22, 1689)),
    "results by item and type": ((30, 20), (29, 20)),
    "first page of all results": ((66, 31), (43, 23)),
    "search by item prefix": ((37, None), (60, 186)),
    "search in the middle of an item": ((None, None), (310, 179)),
    "latest of three testcases": ((45, 163), (112, 1815)),
    "latest of everything": ((443, 359), (534, 1976)),
}


def recorded(name: str, count: int, url: str) -> float | None:
    """Return what the original took with that many rows, or with the nearest number that was recorded."""
    small, large = (times[1 if url.startswith("sqlite") else 0] for times in RECORDED[name])
    return (small or large) if count < 300_000 else (large or small)
