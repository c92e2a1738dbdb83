"""
An operator's worker: a folder made once, then hers.

A second call measures again what the machine offers, and makes what is missing.
"""
from __future__ import annotations

import json
import platform
import stat
from dataclasses import dataclass
from pathlib import Path

from buildbot_master.stack.master_folder import write_whole
from buildbot_master.stack.state import StateError, refuse_other_user
from buildbot_master.stack.worker_folder import CAPABILITIES, slot_names, what_this_machine_offers, worker_tac

#: Seconds between two tries to reach a master that is away, at most.
_LONGEST_PAUSE = 30


@dataclass(frozen=True, slots=True)
class WorkerWishes:
    """What `checkotron worker-init` was asked for."""

    #: HOST:PORT, where workers connect.
    master: str
    name: str
    #: Read at each start of the worker.
    password_file: Path
    slots: int = 1
    #: Words for the master's rules; none: those of the folder stay.
    tags: tuple[str, ...] = ()


def init_worker(folder: Path, wishes: WorkerWishes) -> list[str]:
    """Make what is missing in a worker's folder; return a line for each thing. Raises StateError."""
    refuse_other_user(folder)
    password = wishes.password_file.absolute()
    _check_password(password)
    names = slot_names(wishes.name, wishes.slots)
    tac = worker_tac(wishes.master, names, password, _LONGEST_PAUSE)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "buildbot.tac"
        if not path.exists():
            write_whole(path, tac)
            lines = ["buildbot.tac       written"]
        elif path.read_text(encoding="utf-8") == tac:
            lines = ["buildbot.tac       kept"]
        else:
            raise StateError(f"{path}: is there and says something else than the options; edit it, or remove it and "
                             "run this again")
        offered = json.loads(what_this_machine_offers())
        for name in names:
            _write_info(folder / name / "info", offered, wishes.tags)
    except OSError as error:
        raise StateError(f"{error.filename or folder}: {error.strerror}; run this as the user that the worker will "
                         "have, in a folder that it may write") from None
    return [*lines, f"info/              what this machine offers, for {', '.join(names)}"]


def _write_info(info: Path, offered: dict[str, object], tags: tuple[str, ...]) -> None:
    info.mkdir(parents=True, exist_ok=True)
    path = info / CAPABILITIES
    kept = list(tags) or _tags_of(path)
    write_whole(path, json.dumps(offered | ({"tags": kept} if kept else {}), indent=2) + "\n")
    for name, text in (("admin", "the operator"), ("host", platform.node())):
        if not (info / name).exists():
            (info / name).write_text(text + "\n", encoding="utf-8")


def _tags_of(path: Path) -> list[str]:
    """Return the tags that an earlier call wrote; none where the file is not there or not ours."""
    try:
        tags = json.loads(path.read_text(encoding="utf-8")).get("tags", [])
    except (OSError, ValueError, AttributeError):
        return []
    return tags if isinstance(tags, list) else []


def _check_password(path: Path) -> None:
    """Raises StateError: not there, empty, or others may read it."""
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise StateError(f"{path}: the password cannot be read ({getattr(error, 'strerror', None) or error}); copy it "
                         "from the master's host, where `checkotron master add-worker` says its place") from None
    if not text:
        raise StateError(f"{path}: is empty; expected the password of the worker in one line")
    if stat.S_IMODE(mode) & 0o077:
        raise StateError(f"{path}: others may read it (mode {stat.S_IMODE(mode):04o}); run `chmod 0600 {path}`")
