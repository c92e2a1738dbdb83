"""
Processor time a request, ours and a peer's in one run, with ratios.

  python -m benchmarks.results_database.processor_time sqlite:///large.db --results 1000000 [--no-peer]

The time is the server process's own clock (all its threads), so a busy machine
hardly matters. The database must have been filled by `load` with that many results. The peer
(peer.py) is ours: Flask, SQLAlchemy and gunicorn, asking as the original does, a statement a relation.
"""
from __future__ import annotations

import argparse
import http.client
import statistics

from benchmarks.results_database.questions import QUESTIONS, Question, recorded
from benchmarks.results_database.server_process import Server, ours

#: The median of so many measurements is shown.
PARTS = 10


def measure(server: Server, question: Question, count: int, share: float = 1.0) -> float:
    """Return milliseconds of processor time a request: the median of some parts."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    parts = []
    size = max(int(question.repetitions * share) // PARTS, 1)
    number = 0
    for part in range(PARTS + 1):
        before = server.processor_seconds()
        for _ in range(size):
            number += 1
            path, body = question.request(number, count)
            connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            assert answer.status in (200, 201), (answer.status, text[:300])
        if part:  # the first part warms caches up
            parts.append((server.processor_seconds() - before) / size * 1000)
    connection.close()
    return statistics.median(parts)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--results", type=int, required=True)
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    peer_times: dict[str, float] = {}
    with ours(arguments.url) as server:
        our_times = {each.name: measure(server, each, arguments.results) for each in QUESTIONS}
        memory = server.memory_mib()
    if not arguments.no_peer:
        from benchmarks.results_database.peer_process import peer

        with peer(arguments.url) as server:
            peer_times = {each.name: measure(server, each, arguments.results, 0.2) for each in QUESTIONS}
    print(f"{arguments.results} results, {arguments.url.partition(':')[0]}; milliseconds of processor time a request")
    print(f"{'':38} {'ours':>8} {'peer':>9} {'ratio':>6} {'original*':>9} {'ratio':>6}")
    for name, ours_ms in our_times.items():
        others = (peer_times.get(name), recorded(name, arguments.results, arguments.url))
        shown = " ".join(f"{ms:9.2f} {ms / ours_ms:5.0f}x" if ms else f"{'-':>9} {'':6}" for ms in others)
        print(f"{name:38} {ours_ms:8.2f} {shown}")
    print("* recorded elsewhere on such a machine, with the nearest number of rows")
    print(f"memory at its highest: {memory:.0f} MiB")


if __name__ == "__main__":
    main()
