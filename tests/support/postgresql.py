"""A private PostgreSQL for tests: its own folder and socket, no port, gone afterwards."""
from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60


@contextmanager
def private_postgresql() -> Iterator[str]:
    """Start a server, yield the URL of its empty database, stop it. Fails with words where PostgreSQL is missing."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="checkotron-pg-"))
    user = _owner(folder)
    try:
        _run(user, [binaries / "initdb", "-D", folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8",
                    "--locale=C.UTF-8", "--no-sync"])
        server = subprocess.Popen(
            # a test run that is killed takes its server along; asked for last, for a change of user forgets it
            [*_as_user(user), "setpriv", "--pdeathsig=KILL", str(binaries / "postgres"), "-D", str(folder / "data"),
             "-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off",
             "-c", "shared_buffers=64MB"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        try:
            _wait_until_ready(server, binaries, folder)
            yield f"postgresql://tests@/postgres?host={folder}"
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait(_START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path is None:
        raise RuntimeError("PostgreSQL is missing; install it (Debian: apt-get install postgresql-15)")
    return Path(on_path).parent


def _owner(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: give the folder to its own user then."""
    if os.geteuid() != 0:
        return None
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner.pw_name


def _as_user(user: str | None) -> list[str]:
    """Return the beginning of a command that runs as that user."""
    return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []


def _wait_until_ready(server: subprocess.Popen[bytes], binaries: Path, folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        if subprocess.run([binaries / "pg_isready", "-q", "-h", folder], check=False).returncode == 0:
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL in {folder} did not start within {_START_SECONDS} seconds")


def _run(user: str | None, command: list[str | Path]) -> None:
    done = subprocess.run([*_as_user(user), *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=_START_SECONDS + 30, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False,
                          cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
