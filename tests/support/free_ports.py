"""
Ports for the servers of tests, of which no two tests of a session get the same.

A port that the system chooses for whoever asks for any (port 0) is anybody's again once it is closed: in the seconds
until a broker or a master listens there, a server of another test would now and then get it. These lie below those, and
each of the processes that run tests at a time has its own.
"""
from __future__ import annotations

import itertools
import json
import os
import random
import socket
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path

from buildbot_master.stack.port import FILE_NAME, Ports

#: Below those that `checkotron up` chooses from (20,000), which are below the system's own.
_FIRST, _EACH, _PROCESSES = 10_000, 1_000, 10


def _numbers() -> Iterator[int]:
    """Yield the ports of this process again and again; another session on the machine begins elsewhere."""
    digits = "".join(filter(str.isdigit, os.environ.get("PYTEST_XDIST_WORKER", "")))
    begin = _FIRST + int(digits or 0) % _PROCESSES * _EACH
    start = random.SystemRandom().randrange(_EACH)
    yield from (begin + (start + number) % _EACH for number in itertools.count())


_NUMBERS = _numbers()


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now, and that no other test gets. Raises RuntimeError: all are taken."""
    found: list[int] = []
    for port in itertools.islice(_NUMBERS, _EACH):
        if len(found) == count:
            break
        with socket.socket() as one:
            # as servers do: what only lingers from an ended connection is free
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    if len(found) < count:
        raise RuntimeError(f"ports {_FIRST} to {_FIRST + _EACH * _PROCESSES}: all of this process are taken")
    return found


def choose_ports(state: Path) -> None:
    """Choose the ports of the system in a state folder, where it has none yet; `up` and its parts keep to them."""
    if not (state / FILE_NAME).exists():
        ports = Ports(*free_ports(len(fields(Ports))))
        (state / FILE_NAME).write_text(json.dumps(asdict(ports)) + "\n")
