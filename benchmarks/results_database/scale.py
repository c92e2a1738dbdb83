"""
Processor time a request with many rows against few: each line asked of both in turns, so that nothing else differs.

  python -m benchmarks.results_database.scale sqlite:///small.db 100000 sqlite:///large.db 10000000

Both databases must have been filled by `load` with that many results. SQLite's files and PostgreSQL's tables are read
once before, as by a server that has run for a while: what is compared is the database, not the disk. Give PostgreSQL
shared_buffers that hold the large one.
"""
from __future__ import annotations

import argparse
from contextlib import ExitStack

from benchmarks.results_database.processor_time import Meter
from benchmarks.results_database.questions import QUESTIONS, Question
from benchmarks.results_database.server_process import Server, ours
from reporting.database.all_storages import sqlite_path

#: Turns that are counted; the medians are shown.
_TURNS = 15
_WARMING_TURNS = 2
_BLOCK_BYTES = 1 << 24


def compare(question: Question, servers: list[tuple[Server, int]]) -> list[float]:
    """Return milliseconds a request of each server with its number of results."""
    meters = [Meter(server, question, count) for server, count in servers]
    for turn in range(-_WARMING_TURNS, _TURNS):
        for meter in meters if turn % 2 else reversed(meters):
            meter.measure_part(is_counted=turn >= 0)
    for meter in meters:
        meter.close()
    return [meter.cost().total for meter in meters]


def _warm(url: str) -> None:
    """Read everything once."""
    if url.startswith("sqlite"):
        with sqlite_path(url).open("rb") as file:
            while file.read(_BLOCK_BYTES):
                pass
        return
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_prewarm")
        connection.execute("SELECT pg_prewarm(oid) FROM pg_class WHERE relkind IN ('r', 'i') "
                           "AND relnamespace = 'public'::regnamespace")


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("small_url")
    parser.add_argument("small_results", type=int)
    parser.add_argument("large_url")
    parser.add_argument("large_results", type=int)
    parser.add_argument("--only", default="", metavar="WORDS", help="lines whose name has these words")
    arguments = parser.parse_args()
    databases = ((arguments.small_url, arguments.small_results), (arguments.large_url, arguments.large_results))
    print(f"{arguments.small_url.partition(':')[0]}; milliseconds of processor time a request, with the database's")
    print(f"{'':38} {arguments.small_results:>11,} {arguments.large_results:>11,}  ratio")
    with ExitStack() as stack:
        servers = []
        for url, count in databases:
            _warm(url)
            servers.append((stack.enter_context(ours(url)), count))
        for question in (each for each in QUESTIONS if arguments.only in each.name):
            small, large = compare(question, servers)
            print(f"{question.name:38} {small:11.2f} {large:11.2f} {large / small:6.2f}", flush=True)


if __name__ == "__main__":
    main()
