"""
Results a second from many clients, each durable before it is acknowledged.

  python -m benchmarks.results_database.ingest sqlite:///ingest.db [--clients 8] [--seconds 10]
"""
from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import multiprocessing.connection
import time

from benchmarks.results_database.server_process import Server, ours


def _client(number: int, port: int, seconds: float, answer: multiprocessing.connection.Connection) -> None:
    """Post until the time is over; send back the seconds that each post took."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    took = []
    end = time.monotonic() + seconds
    count = 0
    while time.monotonic() < end:
        build = count // 20
        body = json.dumps({
            "outcome": "PASSED", "testcase": f"dist.t{count % 20}", "groups": [f"{number}-{build}"],
            "ref_url": f"https://artifacts.example.org/{number}/{count}/",
            "data": {"item": f"package-{number}-{build}-1.fc40", "type": "koji_build", "arch": "x86_64"}})
        started = time.monotonic()
        connection.request("POST", "/api/v2.0/results", body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 201, reply.status
        took.append(time.monotonic() - started)
        count += 1
    answer.send(took)


def ingest(server: Server, clients: int, seconds: float) -> list[float]:
    """Return the seconds of every post, sorted."""
    pipes = [multiprocessing.Pipe() for _ in range(clients)]
    processes = [multiprocessing.Process(target=_client, args=(number, server.port, seconds, pipes[number][1]))
                 for number in range(clients)]
    for process in processes:
        process.start()
    took = [each for reading, _ in pipes for each in reading.recv()]
    for process in processes:
        process.join()
    return sorted(took)


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    with ours(arguments.url) as server:
        ingest(server, arguments.clients, 1)
        before = server.processor_seconds()
        took = ingest(server, arguments.clients, arguments.seconds)
        used = server.processor_seconds() - before
        memory = server.memory_mib()
    print(f"{arguments.clients} clients: {len(took) / arguments.seconds:.0f} results a second, "
          f"median {took[len(took) // 2] * 1000:.1f} ms, p99 {took[len(took) * 99 // 100] * 1000:.1f} ms, "
          f"processor {used / len(took) * 1000:.2f} ms each, memory {memory:.0f} MiB")


if __name__ == "__main__":
    main()
