"""
What an operator may set of the master: one frozen record, read from `settings.json` in the master's folder.

Without the file the defaults stand, so `buildbot checkconfig` works in a plain
checkout. Every fault of the file is named at once. Paths in it are relative to
the master's folder.
"""
from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

#: In the master's folder.
FILE_NAME = "settings.json"


class SettingsError(Exception):
    """Raised when the settings cannot be used; the text has every fault and what was expected."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """One worker that may connect. Each name runs `slots` builds at a time, one for each builder."""

    name: str
    #: Holds the password; mode 0600.
    password_file: str = ""
    #: `plain` waits for a connection, `local` runs inside the master, any other word is a class of
    #: buildbot.plugins.worker (`DockerLatentWorker`, `KubeLatentWorker`, `LibVirtWorker`, ...).
    kind: str = "plain"
    slots: int = 1
    #: What the worker offers where it cannot say so itself, because it is not there yet (latent workers): as in
    #: `info/capabilities.json`; what stands here is added to the file.
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    #: Holds the same: what `checkotron worker analyse --json` prints in the image.
    capabilities_file: str = ""
    #: Further arguments of the worker's class.
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuilderSettings:
    """One queue: a builder, and the item types that wait in it."""

    name: str
    #: Empty: every item type that no other builder names.
    item_types: tuple[str, ...] = ()
    #: Names of workers; empty: all.
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Settings:
    """All of them. Ports are on `interface`; 0 stands for "not served"."""

    #: The master's folder; absolute.
    folder: Path = Path()
    title: str = "Checkotron"
    #: SQLAlchemy's; `postgresql+psycopg://...` for more than one master.
    database_url: str = "sqlite:///state.sqlite"
    #: Where people and workers reach the master: pages, workers, artifacts.
    interface: str = "127.0.0.1"
    #: Where the trigger reaches it: the door.
    door_interface: str = "127.0.0.1"
    web_port: int = 8010
    #: What people type; None makes it from interface and port.
    web_url: str | None = None
    worker_port: int = 9989
    door_port: int = 8011
    #: Holds the door's bearer token; mode 0600.
    door_token_file: str = "door.token"  # noqa: S105 (a file name)
    artifacts_port: int = 8012
    #: What people type; None makes it from interface and port.
    artifacts_url: str | None = None
    artifacts_folder: str = "artifacts"
    #: Runs that wait for reporting: `checkotron results deliver --queue`.
    queue_folder: str = "queue"
    #: Mirrors of check repositories.
    mirrors_folder: str = "mirrors"
    #: Where a check that is not in the library lies: name of the check -> URL of its Git repository.
    repositories: Mapping[str, str] = field(default_factory=dict)
    #: What the URL of a check's repository must begin with, be it of the settings or of a job.
    repository_prefixes: tuple[str, ...] = ("https://",)
    #: Further folders of checks, beside the library; at the same path on master and workers.
    check_folders: tuple[str, ...] = ()
    workers: tuple[WorkerSettings, ...] = (WorkerSettings("worker"),)
    builders: tuple[BuilderSettings, ...] = (BuilderSettings("checks"),)
    #: Versions of the directives that this installation has; a worker with others gets no job. Empty: not asked.
    directive_versions: Mapping[str, int] = field(default_factory=dict)
    #: How a worker starts the runner.
    runner_command: tuple[str, ...] = ("checkotron",)
    #: Environment of the runner on every worker; no secrets, it is shown.
    runner_environment: Mapping[str, str] = field(default_factory=dict)
    #: Seconds without a line of output, and in all, before a run is ended. The runner's own limits are shorter.
    silence_timeout_seconds: int = 3600
    run_timeout_seconds: int = 6 * 3600
    #: Seconds between TERM and KILL.
    grace_seconds: int = 20
    #: Attempts where the surroundings failed or the worker was lost, the first one included.
    attempts: int = 5
    #: Seconds before the second attempt; doubled each time, at most an hour. A lost worker is not waited for.
    retry_delay_seconds: float = 20.0
    #: Seconds that a job waits before it is refused because no worker of its queue can ever run it; 0: for ever.
    refuse_after_seconds: float = 600.0
    #: The same where some of the workers are not connected, and might.
    refuse_absent_after_seconds: float = 3 * 24 * 3600.0
    #: Jobs that wait; above, the door answers 429 and the bus keeps the rest.
    pending_limit: int = 300
    #: Bytes a run may leave in all, and files.
    artifacts_limit_bytes: int = 512 * 1024 * 1024
    artifacts_limit_files: int = 5000
    #: Days after which artifacts, logs and finished builds go; 0 keeps them.
    keep_days: float = 0
    #: Seconds between two cleanings.
    cleaning_interval_seconds: float = 3600.0
    #: Checks for which only the newest waiting job of an item and arch is run.
    collapse_checks: tuple[str, ...] = ()
    #: Says RUNNING to reporting when a run starts.
    progress: bool = False
    #: Users of the pages: name -> file with the password. None of them: nobody may press a button.
    users: Mapping[str, str] = field(default_factory=dict)
    #: Names of users that may force, stop and cancel.
    admins: tuple[str, ...] = ()
    #: Folder with a file a secret (buildbot.plugins.secrets.SecretInAFile); empty: none.
    secrets_folder: str = ""
    multi_master: bool = False
    #: The router of several masters, `ws://127.0.0.1:8080/ws`.
    wamp_url: str = ""
    #: Seconds of silence after which the others take over the builds of a master; ten signs of life fit in.
    master_lost_seconds: float = 600.0

    def __repr__(self) -> str:
        """Short: Buildbot writes the arguments of each step into its log, several times a build."""
        return f"Settings({str(self.folder)!r})"

    def path(self, name: str) -> Path:
        """Return an absolute path of a file or folder of the settings."""
        return (self.folder / name).absolute()

    @property
    def buildbot_url(self) -> str:
        """The pages' address, without a slash at the end."""
        return (self.web_url or f"http://{self.interface}:{self.web_port}").rstrip("/")

    @property
    def public_artifacts_url(self) -> str:
        """The artifacts' address, without a slash at the end."""
        return (self.artifacts_url or f"http://{self.interface}:{self.artifacts_port}").rstrip("/")

    def log_url(self, build_id: str) -> str:
        """Return where people read what a run left."""
        return f"{self.public_artifacts_url}/{build_id}/"


def load_settings(folder: str | Path) -> Settings:
    """Return the settings of the master in `folder`. Raises SettingsError: the file has faults."""
    folder = Path(folder).absolute()
    path = folder / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(folder=folder)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON: {error}") from None
    faults: list[str] = []
    record = _record(Settings, data, "", faults)
    if faults:
        raise SettingsError("\n".join(f"{path}: {fault}" for fault in faults))
    values: dict[str, Any] = {**record, "folder": folder}
    return Settings(**values)


#: Fields that are tuples of records.
_RECORDS: dict[str, type] = {"workers": WorkerSettings, "builders": BuilderSettings}


def _record(kind: type, data: object, where: str, faults: list[str]) -> dict[str, Any]:
    """Return the constructor's arguments for one record; faults are appended."""
    if not isinstance(data, Mapping):
        faults.append(f"{where or 'the file'}: expected an object, got {type(data).__name__}")
        return {}
    known = {one.name: one for one in fields(kind) if one.name != "folder"}
    values: dict[str, Any] = {}
    for key, value in data.items():
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f"; did you mean `{close[0]}`?" if close else f"; known: {', '.join(known)}"
            faults.append(f"{where}unknown key `{key}`{hint}")
            continue
        if key in _RECORDS and isinstance(value, list):
            values[key] = _records(_RECORDS[key], value, f"{where}{key}", faults)
        else:
            values[key] = _value(str(known[key].type), value, f"{where}{key}", faults)
    if kind is not Settings and not data.get("name"):
        faults.append(f"{where}`name` is missing")
    return values


def _records(kind: type, rows: list[object], where: str, faults: list[str]) -> tuple[Any, ...]:
    """Return the records of a list; a faulty one is left out, its faults are appended."""
    found = []
    for number, row in enumerate(rows):
        before = len(faults)
        values = _record(kind, row, f"{where}[{number}].", faults)
        if len(faults) == before:
            found.append(kind(**values))
    return tuple(found)


def _value(kind: str, value: object, where: str, faults: list[str]) -> object:
    """Return the value as its field wants it; a wrong one is a fault."""
    if kind.startswith("tuple") and isinstance(value, list) and all(isinstance(one, str) for one in value):
        return tuple(value)
    if kind.startswith("Mapping") and isinstance(value, dict):
        return value
    simple: dict[str, tuple[type, ...]] = {"str": (str,), "str | None": (str, type(None)), "int": (int,),
                                           "float": (int, float), "bool": (bool,)}
    expected = simple.get(kind)
    if expected and isinstance(value, expected) and not (isinstance(value, bool) and bool not in expected):
        return value
    faults.append(f"`{where}` is {json.dumps(value)[:60]}; expected {kind}")
    return value
