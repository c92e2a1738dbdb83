"""A private PostgreSQL for tests: its own folder and socket, no port, gone afterwards."""
from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
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
        settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=64MB"
        _run(user, [binaries / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-t", str(_START_SECONDS),
                    "-o", settings, "start"])
        try:
            yield f"postgresql://tests@/postgres?host={folder}"
        finally:
            _run(user, [binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop"])
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


def _run(user: str | None, command: list[str | Path]) -> None:
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    done = subprocess.run([*as_user, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=_START_SECONDS + 30, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
