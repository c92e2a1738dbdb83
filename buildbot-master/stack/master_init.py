"""
An operator's master: a folder made once, then hers.

Unlike `up`, which writes its folder anew at each start, nothing that is there
is changed: a second call makes what is missing, brings the database up to
date, and writes `addresses.json` again from the settings.
"""
from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from buildbot_master.parts.secret_file import kept_secret
from buildbot_master.parts.settings import FILE_NAME, Settings, SettingsError, load_settings
from buildbot_master.stack.master_folder import MASTER_TAC, upgrade_database, write_whole
from buildbot_master.stack.state import StateError, refuse_other_user
from buildbot_master.stack.worker_folder import slot_names
from checks.addresses import Addresses, AddressesError, read_addresses, write_addresses

#: An interface that means all of them.
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared, not bound)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class MasterWishes:
    """What `checkotron master init` was asked for; None: not said."""

    database: str | None = None
    interface: str | None = None
    door_interface: str | None = None
    #: What people and workers call this host.
    host: str | None = None
    #: The results database's URL, for the commands that ask it.
    results: str | None = None


@dataclass(frozen=True, slots=True)
class NewWorker:
    """A worker that shall be able to connect."""

    name: str
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Made:
    """What was done, a line each for people, and the settings that hold now."""

    lines: tuple[str, ...]
    settings: Settings


def init_master(folder: Path, wishes: MasterWishes, first: NewWorker) -> Made:
    """Make what is missing in a master's folder. Raises StateError: it cannot be, and why."""
    refuse_other_user(folder)
    lines: list[str] = []
    secrets = folder / "secrets"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        secrets.mkdir(mode=0o700, exist_ok=True)
        (secrets / "workers").mkdir(mode=0o700, exist_ok=True)
        for name in ("door.token", "admin.password"):
            kept_secret(secrets / name)
        lines.append(_keep(folder / FILE_NAME, lambda: _text(_first_settings(folder, wishes, first)), 0o600))
        lines.append(_keep(folder / "buildbot.tac", lambda: MASTER_TAC, 0o644))
    except OSError as error:
        raise StateError(f"{error.filename or folder}: {error.strerror}; run this as the user that the master will "
                         "have, in a folder that it may write") from None
    settings = _settings_of(folder)
    _refuse_other_wishes(folder, settings, wishes)
    # the deliverer may start before the first run has ended
    for name in (settings.queue_folder, settings.artifacts_folder):
        settings.path(name).mkdir(parents=True, exist_ok=True)
    upgraded = upgrade_database(folder, settings.database_url)
    # Buildbot writes a sample that is not our configuration
    (folder / "master.cfg.sample").unlink(missing_ok=True)
    lines.append("database           " + ("made or upgraded" if upgraded else "up to date"))
    write_addresses(folder, _addresses(folder, settings, wishes.results))
    lines.append("addresses.json     written from the settings")
    return Made(tuple(lines), settings)


def add_worker(folder: Path, worker: NewWorker) -> Made:
    """Let one more worker connect; everything else in the settings stays. Raises StateError."""
    refuse_other_user(folder)
    settings = _settings_of(folder)
    known = next((one for one in settings.workers if one.name == worker.name), None)
    if known is not None:
        if known.slots != worker.slots:
            raise StateError(f"{folder / FILE_NAME}: worker `{worker.name}` has {known.slots} slots there; change it "
                             "there, then reload the master")
        return Made((f"settings.json      worker `{worker.name}` is there already",), settings)
    path = folder / FILE_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        data["workers"] = [*data.get("workers", []), _worker(folder, worker)]
        write_whole(path, _text(data), 0o600)
    except OSError as error:
        raise StateError(f"{error.filename or folder}: {error.strerror}; is it the folder of a master?") from None
    return Made((f"settings.json      worker `{worker.name}` added",), _settings_of(folder))


def password_file(settings: Settings, name: str) -> Path:
    """Return where the password of a worker lies; of a worker that the settings name."""
    return settings.path(next(one.password_file for one in settings.workers if one.name == name))


def public_host(settings: Settings) -> str:
    """Return what a worker on another host connects to."""
    if settings.interface in _EVERYWHERE:
        return urlsplit(settings.web_url or "").hostname or socket.getfqdn()
    return settings.interface


def _first_settings(folder: Path, wishes: MasterWishes, first: NewWorker) -> dict[str, Any]:
    """Return the keys that an operator will change, with their defaults; all others are in parts/settings.py."""
    ours = Settings()
    interface = wishes.interface or ours.interface
    host = wishes.host or (None if interface in _LOOPBACK else socket.getfqdn())
    return {
        "title": ours.title,
        "database_url": wishes.database or ours.database_url,
        "interface": interface, "door_interface": wishes.door_interface or ours.door_interface,
        "web_port": ours.web_port, "worker_port": ours.worker_port,
        "door_port": ours.door_port, "artifacts_port": ours.artifacts_port,
        "web_url": _url(host, ours.web_port),
        "artifacts_url": _url(host, ours.artifacts_port),
        "door_token_file": "secrets/door.token",
        "users": {"admin": "secrets/admin.password"}, "admins": ["admin"],
        "workers": [_worker(folder, first)],
        "runner_command": list(ours.runner_command), "runner_environment": {},
        "check_folders": [], "repositories": {},
        "keep_days": 90, "pending_limit": ours.pending_limit, "attempts": ours.attempts,
    }


def _url(host: str | None, port: int) -> str | None:
    return f"http://{host}:{port}" if host else None


def _worker(folder: Path, worker: NewWorker) -> dict[str, Any]:
    name = f"secrets/workers/{worker.name}.password"
    kept_secret(folder / name)
    return {"name": worker.name, "slots": worker.slots, "password_file": name}


def _settings_of(folder: Path) -> Settings:
    if not (folder / FILE_NAME).exists():
        raise StateError(f"{folder}: has no {FILE_NAME}; make it with `checkotron master init {folder}`")
    try:
        return load_settings(folder)
    except SettingsError as error:
        raise StateError(str(error)) from None


def _refuse_other_wishes(folder: Path, settings: Settings, wishes: MasterWishes) -> None:
    """The file is the operator's: what it says is not changed by an option, and the option is not passed over."""
    other = [f"`{key}` says something else than --{option}"
             for key, option, is_there, asked in (
                 ("database_url", "database", settings.database_url, wishes.database),
                 ("interface", "interface", settings.interface, wishes.interface),
                 ("door_interface", "door-interface", settings.door_interface, wishes.door_interface),
                 ("web_url", "host", settings.web_url, _url(wishes.host, settings.web_port)))
             if asked is not None and asked != is_there]
    if other:
        raise StateError("\n".join(f"{folder / FILE_NAME}: {fault}; change it there, then run this again without the "
                                   "option" for fault in other))


def _addresses(folder: Path, settings: Settings, results: str | None) -> Addresses:
    try:
        before = read_addresses(folder).results_url
    except AddressesError:
        before = None
    reached = "127.0.0.1" if settings.door_interface in _EVERYWHERE else settings.door_interface
    return Addresses(
        results_url=(results or before or "http://127.0.0.1:5001").rstrip("/"), buildbot_url=settings.buildbot_url,
        artifacts_url=settings.public_artifacts_url, door_url=f"http://{reached}:{settings.door_port}",
        door_token_file=str(settings.path(settings.door_token_file)))


def _keep(path: Path, text: Any, mode: int) -> str:
    """Write a file that is missing; return the line for people."""
    if not path.exists():
        write_whole(path, text(), mode)
        return f"{path.name:<18} written"
    if path.suffix == ".tac" and path.read_text(encoding="utf-8") != text():
        return f"{path.name:<18} kept; it is not as this version writes it: remove it to get that one"
    return f"{path.name:<18} kept"


def _text(settings: dict[str, Any]) -> str:
    return json.dumps(settings, indent=2, ensure_ascii=False) + "\n"


def names_shown(worker: NewWorker) -> str:
    """Return the names under which a worker connects, for people."""
    return ", ".join(slot_names(worker.name, worker.slots))
