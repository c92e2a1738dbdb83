"""What chaos happens in: a broker, the whole system, a cheap check, and the parts that may be killed."""
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.chaos.publisher import Publisher
from buildbot_master.stack.parts_list import StackOptions
from buildbot_master.stack.running import Screen, Stack, Wishes, running_stack
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.rabbitmq import RabbitMQ, running_rabbitmq

#: Says that every item is good, as fast as a process can.
CHECK = """\
name: quick
namespace: dist
description: Says that every item is good.
maintainer: benchmarks
run: {using: command, command: ["true"]}
"""
RULES = "- when: {message_type: KojiBuildPackageCompleted}\n  do: [{check: quick}]\n"
#: Seconds before a part that was killed again starts again, at most; in production it is half a minute.
_LONGEST_PAUSE = 1.0
#: Of a disk that can be filled.
_DISK = "160m"
#: A victim, where the master has a PostgreSQL.
MASTERS_DATABASE = "master's database"
#: A connection that may be cut then, by TCP.
DATABASE_LINK = "master-its database"
#: Rows a look; more never come between two looks.
PAGE = 120


@dataclass
class Arena:
    """The running system and its broker."""

    broker: RabbitMQ
    stack: Stack
    #: Small file systems that can be filled; empty where none were asked for.
    disks: dict[str, Path] = field(default_factory=dict)
    #: What the parts' clocks say beside the truth is in this file.
    clock: Path | None = None
    #: The master's, where it has one of its own.
    database: PostgreSQL | None = None
    #: By number of the row: item and outcome.
    rows: dict[int, tuple[str, str]] = field(default_factory=dict)

    def kill(self, victim: str) -> bool:
        """Kill it with -9 once it is there; False where it was down for 30 s. Broker and PostgreSQL start again."""
        if victim == MASTERS_DATABASE:
            assert self.database
            self.database.kill()
            self.database.start()
            return True
        if victim == "broker":
            self.broker.stop(signal.SIGKILL)
            self.broker.start()
            return True
        pid = self.pid(victim)
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None

    def pid(self, part: str) -> int | None:
        """Return the process of a part, once there is one; None after 30 s."""
        if part == "broker":
            return self.broker.server.pid if self.broker.server else None
        child = next(one for one in self.stack.supervisor.children if one.part.name == part)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            process = child.process
            if process is not None and process.poll() is None:
                return process.pid
            time.sleep(0.05)
        return None

    def port(self, link: str) -> int:
        """Return the port over which the two ends of a link talk."""
        if link == DATABASE_LINK:
            assert self.database
            assert self.database.port
            return self.database.port
        ports = json.loads((self.stack.state.folder / "ports.json").read_text())
        return int({"trigger-broker": self.broker.port, "trigger-door": ports["door"],
                    "worker-master": ports["worker"], "deliverer-database": ports["results"]}[link])

    def look(self, page: int = 0) -> bool:
        """Read a page of rows, newest first; False where there are no more, or the database is away."""
        answer = get(f"{self.stack.addresses.results_url}/api/v2.0/results?limit={PAGE}&page={page}")
        found = (answer or {}).get("data", ())
        self.rows |= {row["id"]: (row["data"]["item"][0], row["outcome"]) for row in found}
        return len(found) == PAGE

    def look_at_all(self) -> None:
        """Read every row anew."""
        self.rows.clear()
        page = 0
        while self.look(page):
            page += 1

    def is_at_rest(self) -> bool:
        """True where no run waits for delivery and no build is under way."""
        queue = self.stack.state.queue
        waiting = [path for folder in (queue, queue / "undelivered") for path in folder.glob("*")
                   if path.is_file() and not path.name.startswith(".")]
        if waiting:
            return False
        answer = get(f"{self.stack.addresses.buildbot_url}/api/v2/buildrequests?complete=false&limit=1")
        return answer is not None and not answer["buildrequests"]


def until(what: Callable[[], object], seconds: float, why: str) -> None:
    """Wait until it is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:g} s: {why}")
        time.sleep(0.3)


def get(url: str) -> dict[str, Any] | None:
    """Return the JSON of an address, None while nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError):
        return None


@contextmanager
def arena(folder: Path, kinds: tuple[str, ...] = ("kill",), settings: dict[str, Any] | None = None, *,
          has_postgresql: bool = False) -> Iterator[tuple[Arena, Publisher]]:
    """
    Start everything in `folder`, as these kinds of faults need it; `<folder>/up.log` has what `up` says.

    `settings`: of the master; `has_postgresql`: its database is one.
    """
    checks = folder / "checks" / "quick"
    checks.mkdir(parents=True, exist_ok=True)
    (checks / "quick.yml").write_text(CHECK)
    rules = folder / "rules.yml"
    rules.write_text(RULES)
    (folder / "state").mkdir(exist_ok=True)
    clock = fake_clock(folder) if "clock" in kinds else None
    # the broker on a real disk, whatever `folder` is: its queues do not work on one in memory
    with (small_disks(folder, "disk" in kinds) as disks,
          tempfile.TemporaryDirectory(prefix="chaos-broker-") as disk, running_rabbitmq(Path(disk, "data")) as broker,
          running_postgresql("max_connections=30", port=_free_port()) if has_postgresql else nullcontext() as database,
          (folder / "up.log").open("a", buffering=1) as log):
        screen = Screen(lambda line: print(line, file=log), lambda title: None, lambda: None)
        options = StackOptions(broker.url(), rules, (checks.parent,))
        (folder / "state" / "master-settings.json").write_text(json.dumps({
            "retry_delay_seconds": 0.5, "grace_seconds": 5,
            # as a check of the library: it runs without a sandbox of its own
            "runner_environment": {"CHECKOTRON_TRUSTED": str(checks.parent)},
            **({"database_url": database.master_url} if database else {}), **(settings or {})}))
        with running_stack(Wishes(folder / "state", None, 4, None, options), screen) as stack:
            for child in stack.supervisor.children:
                child.part = replace(child.part, longest_pause_seconds=_LONGEST_PAUSE)
            threading.Thread(target=stack.supervisor.keep_running, daemon=True).start()
            # `up` takes them as a wish to end; nobody looks at that here
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.default_int_handler)
            try:
                publisher = Publisher(broker.url())
                publisher.wait_for_queue("checkotron.trigger")
                yield Arena(broker, stack, disks, clock, database), publisher
            finally:
                stack.supervisor.stopping.set()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def small_disks(folder: Path, wanted: bool) -> Iterator[dict[str, Path]]:
    """Mount one below the state folder, and one for the results database; in a name space of our own only."""
    found = {"stack's disk": folder / "state", "database's disk": folder / "database"} if wanted else {}
    with ExitStack() as mounted:
        for path in found.values():
            path.mkdir(exist_ok=True)
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "none", str(path)], check=True)
            mounted.callback(subprocess.run, ["umount", "--lazy", str(path)], check=True)
        if found:
            (folder / "state" / "results.sqlite").symlink_to(folder / "database" / "results.sqlite")
        yield found


def fake_clock(folder: Path) -> Path:
    """Let every part see a time of day that is ahead of the truth by the seconds in a file (clock.c)."""
    clock, library = folder / "clock", folder / "clock.so"
    set_clock(clock, 0)
    subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", str(library), str(Path(__file__).with_name("clock.c"))],
                   check=True)
    os.environ |= {"LD_PRELOAD": str(library), "CHAOS_CLOCK": str(clock)}
    return clock


def set_clock(clock: Path, seconds: int) -> None:
    """Set the clocks of all parts at once; they have the file mapped, so it is written in place."""
    with open(os.open(clock, os.O_WRONLY | os.O_CREAT), "wb") as file:
        file.write(seconds.to_bytes(8, sys.byteorder, signed=True))
