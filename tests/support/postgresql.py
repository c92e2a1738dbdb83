"""A private PostgreSQL for tests: its own folder and socket, no port, gone afterwards; it can be killed meanwhile."""
from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_START_SECONDS = 90


@dataclass
class PostgreSQL:
    """One server. Its data outlive a kill: what was written is in the kernel's hands, synced or not."""

    folder: Path
    user: str | None
    #: Of `postgres`, as `name=value`.
    settings: tuple[str, ...] = ()
    #: Where the master reaches it by TCP, on the loopback interface; None: by the socket.
    port: int | None = None
    server: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    #: The kernel takes the server along when the thread that started it ends: it must not be that of a caller.
    _starter: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1), repr=False)

    @property
    def url(self) -> str:
        """The URL of its one database."""
        port = f"&port={self.port}" if self.port else ""
        return f"postgresql://tests@/postgres?host={self.folder}{port}"

    @property
    def master_url(self) -> str:
        """The same as the settings of the master have it."""
        url = f"postgresql://tests@127.0.0.1:{self.port}/postgres" if self.port else self.url
        return url.replace("postgresql:", "postgresql+psycopg:")

    def make(self) -> None:
        """Make the data."""
        _run(self.user, [_binaries() / "initdb", "-D", self.folder / "data", "-U", "tests", "-A", "trust", "-E", "UTF8",
                         "--locale=C.UTF-8", "--no-sync"])

    def start(self) -> None:
        """Start it; return when it answers."""
        where = ("listen_addresses=127.0.0.1", f"port={self.port}") if self.port else ("listen_addresses=",)
        own = (*where, f"unix_socket_directories={self.folder}", "fsync=off", "shared_buffers=64MB")
        options = [word for setting in (*own, *self.settings) for word in ("-c", setting)]
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            self.server = self._starter.submit(
                subprocess.Popen,
                # a test run that is killed takes its server along; asked for last, for a change of user forgets it
                [*_as_user(self.user), "setpriv", "--pdeathsig=KILL", str(_binaries() / "postgres"),
                 "-D", str(self.folder / "data"), *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/").result()
            if self._is_ready(deadline):
                return
            # sessions of one that was killed hold its memory for a moment
            time.sleep(0.1)
        raise RuntimeError(f"PostgreSQL in {self.folder} did not start within {_START_SECONDS} seconds")

    def kill(self) -> None:
        """Kill the server and every session with -9."""
        assert self.server
        self._send_all([self.server.pid, *_children(self.server.pid)], signal.SIGKILL)
        self.server.wait(_START_SECONDS)

    def stop(self, how: int = signal.SIGQUIT) -> None:
        """Stop it: SIGQUIT at once, SIGINT in order without waiting for sessions. Safe to call twice."""
        if self.server is not None:
            self.server.send_signal(how)
            self.server.wait(_START_SECONDS)
            self.server = None

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop the server and every session in their tracks for the time of the block: they keep what they have."""
        assert self.server
        # the server first: it makes no more sessions then
        self.server.send_signal(signal.SIGSTOP)
        family = [self.server.pid, *_children(self.server.pid)]
        self._send_all(family, signal.SIGSTOP)
        try:
            yield
        finally:
            self._send_all(family, signal.SIGCONT)

    def _send_all(self, pids: list[int], what: int) -> None:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)

    def end_sessions(self) -> int:
        """End the sessions of everybody else, as an administrator may; return how many."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'").fetchall()
        return len(found)

    @contextmanager
    def all_connections(self) -> Iterator[None]:
        """End everybody else's sessions, and have all connections that there may be, for the time of the block."""
        import psycopg

        others = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND NOT pid = ANY(%s)"
        with contextlib.ExitStack() as until:
            ours = [until.enter_context(psycopg.connect(self.url, autocommit=True))]
            while True:
                with contextlib.suppress(psycopg.OperationalError):
                    while True:
                        ours.append(until.enter_context(psycopg.connect(self.url, autocommit=True)))
                pids = [one.info.backend_pid for one in ours]
                if not ours[0].execute(f"SELECT pg_terminate_backend(pid) FROM ({others}) AS o", [pids]).fetchall():
                    break
            yield

    def _is_ready(self, deadline: float) -> bool:
        assert self.server
        while time.monotonic() < deadline and self.server.poll() is None:
            if subprocess.run([_binaries() / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port or 5432)],
                              check=False).returncode == 0:
                return True
            time.sleep(0.05)
        return False


@contextmanager
def running_postgresql(*settings: str, port: int | None = None) -> Iterator[PostgreSQL]:
    """Start a server, yield it, stop it. Fails with words where PostgreSQL is missing."""
    folder = Path(tempfile.mkdtemp(prefix="checkotron-pg-"))
    try:
        found = PostgreSQL(folder, _owner(folder), settings, port)
        found.make()
        found.start()
        try:
            yield found
        finally:
            found.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def private_postgresql() -> Iterator[str]:
    """Start a server, yield the URL of its empty database, stop it."""
    with running_postgresql() as server:
        yield server.url


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


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def _run(user: str | None, command: list[str | Path]) -> None:
    done = subprocess.run([*_as_user(user), *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=_START_SECONDS + 30, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False,
                          cwd="/")
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")
