"""The ports of `checkotron up`: chosen once, kept in the state folder, exchanged where somebody else has taken one."""
from __future__ import annotations

import json
import random
import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path

HOST = "127.0.0.1"
#: Inside the state folder.
FILE_NAME = "ports.json"
#: Where ports are looked for: below those that Linux gives to outgoing connections, which come and go at any moment.
_RANGE = range(20_000, 32_000)
_TRIES = 1000


class PortError(Exception):
    """Raised when a port that the user asked for is taken; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """On the loopback interface; kept in the folder, so an address stays the same over restarts."""

    results: int
    web: int
    worker: int
    door: int
    artifacts: int
    #: The figures of the trigger.
    trigger: int


def ports_of(folder: Path, first: int | None, say: Callable[[str], None] = lambda line: None) -> Ports:
    """
    Return the ports: those of the last start where they are still free, else new ones; both are kept in the folder.

    `first`: that many ports from here on. `say` hears of a port that is another one than before.
    Raises PortError: one of those that were asked for is taken.
    """
    names = [one.name for one in fields(Ports)]
    if first is not None:
        wanted = range(first, first + len(names))
        if taken := [port for port in wanted if not is_free(port)]:
            raise PortError(f"--port {first}: port {', '.join(map(str, taken))} is taken; {len(names)} in a row are "
                            "needed; name another one, or leave the choice to `up`")
        ports = Ports(*wanted)
    else:
        ports = _kept(folder / FILE_NAME, names, say)
    (folder / FILE_NAME).write_text(json.dumps(asdict(ports)) + "\n", encoding="ascii")
    return ports


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on now."""
    with ExitStack() as held:
        found: list[int] = []
        # no secret: two that look at once should not look in the same order, that is all
        for port in random.sample(_RANGE, _TRIES):
            if len(found) == count:
                break
            one = held.enter_context(socket.socket())
            if _binds(one, port):
                found.append(port)
        while len(found) < count:
            one = held.enter_context(socket.socket())
            one.bind((HOST, 0))
            found.append(int(one.getsockname()[1]))
        return found


def is_free(port: int) -> bool:
    """True where a server could listen there."""
    if not 0 < port < 65536:
        return False
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _binds(one, port)


def _binds(one: socket.socket, port: int) -> bool:
    try:
        one.bind((HOST, port))
    except OSError:
        return False
    return True


def _kept(path: Path, names: list[str], say: Callable[[str], None]) -> Ports:
    try:
        old = json.loads(path.read_text(encoding="ascii"))
        known = {name: old[name] for name in names if isinstance(old.get(name), int)}
    except (OSError, ValueError, AttributeError):
        known = {}
    new = free_ports(len(names))
    chosen = {name: known[name] if name in known and is_free(known[name]) else new.pop() for name in names}
    for name, port in known.items():
        if chosen[name] != port:
            say(f"port {port} ({name}) is taken by another program; it is {chosen[name]} from now on: older links to "
                "it do not work")
    return Ports(**chosen)
