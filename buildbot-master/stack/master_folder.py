"""The master's folder: its settings, its `buildbot.tac`, its database."""
from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from buildbot_master.stack.child import death_with_parent
from buildbot_master.stack.master_database import has_tables
from buildbot_master.stack.port import Ports
from buildbot_master.stack.state import State, StateError

#: An operator's own settings, put over ours at each start; see parts/settings.py.
OWN_SETTINGS = "master-settings.json"

MASTER_TAC = '''\
# Written by checkotron; started with twistd. The configuration is the one that is installed.
import os

import buildbot_master
from buildbot.master import BuildMaster
from twisted.application import service

basedir = os.path.abspath(os.path.dirname(__file__))
configfile = os.path.join(os.path.dirname(os.path.abspath(buildbot_master.__file__)), "master.cfg")
# note: this line is matched against to check that this is a buildmaster directory; do not edit it.
application = service.Application('buildmaster')
BuildMaster(basedir, configfile, None).setServiceParent(application)
'''


@dataclass(frozen=True, slots=True)
class MasterOptions:
    """What `up` decides about the master."""

    #: Builds at a time on this machine.
    slots: int
    #: Where checks on this machine find packages, instead of Koji; None: the runner decides.
    koji_store: str | None = None
    #: Further folders of checks; absolute.
    checks: tuple[Path, ...] = ()
    #: Says RUNNING to reporting.
    progress: bool = False
    #: Of the directives of this installation.
    directive_versions: Mapping[str, int] = field(default_factory=dict)


def prepare_master(state: State, ports: Ports, options: MasterOptions) -> None:
    """Write the master's folder and make or upgrade its database. Raises StateError: that does not work."""
    for name in ("worker.password", "admin.password", "door.token"):
        state.secret(name)
    write_whole(state.master / "settings.json", json.dumps(_settings(state, ports, options), indent=2) + "\n")
    write_whole(state.master / "buildbot.tac", MASTER_TAC)
    upgrade_database(state.master, _settings(state, ports, options)["database_url"])


def upgrade_database(folder: Path, database_url: str) -> bool:
    """
    Make or upgrade the database of the master in `folder`; False where that was done before.

    Raises StateError: the database cannot be asked, is empty though it was made before, or Buildbot could not.
    """
    stamp = folder / ".database-version"
    # a digest: the address may hold a password
    wanted = f"{version('buildbot')} {hashlib.sha256(database_url.encode()).hexdigest()}"
    is_there, said = has_tables(folder, database_url), stamp.read_text(encoding="utf-8") if stamp.exists() else ""
    if said == wanted and is_there:
        return False
    if said == wanted:
        raise StateError(f"{folder}: the master's database was made before, and has nothing in it now; restore it from "
                         f"its backup, or remove {stamp} to begin with an empty one: what waited is lost then")
    _run_buildbot("upgrade-master", "--quiet", folder)
    write_whole(stamp, wanted)
    return True


def runner_command(worker: Path) -> list[str]:
    """Return how the worker in that folder starts the runner: it ends when the worker is killed."""
    return [*death_with_parent(), str(worker / "bin" / "checkotron")]


def own_command() -> list[str]:
    """Return our command line's argv on this machine, whatever PATH says."""
    return [sys.executable, "-P", "-m", "checkotron"]


def _settings(state: State, ports: Ports, options: MasterOptions) -> dict[str, Any]:
    environment = {"CHECKOTRON_KOJI_STORE": options.koji_store} if options.koji_store else {}
    ours: dict[str, Any] = {
        "database_url": "sqlite:///state.sqlite",
        "web_port": ports.web, "worker_port": ports.worker, "door_port": ports.door,
        "artifacts_port": ports.artifacts,
        "door_token_file": str(state.door_token), "artifacts_folder": str(state.artifacts),
        "queue_folder": str(state.queue), "mirrors_folder": str(state.folder / "mirrors"),
        "workers": [{"name": "local", "slots": options.slots,
                     "password_file": str(state.secrets / "worker.password")}],
        "runner_command": runner_command(state.worker), "runner_environment": environment,
        "directive_versions": dict(options.directive_versions),
        "progress": options.progress,
        "check_folders": [str(folder) for folder in options.checks],
        "users": {"admin": str(state.secrets / "admin.password")}, "admins": ["admin"],
    }
    path = state.folder / OWN_SETTINGS
    if not path.exists():
        return ours
    try:
        own = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StateError(f"{path}: cannot be read: {error}; expected a JSON object as in the documentation of the "
                         "master's settings") from None
    if not isinstance(own, dict):
        raise StateError(f"{path}: expected a JSON object, got {type(own).__name__}")
    return ours | own


def _run_buildbot(command: str, option: str, folder: Path) -> None:
    code = "from buildbot.scripts.runner import run; run()"
    done = subprocess.run([sys.executable, "-P", "-c", code, command, option, str(folder)], capture_output=True,
                          text=True, check=False, stdin=subprocess.DEVNULL, timeout=300)
    # Buildbot's scripts print tracebacks and exit 0 in some cases: believe the output, too
    if done.returncode != 0 or "Traceback" in done.stdout + done.stderr:
        raise StateError(f"{folder}: `buildbot {command}` failed:\n{(done.stdout + done.stderr).strip()[-3000:]}")


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a file by rename; a reader sees the old or the new one."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as out:
        out.write(text)
    part.replace(path)
