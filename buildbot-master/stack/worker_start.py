"""A latent worker, seen from inside: Buildbot has started a container for a job and says by variables whose it is."""
from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from buildbot_master.stack.master_folder import write_whole
from buildbot_master.stack.state import StateError
from buildbot_master.stack.worker_init import WorkerWishes, init_worker

#: As Buildbot's DockerLatentWorker and KubeLatentWorker set them (buildbot/worker/docker.py, createEnvironment).
_HOST, _PORT, _NAME, _PASSWORD = "BUILDMASTER", "BUILDMASTER_PORT", "WORKERNAME", "WORKERPASS"
_DEFAULT_PORT = "9989"
_CODE = "from twisted.scripts.twistd import run; run()"


def start_worker(folder: Path, tags: tuple[str, ...]) -> NoReturn:
    """Make the folder, then replace this process by the worker. Raises StateError: a variable is missing or wrong."""
    wishes = _wishes(os.environ, folder, tags)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(wishes.password_file, os.environ[_PASSWORD] + "\n", 0o600)
        os.chdir(folder)
    except OSError as error:
        raise StateError(f"{error.filename or folder}: {error.strerror}; give a folder that this user may write") \
            from None
    init_worker(folder, wishes)
    # what runs below has no business with the password
    environment = {name: value for name, value in os.environ.items() if name != _PASSWORD}
    words = ["--nodaemon", "--no_save", "--pidfile=", "--logfile=-", "--python=buildbot.tac"]
    os.execve(sys.executable, [sys.executable, "-P", "-c", _CODE, *words], environment)  # noqa: S606 (no shell)


def _wishes(environment: Mapping[str, str], folder: Path, tags: tuple[str, ...]) -> WorkerWishes:
    """Return what the variables say. Raises StateError with all that are missing."""
    missing = [f'`{name}`' for name in (_HOST, _NAME, _PASSWORD) if not environment.get(name)]
    if missing:
        raise StateError(f"environment: {', '.join(missing)} missing; a master sets them where it "
                         "starts a latent worker. For a worker of your own run `checkotron worker-init`")
    port = environment.get(_PORT) or _DEFAULT_PORT
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise StateError(f"environment: `{_PORT}` is `{port}`; expected the port where the master takes workers")
    return WorkerWishes(f"{environment[_HOST]}:{port}", environment[_NAME], folder / "password", tags=tags)
