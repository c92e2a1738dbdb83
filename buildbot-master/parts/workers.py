"""The workers that may connect, and those that the master starts itself: Buildbot's own classes, configured."""
from __future__ import annotations

import inspect
import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from buildbot import worker as buildbot_worker
from buildbot.plugins import util
from buildbot.plugins import worker as worker_plugins
from twisted.internet import defer

from buildbot_master.parts.settings import Settings, SettingsError, WorkerSettings

#: Seconds. A worker whose machine is gone without a word is noticed after about two of these.
_KEEPALIVE_SECONDS = 60
#: Buildbot keeps a worker from work after a build with an exception: 10 s, doubled up to an hour. A stranger's check
#: must not be able to take a worker away for an hour.
_QUARANTINE_SECONDS = (1, 30)


class SteadyWorker(buildbot_worker.Worker):  # type: ignore[misc]
    """
    A worker that may go away at any moment of its arrival.

    Buildbot 4.3 asks to be told of a lost connection only after a worker has attached. One that is lost before stays
    "connected" for ever: its next connection is refused inwardly, it gets no build, and the master cannot stop.
    """

    @defer.inlineCallbacks
    def attached(self, conn: Any) -> Any:
        """Attach; where the connection is gone by then, detach at once."""
        yield super().attached(conn)
        if self.conn is conn and conn.mind is not None and conn.mind.broker.disconnected:
            conn.detached(conn.mind)


def slot_names(worker: WorkerSettings) -> list[str]:
    """
    Return the names under which the worker connects.

    Buildbot runs one build at a time for each pair of builder and worker name, so a worker with four slots is four
    names (one process may carry them all), and all builds wait in one queue, highest priority first.
    """
    if worker.slots <= 1:
        return [worker.name]
    return [f"{worker.name}-{number}" for number in range(1, worker.slots + 1)]


def workers(settings: Settings) -> list[Any]:
    """Return `c['workers']`. Raises SettingsError: a kind is not known, or a password file cannot be read."""
    found = [_worker(one, name, settings) for one in settings.workers for name in slot_names(one)]
    for worker in found:
        worker.quarantine_timeout = worker.quarantine_initial_timeout = _QUARANTINE_SECONDS[0]
        worker.quarantine_max_timeout = _QUARANTINE_SECONDS[1]
    return found


def offered(settings: Settings) -> dict[str, Mapping[str, Any]]:
    """
    Return what the settings say that workers offer, by the names under which they connect.

    A job is given to a latent worker before there is one that could be asked, so for these it must be said here.
    Raises SettingsError: a latent worker without it, or a file that cannot be used.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for one in settings.workers:
        capabilities = {**_capabilities_of_file(settings, one), **one.capabilities}
        if not capabilities and one.kind not in ("plain", "local"):
            raise SettingsError(f"workers: `{one.name}`: nobody can ask a latent worker what it offers before it is "
                                "started; write what `checkotron worker analyse --json` prints in its image into a "
                                "file, and name that as `capabilities_file`")
        found.update((name, capabilities) for name in slot_names(one) if capabilities)
    return found


def protocols(settings: Settings) -> dict[str, Any]:
    """Return `c['protocols']`: where plain workers connect."""
    if all(one.kind == "local" for one in settings.workers):
        return {"null": {}}
    return {"pb": {"port": f"tcp:{settings.worker_port}:interface={settings.interface}"}}


def _worker(one: WorkerSettings, name: str, settings: Settings) -> Any:
    given = {key: _made(value, one.name) for key, value in one.arguments.items()}
    arguments = {"max_builds": 1, "properties": {"worker_slot": name}, **given}
    if one.kind == "local":
        return worker_plugins.LocalWorker(name, **arguments)
    password = _password(settings.path(one.password_file)) if one.password_file else secrets.token_urlsafe(32)
    if one.kind == "plain":
        return SteadyWorker(name, password, keepalive_interval=_KEEPALIVE_SECONDS, **arguments)
    try:
        kind = getattr(worker_plugins, one.kind)
    except AttributeError:
        known = ", ".join(sorted(worker_plugins.names))
        raise SettingsError(f"workers: `{one.name}` has kind `{one.kind}`; known: plain, local, {known}") from None
    # some make a password of their own (Kubernetes), the others take it second
    asked = {**inspect.signature(kind.__init__).parameters, **inspect.signature(kind.checkConfig).parameters}
    return kind(name, *([password] if "password" in asked else []), **arguments)


def _capabilities_of_file(settings: Settings, one: WorkerSettings) -> Mapping[str, Any]:
    if not one.capabilities_file:
        return {}
    path = settings.path(one.capabilities_file)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path}: what worker `{one.name}` offers cannot be read: {error}; expected what "
                            "`checkotron worker analyse --json` prints in its image") from None
    if not isinstance(data, dict):
        raise SettingsError(f"{path}: expected an object, as `checkotron worker analyse --json` prints it")
    return data


def _made(value: Any, worker: str) -> Any:
    """Return an argument; `{"class": "KubeHardcodedConfig", ...}` is made into that class of buildbot.plugins.util."""
    if not isinstance(value, dict) or "class" not in value:
        return value
    rest = {key: argument for key, argument in value.items() if key != "class"}
    try:
        return getattr(util, str(value["class"]))(**rest)
    except (AttributeError, TypeError) as error:
        raise SettingsError(f"workers: `{worker}`: `{value['class']}` cannot be made: {error}") from None


def _password(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{path}: the password of a worker cannot be read: {error.strerror}") from None
