"""
A mass rebuild: 20,000 messages at once. Are all of them there, once, and does the master still answer?

    python -m benchmarks.chaos.burst --messages 20000 --seconds 1200

In parts, where the machine cannot be had for so long; the stack is stopped and
started again in between, with all that is queued:

    python -m benchmarks.chaos.burst --messages 10000 --folder F
    python -m benchmarks.chaos.burst --messages 20000 --folder F

and where even that takes too long, most of them as copies of a row that the
door wrote (`--copied 18000`): the queue is as long, the way into it was short.

Publishes all messages, lets trigger and master queue a job for each (the
master's limit of waiting jobs is lifted), asks the master's REST interface
every tenth of a second meanwhile, and looks into the database at the end.
Builds run all the time on four slots; the rest stays queued.

    python -m benchmarks.chaos.burst --messages 20000 --whole

leaves the limit as an operator has it (the broker keeps what is over it), and
waits until every message has its result: about half an hour.
"""
from __future__ import annotations

import argparse
import contextlib
import json
import sqlite3
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.chaos.arena import PAGE, Arena, arena, get, until
from benchmarks.chaos.publisher import Publisher

#: What people and programs ask the master.
_QUESTIONS = ("builds?order=-buildid&limit=20", "buildrequests?complete=false&limit=20", "builders", "workers")


@dataclass
class Asker:
    """Asks the master again and again; `seconds` has how long each answer took."""

    url: str
    seconds: list[float] = field(default_factory=list)
    failures: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.is_over.wait(0.1):
            began = time.monotonic()
            try:
                question = _QUESTIONS[number % len(_QUESTIONS)]
                with urllib.request.urlopen(f"{self.url}/api/v2/{question}", timeout=60) as answer:
                    json.load(answer)
            except (OSError, ValueError):
                self.failures += 1
            self.seconds.append(time.monotonic() - began)
            number += 1

    def words(self, since: int = 0) -> str:
        found = sorted(self.seconds[since:]) or [0.0]
        shown = [1000 * found[min(len(found) - 1, int(len(found) * share))] for share in (0.5, 0.99)]
        return (f"REST p50 {shown[0]:.0f} ms, p99 {shown[1]:.0f} ms, longest {1000 * found[-1]:.0f} ms "
                f"of {len(found)} questions, {self.failures} without an answer")


def queued(arena: Arena) -> tuple[int, int, int]:
    """Return how many jobs the master has, how many different ones, how many build requests they have."""
    path = arena.stack.state.master / "state.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        buildsets = database.execute("SELECT count(*), count(DISTINCT external_idstring) FROM buildsets").fetchone()
        requests = database.execute("SELECT count(*) FROM buildrequests").fetchone()
    return int(buildsets[0]), int(buildsets[1]), int(requests[0])


def copy_jobs(arena: Arena, count: int) -> None:
    """Copy the first job in the master's database, with keys, build ids and items of their own."""
    path = arena.stack.state.master / "state.sqlite"
    with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        first, last = database.execute("SELECT min(id), max(id) FROM buildsets").fetchone()
        request = database.execute("SELECT max(id) FROM buildrequests").fetchone()[0]
        for number in range(1, count + 1):
            new, own = last + number, uuid.uuid5(uuid.NAMESPACE_URL, f"burst/{number}")
            _copy(database, "buildsets", {"id": str(new), "external_idstring": f"'copied/{number}'", "complete": "0",
                                          "complete_at": "NULL", "results": "NULL"}, f"id = {first}")
            changed = (f"CASE property_name WHEN 'build_id' THEN '[\"{own}\", \"Trigger\"]' WHEN 'item' THEN "
                       f"'[\"copied{number}-0.5-1.fc36\", \"Trigger\"]' ELSE property_value END")
            _copy(database, "buildset_properties", {"buildsetid": str(new), "property_value": changed},
                  f"buildsetid = {first}")
            _copy(database, "buildset_sourcestamps", {"id": "NULL", "buildsetid": str(new)}, f"buildsetid = {first}")
            _copy(database, "buildrequests", {"id": str(request + number), "buildsetid": str(new), "complete": "0",
                                              "complete_at": "NULL", "results": "-1"}, f"buildsetid = {first}")
        database.execute("COMMIT")


def _copy(database: sqlite3.Connection, table: str, changes: dict[str, str], which: str) -> None:
    """Copy the rows of a table; `changes` are expressions by column."""
    columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(changes.get(name, name) for name in columns)
    database.execute(f"INSERT INTO {table} SELECT {values} FROM {table} WHERE {which}")


def burst(arena: Arena, publisher: Publisher, messages: int, seconds: float, copied: int = 0) -> int:
    """Publish, watch, count; return the exit code."""
    if copied:
        publisher.publish("first", 999_999)
        until(lambda: queued(arena)[0], 120, "the first job")
        copy_jobs(arena, copied)
        messages += 1
        print(f"{copied} copies of a job are queued", flush=True)
    asker = Asker(arena.stack.addresses.buildbot_url)
    threading.Thread(target=asker.run, daemon=True).start()
    already = queued(arena)[0]
    began = time.monotonic()
    for number in range(already, messages):
        publisher.publish(f"b{number}", number)
    print(f"{time.monotonic() - began:6.1f} s: {messages - already} messages are with the broker; {asker.words()}",
          flush=True)
    shown = 0.0
    while (count := queued(arena)[0]) < messages and time.monotonic() - began < seconds:
        time.sleep(1)
        if time.monotonic() - shown > 20:
            shown = time.monotonic()
            print(f"{time.monotonic() - began:6.1f} s: {count} jobs queued; {asker.words(-180)}", flush=True)
    took = time.monotonic() - began
    before = len(asker.seconds)
    print(f"{took:6.1f} s: {count} jobs queued, {(count - already) / took:.0f} a second; {asker.words()}", flush=True)
    time.sleep(30)
    print(f"{time.monotonic() - began:6.1f} s: 30 s of running builds; {asker.words(before)}", flush=True)
    asker.is_over.set()
    arena.look_at_all()
    return judge(arena, messages, asker)


def whole(arena: Arena, publisher: Publisher, messages: int, seconds: float) -> int:
    """Publish, watch until every message has its row, count; return the exit code."""
    asker = Asker(arena.stack.addresses.buildbot_url)
    threading.Thread(target=asker.run, daemon=True).start()
    began = time.monotonic()
    for number in range(messages):
        publisher.publish(f"b{number}", number)
    print(f"{time.monotonic() - began:6.1f} s: {messages} messages are with the broker; {asker.words()}", flush=True)
    shown, most = 0.0, 0
    while (count := len(arena.rows)) < messages and time.monotonic() - began < seconds:
        time.sleep(2)
        page = 0
        # a page on which every row is new has more behind it
        while arena.look(page) and len(arena.rows) >= count + (page + 1) * PAGE:
            page += 1
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            waiting = get(f"{arena.stack.addresses.buildbot_url}/api/v2/buildrequests?claimed=false&complete=false")
            most = max(most, len((waiting or {}).get("buildrequests", ())))
            print(f"{shown - began:6.1f} s: {len(arena.rows)} rows, {len(arena.rows) / (shown - began):.1f} a second, "
                  f"at most {most} jobs waiting; {asker.words(-540)}", flush=True)
    took = time.monotonic() - began
    asker.is_over.set()
    until(arena.is_at_rest, 120, "nothing is on its way")
    arena.look_at_all()
    items = [item for item, _ in arena.rows.values()]
    passed = sum(outcome == "PASSED" for _, outcome in arena.rows.values())
    print(f"\n{messages} messages in {took:.0f} s, {messages / took:.1f} a second: {len(items)} rows of "
          f"{len(set(items))} items, {passed} PASSED; lost {messages - len(set(items))}, "
          f"doubled {len(items) - len(set(items))}; at most {most} jobs waiting\n{asker.words()}")
    return 0 if len(items) == len(set(items)) == messages == passed and not asker.failures else 1


def judge(arena: Arena, messages: int, asker: Asker) -> int:
    """Say what is there; return the exit code."""
    buildsets, different, requests = queued(arena)
    items = [item for item, _ in arena.rows.values()]
    print(f"\n{messages} messages: {buildsets} jobs, {different} different ones, {requests} build requests; "
          f"{len(items)} rows of {len(set(items))} items so far\n{asker.words()}")
    is_good = buildsets == different == requests == messages and len(items) == len(set(items))
    return 0 if is_good and not asker.failures else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=1200, help="for the queueing, or the whole")
    parser.add_argument("--copied", type=int, default=0, help="so many of them are copied in the master's database")
    parser.add_argument("--folder", type=Path, help="kept; else a temporary one")
    parser.add_argument("--whole", action="store_true", help="until each message has its result")
    options = parser.parse_args()
    settings = {} if options.whole else {"pending_limit": 10 * options.messages}
    with tempfile.TemporaryDirectory(prefix="burst-") as temporary, \
            arena(options.folder or Path(temporary), settings=settings) as (running, publisher):
        if options.whole:
            return whole(running, publisher, options.messages, options.seconds)
        return burst(running, publisher, options.messages, options.seconds, options.copied)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped before the end; everything of it was stopped, too")
