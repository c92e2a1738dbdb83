"""The worker's folder: one process that carries a worker name a slot, and what this machine offers."""
from __future__ import annotations

import importlib.util
import json
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from buildbot_master.stack.master_folder import own_command, write_whole
from buildbot_master.stack.port import HOST, Ports
from buildbot_master.stack.state import State

#: Read by the master when the worker connects.
CAPABILITIES = "capabilities.json"

_TAC = '''\
# Written by checkotron; started with twistd. One process, one worker name a slot.
import os

from buildbot_master.stack.warm_runner import WarmRunner
from buildbot_worker.bot import Worker
from checks.steady_timers import keep_timers_steady
from twisted.application import service
from twisted.internet import reactor

basedir = os.path.abspath(os.path.dirname(__file__))
with open({password_file!r}, encoding="ascii") as file:
    password = file.read().strip()
# note: this line is matched against to check that this is a worker directory; do not edit it.
application = service.Application('buildbot-worker')
keep_timers_steady(reactor)
WarmRunner(basedir).setServiceParent(application)
for name in {names!r}:
    worker = Worker({host!r}, {port!r}, name, password, os.path.join(basedir, name), 60, umask=0o022,
                    maxdelay={longest_pause})
    worker.setServiceParent(application)
'''


def prepare_worker(state: State, ports: Ports, slots: int, capabilities: str) -> None:
    """Write the worker's folder; leftovers of runs that were killed go. `capabilities`: JSON of what it offers."""
    names = slot_names("local", slots)
    text = worker_tac(f"{HOST}:{ports.worker}", names, state.secrets / "worker.password", longest_pause=5)
    (state.worker / "buildbot.tac").write_text(text, encoding="utf-8")
    write_command(state.worker)
    for name in names:
        folder = state.worker / name
        shutil.rmtree(folder, ignore_errors=True)
        info = folder / "info"
        info.mkdir(parents=True)
        (info / "admin").write_text("checkotron up\n", encoding="ascii")
        (info / "host").write_text("this machine\n", encoding="ascii")
        (info / CAPABILITIES).write_text(capabilities, encoding="utf-8")


def slot_names(name: str, slots: int) -> list[str]:
    """Return the names under which a worker connects, one a slot; as the master's parts/workers.py expects them."""
    return [f"{name}-{number}" for number in range(1, slots + 1)] if slots > 1 else [name]


def worker_tac(master: str, names: list[str], password_file: Path, longest_pause: int) -> str:
    """Return the text of `buildbot.tac`. `master`: HOST:PORT; `longest_pause`: seconds between two tries to connect."""
    host, _, port = master.rpartition(":")
    return _TAC.format(password_file=str(password_file), names=names, host=host.strip("[]"), port=int(port),
                       longest_pause=longest_pause)


def write_command(worker: Path) -> Path:
    """Write `<worker>/bin/checkotron`, the runner as Buildbot starts it; return its path."""
    found = importlib.util.find_spec("runner")
    places = found.submodule_search_locations if found else None
    if not places:
        raise ModuleNotFoundError("the runner is not installed")
    words = (sys.executable, "-I", "-S", str(Path(places[0], "warm_client.py")))
    path = worker / "bin" / "checkotron"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', 0o755)
    return path


def what_this_machine_offers() -> str:
    """Return what `checkotron worker analyse` prints; the machine's arch alone where that fails."""
    try:
        done = subprocess.run([*own_command(), "worker", "analyse", "--json"], capture_output=True, text=True,
                              check=True, stdin=subprocess.DEVNULL, timeout=60)
        json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return json.dumps({"system:arches": ["noarch", platform.machine()]}) + "\n"
    return done.stdout


def directive_versions(capabilities: str) -> dict[str, int]:
    """Return the versions of the directives that a machine says it has."""
    found = {key.split(":")[1]: value for key, value in json.loads(capabilities).items()
             if key.startswith("directive:") and key.endswith(":version")}
    return {name: value for name, value in found.items() if isinstance(value, int)}


def names_of(folder: Path) -> list[str]:
    """Return the worker names of a worker's folder."""
    return sorted(one.parent.name for one in folder.glob("*/info"))
