"""What may happen to the running system: kills, freezes, cut networks, full disks, clocks, a database away."""
from __future__ import annotations

import contextlib
import errno
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chaos.arena import DATABASE_LINK, MASTERS_DATABASE, Arena, set_clock

#: Parts that are processes of `up`, and the broker.
PARTS = ("trigger", "master", "worker", "results", "deliver", "broker")
#: Who stands at the two ends of a connection, by the name of the port.
LINKS = ("trigger-broker", "trigger-door", "worker-master", "deliverer-database")
#: iptables' words: packets vanish; or every connection is refused and reset.
_WAYS = {"silent": ("DROP",), "reset": ("REJECT", "--reject-with", "tcp-reset")}
#: Of a clock, in seconds.
_JUMPS = {"an hour forward": 3600, "an hour back": -3600, "a day forward": 86400, "back to the truth": 0}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that may happen."""

    name: str
    #: False where it could not be done.
    act: Callable[[Arena, random.Random], bool]


def faults(kinds: tuple[str, ...], *, has_postgresql: bool = False) -> tuple[Fault, ...]:
    """Return the faults of these kinds: kill, freeze, cut, disk, clock, database; `has_postgresql`: the master."""
    known = {
        "kill": [Fault(part, lambda arena, chance, part=part: arena.kill(part))
                 for part in (*PARTS, *([MASTERS_DATABASE] if has_postgresql else []))],
        "database": [Fault(f"{MASTERS_DATABASE} {words}", lambda arena, chance, act=act: act(arena, chance))
                     for words, act in (("away", _stay_away), ("ends sessions", _end_sessions),
                                        ("crowded", _take_connections), ("silent", _be_silent), ("reset", _reset))],
        "freeze": [Fault(f"{part} frozen", lambda arena, chance, part=part: _freeze(arena, part, chance))
                   for part in PARTS],
        "cut": [Fault(f"{link} {way}", lambda arena, chance, link=link, way=way: _cut(arena, link, way, chance))
                for link in LINKS for way in _WAYS],
        "disk": [Fault(f"{disk} full", lambda arena, chance, disk=disk: _fill(arena.disks[disk], chance))
                 for disk in ("stack's disk", "database's disk")],
        "clock": [Fault(f"clock {words}", lambda arena, chance, seconds=seconds: _jump(arena, seconds))
                  for words, seconds in _JUMPS.items()],
    }
    return tuple(fault for kind in kinds for fault in known[kind])


@contextmanager
def silence(port: int, way: str = "silent") -> Iterator[None]:
    """Cut every connection to a port for the time of the block; in a network of our own only."""
    rules = [["INPUT", "-p", "tcp", side, str(port), "-j", *_WAYS[way]] for side in ("--dport", "--sport")]
    for rule in rules:
        subprocess.run(["iptables", "--wait", "-I", *rule], check=True)
    try:
        yield
    finally:
        for rule in rules:
            subprocess.run(["iptables", "--wait", "-D", *rule], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Take every byte of a disk for the time of the block."""
    path = disk / "fills-the-disk"
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
    try:
        yield
    finally:
        path.unlink()


def _freeze(arena: Arena, part: str, chance: random.Random) -> bool:
    pid = arena.pid(part)
    if pid is None:
        return False
    os.kill(pid, signal.SIGSTOP)
    time.sleep(chance.uniform(1, 8))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    return True


def _cut(arena: Arena, link: str, way: str, chance: random.Random) -> bool:
    with silence(arena.port(link), way):
        time.sleep(chance.uniform(2, 12))
    return True


def _fill(disk: Path, chance: random.Random) -> bool:
    with full(disk):
        time.sleep(chance.uniform(2, 8))
    return True


def _stay_away(arena: Arena, chance: random.Random) -> bool:
    assert arena.database
    arena.database.stop(signal.SIGINT)
    time.sleep(chance.uniform(2, 60))
    arena.database.start()
    return True


def _end_sessions(arena: Arena, chance: random.Random) -> bool:
    assert arena.database
    for _ in range(chance.randint(1, 8)):
        arena.database.end_sessions()
        time.sleep(chance.uniform(0, 1))
    return True


def _take_connections(arena: Arena, chance: random.Random) -> bool:
    assert arena.database
    with arena.database.all_connections():
        time.sleep(chance.uniform(2, 12))
    return True


def _be_silent(arena: Arena, chance: random.Random) -> bool:
    return _cut(arena, DATABASE_LINK, "silent", chance)


def _reset(arena: Arena, chance: random.Random) -> bool:
    return _cut(arena, DATABASE_LINK, "reset", chance)


def _jump(arena: Arena, seconds: int) -> bool:
    assert arena.clock
    set_clock(arena.clock, seconds)
    return True
