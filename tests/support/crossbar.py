"""
The router of several masters: crossbar, in a virtual environment of its own, a child of the tests.

It brings 370 MB of packages that nothing else needs, some of them older than
ours; so it is installed once into a folder that is kept for later runs, and
needs PyPI for that.
"""
from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.free_ports import free_ports

#: Outside of the checkout; kept.
FOLDER = Path(f"/var/tmp/checkotron-tests-{os.getuid()}/crossbar")
_VERSION = "crossbar>=26.10,<27"
_START_SECONDS = 90


def crossbar_program() -> Path:
    """Return the program, installed where it is missing. Raises RuntimeError: it cannot be."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    program = FOLDER / "venv" / "bin" / "crossbar"
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (FOLDER / "installed").exists():
            for command in ([sys.executable, "-m", "venv", "--clear", str(FOLDER / "venv")],
                            [str(FOLDER / "venv" / "bin" / "pip"), "install", "--quiet", _VERSION]):
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
                if done.returncode:
                    raise RuntimeError(f"crossbar cannot be installed: {done.stderr[-2000:]}")
            (FOLDER / "installed").touch()
    return program


@contextmanager
def running_crossbar(folder: Path, port: int | None = None) -> Iterator[str]:
    """Start a router with the realm `buildbot`, yield its address, stop it."""
    program, port = crossbar_program(), port or free_ports(1)[0]
    folder.mkdir(parents=True)
    allow = {"call": True, "register": True, "publish": True, "subscribe": True}
    (folder / "config.json").write_text(json.dumps({"version": 2, "workers": [{
        "type": "router",
        "realms": [{"name": "buildbot", "roles": [
            {"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": allow}]}]}],
        "transports": [{"type": "websocket",
                        "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": port}}]}]}))
    with open(folder / "log", "wb") as log:
        router = subprocess.Popen(["setpriv", "--pdeathsig=TERM", str(program), "start", "--cbdir", str(folder),
                                   "--color", "false"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            _wait_until_it_listens(router, port, folder / "log")
            yield f"ws://127.0.0.1:{port}/ws"
        finally:
            router.terminate()
            try:
                router.wait(20)
            except subprocess.TimeoutExpired:
                router.kill()
                router.wait(20)


def _wait_until_it_listens(router: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and router.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"crossbar did not start: {log.read_text(errors='replace')[-2000:]}")
