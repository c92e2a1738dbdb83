"""
Processor time a request, ours and a peer's in one run, with ratios.

  python -m benchmarks.results_database.processor_time sqlite:///large.db --results 1000000 [--no-peer]

The time is the server process's own clock (all its threads), and on PostgreSQL that of the database's processes
for it, so a busy machine hardly matters. The database must have been filled by `load` with that many results. The peer
(peer.py) is ours: Flask, SQLAlchemy and gunicorn, asking as the original does, a statement a relation.
"""
from __future__ import annotations

import argparse
import http.client
import statistics
from dataclasses import dataclass

from benchmarks.results_database.questions import QUESTIONS, Question, recorded
from benchmarks.results_database.server_process import Server, ours

#: The median of so many measurements is shown.
PARTS = 10


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time a request."""

    #: Of the server process.
    server: float
    #: Of PostgreSQL's processes for it; 0 on SQLite.
    database: float

    @property
    def total(self) -> float:
        """Both."""
        return self.server + self.database


class Meter:
    """Asks one server one question, part by part; no request is made twice."""

    def __init__(self, server: Server, question: Question, count: int, share: float = 1.0) -> None:
        self._server, self._question, self._count = server, question, count
        self._size = max(int(question.repetitions * share) // PARTS, 1)
        self._number = 0
        self._parts: list[Cost] = []
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)

    def measure_part(self, is_counted: bool = True) -> None:
        """Ask some requests. Not counted: to warm caches up."""
        before = self._server.processor_seconds(), self._server.database_seconds()
        for _ in range(self._size):
            self._ask()
        after = self._server.processor_seconds(), self._server.database_seconds()
        if is_counted:
            self._parts.append(Cost(*((end - start) / self._size * 1000
                                      for start, end in zip(before, after, strict=True))))

    def _ask(self) -> None:
        self._number += 1
        path, body = self._question.request(self._number, self._count)
        self._connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 201), (answer.status, text[:300])

    def cost(self) -> Cost:
        """Return the medians of the parts."""
        return Cost(statistics.median(part.server for part in self._parts),
                    statistics.median(part.database for part in self._parts))

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


def measure(server: Server, question: Question, count: int, share: float = 1.0) -> Cost:
    """Return the median cost of some parts, after one that warms caches up."""
    meter = Meter(server, question, count, share)
    for part in range(PARTS + 1):
        meter.measure_part(is_counted=part > 0)
    meter.close()
    return meter.cost()


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--results", type=int, required=True)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    peer_costs: dict[str, Cost] = {}
    with ours(arguments.url) as server:
        our_costs = {each.name: measure(server, each, arguments.results) for each in QUESTIONS}
        memory = server.memory_mib()
    if not arguments.no_peer:
        from benchmarks.results_database.peer_process import peer

        with peer(arguments.url) as server:
            peer_costs = {each.name: measure(server, each, arguments.results, 0.2) for each in QUESTIONS}
    print(f"{arguments.results} results, {arguments.url.partition(':')[0]}; milliseconds of processor time a request")
    print(f"{'':38} {'server':>7} {'+database':>9} {'peer':>9} {'ratio':>6} {'original*':>9} {'ratio':>6}")
    for name, cost in our_costs.items():
        others = (peer_costs[name].total if name in peer_costs else None,
                  recorded(name, arguments.results, arguments.url))
        shown = " ".join(f"{ms:9.2f} {ms / cost.total:5.0f}x" if ms else f"{'-':>9} {'':6}" for ms in others)
        print(f"{name:38} {cost.server:7.2f} {cost.total:9.2f} {shown}")
    print("* recorded elsewhere on such a machine, with the nearest number of rows; whether with the database's own\n"
          "  time is not known, so it is compared with ours in which that is")
    print(f"memory of the server at its highest: {memory:.0f} MiB")


if __name__ == "__main__":
    main()
