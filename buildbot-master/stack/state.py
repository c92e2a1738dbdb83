"""The state folder of `checkotron up`: where everything lies, the secrets, and the lock."""
from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from buildbot_master.parts.secret_file import kept_secret
from buildbot_master.stack.port import HOST, Ports
from checks.addresses import Addresses

#: Bytes; SQLite opens no file whose path has more than 511.
_PATH_LIMIT = 400


class StateError(Exception):
    """Raised when the folder cannot be used; the text says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """Paths below the state folder; absolute."""

    folder: Path

    def make(self) -> None:
        """Make the folders that are missing. Raises StateError."""
        path = str(self.folder)
        if not path.isprintable() or len(os.fsencode(path)) > _PATH_LIMIT:
            raise StateError(f"{path[:80]!r}: cannot be used as state folder: its path has more than "
                             f"{_PATH_LIMIT} bytes, or characters that cannot be shown; name another one with --state")
        try:
            for folder in (self.folder, self.logs, self.master, self.worker, self.artifacts, self.queue):
                folder.mkdir(parents=True, exist_ok=True)
            self.secrets.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StateError(f"{self.folder}: cannot be used as state folder: {error.strerror}; "
                             "name another one with --state") from None

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def master(self) -> Path:
        return self.folder / "master"

    @property
    def worker(self) -> Path:
        return self.folder / "worker"

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def queue(self) -> Path:
        """Runs that wait for reporting."""
        return self.folder / "queue"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def door_token(self) -> Path:
        return self.secrets / "door.token"

    @property
    def results_database(self) -> Path:
        return self.folder / "results.sqlite"

    def addresses(self, ports: Ports) -> Addresses:
        """Return where everything answers."""
        return Addresses(
            results_url=f"http://{HOST}:{ports.results}", buildbot_url=f"http://{HOST}:{ports.web}",
            artifacts_url=f"http://{HOST}:{ports.artifacts}", door_url=f"http://{HOST}:{ports.door}",
            door_token_file=str(self.door_token))

    def secret(self, name: str) -> str:
        """Return the secret of that name, made where it is missing; the file is readable by its owner only."""
        return kept_secret(self.secrets / name)


def refuse_other_user(folder: Path) -> None:
    """Raises StateError: the folder is another user's, whose process could not read what is written now."""
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        try:
            owner = folder.owner()
        except KeyError:
            owner = str(folder.stat().st_uid)
        raise StateError(f"{folder}: belongs to `{owner}`, who could not read what others write there; run this as "
                         f"that user: `runuser -u {owner} -- checkotron ...`")


def lock(state: State) -> IO[str]:
    """Return the held lock; it is free again when the file is closed or its process ends, in whatever way."""
    try:
        file = open(state.folder / "lock", "a+", encoding="ascii")  # noqa: SIM115 (held as long as the process)
    except OSError as error:
        raise StateError(f"{state.folder / 'lock'}: cannot be opened: {error.strerror}; it is no more than a lock, "
                         "move it away, or name another folder with --state") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        raise StateError(f"{state.folder}: `checkotron up` runs there already (process {other}); use that one, "
                         "stop it first, or name another folder with --state") from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
