"""
Kills the server with -9 at random moments under write load and counts what is lost or doubled.

  python -m benchmarks.results_database.kills --rounds 200 [--seed 1] [--database postgresql://...]

With `--database postgresql` a PostgreSQL of its own is killed instead, with all its sessions, while our server lives.
"""
from __future__ import annotations

import argparse
import http.client
import json
import random
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

from reporting.database.all_storages import open_storage
from reporting.database.sql.dialect import Sql
from tests.support.database_server import database_server
from tests.support.postgresql import PostgreSQL, running_postgresql

_WRITERS = 8


@dataclass
class Tally:
    """What the clients know: the key of each acknowledged result, and of those nobody answered."""

    acknowledged: dict[str, int] = field(default_factory=dict)
    #: A writer to the key it must send again.
    unanswered: dict[int, str] = field(default_factory=dict)
    number: int = 0
    #: Answers other than 201.
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_key(self, writer: int) -> str:
        """Return the key that was not answered, else a new one."""
        with self.lock:
            self.number += 1
            return self.unanswered.setdefault(writer, f"key-{self.number}")

    def acknowledge(self, writer: int, key: str, result_id: int) -> None:
        """Note an answer."""
        with self.lock:
            del self.unanswered[writer]
            self.acknowledged[key] = result_id


def _write(writer: int, port: int, tally: Tally, end: float) -> None:
    """Post until then, or until the server is gone."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with suppress(OSError, http.client.HTTPException):
        while time.monotonic() < end:
            _post(connection, writer, tally)


def _insist(writer: int, port: int, tally: Tally, is_over: threading.Event) -> None:
    """Post until told, and then until the last key has its answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    while not is_over.is_set() or writer in tally.unanswered:
        try:
            if _post(connection, writer, tally) != 201:
                tally.refused += 1
                time.sleep(0.05)
        except (OSError, http.client.HTTPException):
            connection.close()


def _post(connection: http.client.HTTPConnection, writer: int, tally: Tally) -> int:
    """Post one result; return the status."""
    key = tally.next_key(writer)
    body = json.dumps({"outcome": "PASSED", "testcase": f"t{writer}", "groups": [key], "data": {"item": key}})
    connection.request("POST", "/api/v2.0/results", body,
                       {"Content-Type": "application/json", "Idempotency-Key": key})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status == 201:
        tally.acknowledge(writer, key, json.loads(text)["id"])
    return answer.status


def kill_rounds(url: str, rounds: int, seed: int) -> tuple[int, int, int]:
    """Return (acknowledged, lost, doubled) after that many kills; the database must open after each."""
    chance = random.Random(seed)
    tally = Tally()
    for number in range(rounds + 1):
        with database_server(url) as server:
            port = int(server.url.rpartition(":")[2])
            seconds = chance.uniform(0.05, 0.8)
            end = time.monotonic() + seconds
            writers = [threading.Thread(target=_write, args=(each, port, tally, end + 5 if number < rounds else end))
                       for each in range(_WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(seconds)
            if number < rounds:  # the last round ends well, so that every key gets its answer
                server.process.kill()
            for writer in writers:
                writer.join()
    return _count(url, tally)


def database_kill_rounds(database: PostgreSQL, rounds: int, seed: int) -> tuple[int, int, int]:
    """The same, with kills of the PostgreSQL below a server that lives on."""
    chance = random.Random(seed)
    tally, is_over = Tally(), threading.Event()
    with database_server(database.url) as server:
        port = int(server.url.rpartition(":")[2])
        writers = [threading.Thread(target=_insist, args=(each, port, tally, is_over)) for each in range(_WRITERS)]
        for writer in writers:
            writer.start()
        for _ in range(rounds):
            time.sleep(chance.uniform(0.05, 0.8))
            database.kill()
            time.sleep(chance.choice((0, chance.uniform(0, 1))))
            database.start()
        is_over.set()
        for writer in writers:
            writer.join()
        assert server.process.poll() is None, "the server ended"
    print(f"{tally.refused} answers said that the database was away")
    return _count(database.url, tally)


def _count(url: str, tally: Tally) -> tuple[int, int, int]:
    storage = open_storage(url)
    if url.startswith("sqlite"):
        assert storage.rows(Sql("PRAGMA integrity_check")) == [("ok",)]
    stored = {row_id: json.loads(data)["item"][0] for row_id, data in storage.rows(Sql("SELECT id, data FROM result"))}
    posted = storage.rows(Sql("SELECT count(*) FROM posting"))[0][0]
    storage.close()
    assert posted == len(stored), (posted, len(stored))
    lost = sum(stored.get(result_id) != key for key, result_id in tally.acknowledged.items())
    doubled = sum(times - 1 for times in Counter(stored.values()).values())
    return len(tally.acknowledged), lost, doubled


def main() -> None:
    """Read the command line, kill, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", help="a URL; `postgresql`: one of its own, which is killed")
    arguments = parser.parse_args()
    if arguments.database == "postgresql":
        with running_postgresql() as postgresql:
            acknowledged, lost, doubled = database_kill_rounds(postgresql, arguments.rounds, arguments.seed)
    else:
        with tempfile.TemporaryDirectory() as folder:
            url = arguments.database or f"sqlite:///{folder}/results.db"
            acknowledged, lost, doubled = kill_rounds(url, arguments.rounds, arguments.seed)
    print(f"{arguments.rounds} kills: {acknowledged} results acknowledged, {lost} lost, {doubled} doubled")


if __name__ == "__main__":
    main()
