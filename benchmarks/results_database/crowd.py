"""
Many writers and readers at once: how many answers of each status, how long, how much memory.

  python -m benchmarks.results_database.crowd sqlite:///large.db [--writers 8] [--readers 32] [--seconds 30]

Readers ask the lines of the table in turns. Any status but 200 and 201 is a fault: "database is locked" would be a 503.
"""
from __future__ import annotations

import argparse
import http.client
import multiprocessing
import multiprocessing.connection
import time
from collections import Counter

from benchmarks.results_database.questions import QUESTIONS
from benchmarks.results_database.server_process import ours


def _client(number: int, is_writer: bool, port: int, seconds: float, count: int,
            answer: multiprocessing.connection.Connection) -> None:
    """Ask until the time is over; send back how often each status came and the seconds each answer took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    statuses: Counter[int] = Counter()
    took = []
    end = time.monotonic() + seconds
    asked = number * 1_000_000
    while time.monotonic() < end:
        asked += 1
        question = QUESTIONS[0] if is_writer else QUESTIONS[1 + asked % (len(QUESTIONS) - 1)]
        path, body = question.request(asked, count)
        started = time.monotonic()
        connection.request("POST" if body else "GET", path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        took.append(time.monotonic() - started)
        statuses[reply.status] += 1
    answer.send((statuses, took))


def main() -> None:
    """Read the command line, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--results", type=int, default=100_000, help="how many the database was filled with")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--readers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=30)
    arguments = parser.parse_args()
    with ours(arguments.url) as server:
        clients = []
        for number in range(arguments.writers + arguments.readers):
            reading, writing = multiprocessing.Pipe()
            client = multiprocessing.Process(target=_client, args=(
                number, number < arguments.writers, server.port, arguments.seconds, arguments.results, writing))
            client.start()
            clients.append((client, reading))
        answers = [reading.recv() for _, reading in clients]
        for client, _ in clients:
            client.join()
        memory = server.memory_mib()
    for name, part in (("writers", answers[:arguments.writers]), ("readers", answers[arguments.writers:])):
        took = sorted(each for _, times in part for each in times)
        if took:
            print(f"{len(part)} {name}: {dict(sum((each for each, _ in part), Counter()))}, "
                  f"median {took[len(took) // 2] * 1000:.0f} ms, p99 {took[len(took) * 99 // 100] * 1000:.0f} ms")
    print(f"memory of the server at its highest: {memory:.0f} MiB")


if __name__ == "__main__":
    main()
